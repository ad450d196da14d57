"""How much of the pictures a viewer's line carries. Pure.

A viewer's browser sends REMB: while its line is free that number only follows what arrives, so it binds
only after it was seen to fall (the browser noticed a growing queue) or after heavy loss. From then on the
viewer gets no more than that, whole pictures first, and every while the limit is lifted to see whether
the line has recovered.
"""

from __future__ import annotations

FALL = 0.95
HEAVY_LOSS = 0.3
FIRST_TRIAL_S, LONGEST_TRIAL_S = 8.0, 60.0
RECOVERED = 1.3
BURST_S = 0.8
LEAST_BURST = 30_000
LEAST_KBPS = 50
KEYFRAME_PATIENCE_S = 2.0


class Budget:
    """A bucket of bytes that is bottomless until the viewer's line proves narrow."""

    def __init__(self) -> None:
        self.kbps: int | None = None
        self._bytes, self._filled_s = 0.0, 0.0
        self._last_remb_kbps = 0.0
        self._trial_s, self._limited_s = FIRST_TRIAL_S, 0.0
        self._heavy = 0

    def heard_remb(self, kbps: float, sending_kbps: int, now_s: float) -> None:
        """The viewer's browser said what its line carries."""
        fell = kbps < FALL * self._last_remb_kbps and kbps < 1.1 * sending_kbps
        self._last_remb_kbps = kbps
        if fell:
            self._limit(kbps, now_s)
        elif self.kbps is not None:
            self.kbps = max(LEAST_KBPS, round(kbps))

    def heard_loss(self, fraction: float, sending_kbps: int, now_s: float) -> None:
        """The viewer's line lost this share lately; three heavy reports in a row bind."""
        self._heavy = self._heavy + 1 if fraction > HEAVY_LOSS else 0
        if self._heavy >= 3 and sending_kbps > LEAST_KBPS:
            self._heavy = 0
            self._limit(0.7 * sending_kbps, now_s)

    def _limit(self, kbps: float, now_s: float) -> None:
        if self.kbps is None:
            again = now_s - self._limited_s < 2 * self._trial_s
            self._trial_s = min(2 * self._trial_s, LONGEST_TRIAL_S) if again else FIRST_TRIAL_S
            self._bytes, self._filled_s = 0.0, now_s
        self._limited_s = now_s
        self.kbps = max(LEAST_KBPS, round(kbps))

    def tick(self, needed_kbps: int, now_s: float) -> None:
        """Fill the bucket; lift the limit where the line carries the whole or a trial is due."""
        if self.kbps is None:
            return
        if self.kbps > RECOVERED * needed_kbps > 0 or now_s - self._limited_s > self._trial_s:
            self.kbps = None
            self._limited_s = now_s
            return
        most = max(LEAST_BURST, self.kbps * 125 * BURST_S)
        self._bytes = min(most, self._bytes + (now_s - self._filled_s) * self.kbps * 125)
        self._filled_s = now_s

    def spend(self, size: int) -> bool:
        """Take out what a packet weighs; False where the bucket is empty."""
        if self.kbps is None:
            return True
        self._bytes -= size
        return self._bytes > 0

    def may_begin(self) -> bool:
        """Whether enough is there to begin with a whole picture."""
        return self.kbps is None or self._bytes >= 0.5 * max(LEAST_BURST, self.kbps * 125 * BURST_S)
