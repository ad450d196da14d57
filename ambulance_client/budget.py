"""How much video the tablet may send while ECG waits: ECG outranks video. No clock, no I/O.

A step down is immediate. A step up waits for a calm time, and it is one step only. So the picture does not flicker
when the radio is just good enough.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class VideoStep(StrEnum):
    """What video may do, from everything to nothing."""

    FULL = "full"
    REDUCED = "reduced"
    STILLS = "stills"
    PAUSED = "paused"


ORDER = tuple(VideoStep)
DOWN_ABOVE_S = {VideoStep.REDUCED: 2.0, VideoStep.STILLS: 5.0, VideoStep.PAUSED: 10.0}
"""A step is taken at once when more seconds of ECG than these are not on the relay's disk."""
CALM_S = 3.0
"""A step is left when the backlog was below half of its threshold for so long."""


def allowed(backlog_s: float) -> VideoStep:
    """The most that video may do at this backlog, without any memory."""
    found = VideoStep.FULL
    for step, above_s in DOWN_ABOVE_S.items():
        if backlog_s > above_s:
            found = step
    return found


@dataclass(frozen=True, slots=True)
class VideoBudget:
    """Where the video stands.

    Attributes:
        step: what it may do now.
        calm_since_s: since when the backlog has been low enough for the next better step, on the
            caller's monotonic clock; None while it is not.
    """

    step: VideoStep = VideoStep.FULL
    calm_since_s: float | None = None

    def after(self, backlog_s: float, now_s: float) -> VideoBudget:
        """The budget after a look at the backlog.

        Args:
            backlog_s: seconds of ECG not yet acknowledged by the relay, 0 or more.
            now_s: monotonic seconds; must not go back between calls.
        """
        must = allowed(backlog_s)
        if ORDER.index(must) > ORDER.index(self.step):
            return VideoBudget(must)
        if self.step is VideoStep.FULL or backlog_s >= DOWN_ABOVE_S[self.step] / 2:
            return replace(self, calm_since_s=None)
        if self.calm_since_s is None:
            return replace(self, calm_since_s=now_s)
        if now_s - self.calm_since_s < CALM_S:
            return self
        return VideoBudget(ORDER[ORDER.index(self.step) - 1])
