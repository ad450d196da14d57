"""Where stamped samples stand in the sample counter: holes stay holes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOLE_S = 1.0
"""A step between two stamps that is a hole and not the jitter of a sender that pushes in chunks."""


@dataclass(frozen=True, slots=True)
class Run:
    """Columns ``start`` to ``end`` of a chunk are consecutive samples from ``first_sample`` on."""

    first_sample: int
    start: int
    end: int


class StampedCounter:
    """Counts the samples of one device by its own time stamps.

    A step of more than ``HOLE_S`` moves the counter on by what is missing. Shorter ones do not: a
    sender's stamps jitter, and the counter is the truth. Where the stamps run backwards or leap (the
    device was restarted), the time between the arrivals takes their place.
    """

    def __init__(self, fs_hz: float) -> None:
        self.next_sample = 0
        self._fs_hz = fs_hz
        self._last: tuple[float, float] | None = None

    def place(self, stamps: Sequence[float], arrived_s: float) -> list[Run]:
        """The runs of a chunk.

        Args:
            stamps: one a sample, seconds of the device's clock.
            arrived_s: when the chunk came, monotonic seconds of this machine.
        """
        runs: list[Run] = []
        start = 0
        for i, stamp in enumerate(stamps):
            missing = self._missing(stamp, arrived_s)
            if missing:
                if i > start:
                    runs.append(Run(self.next_sample - (i - start), start, i))
                self.next_sample += missing
                start = i
            self.next_sample += 1
            self._last = (stamp, arrived_s)
        if len(stamps) > start:
            runs.append(Run(self.next_sample - (len(stamps) - start), start, len(stamps)))
        return runs

    def _missing(self, stamp: float, arrived_s: float) -> int:
        if self._last is None:
            return 0
        step_s, waited_s = stamp - self._last[0], arrived_s - self._last[1]
        if step_s < -HOLE_S or step_s > waited_s + 60.0:
            step_s = waited_s
        return max(0, round(step_s * self._fs_hz) - 1) if step_s > HOLE_S else 0
