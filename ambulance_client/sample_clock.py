"""How fast a device really samples, measured with the tablet's own clock. Pure: time is an argument.

Samples can come late but never early. So in each ten seconds the earliest arrival is the least disturbed. A straight line
through these arrivals gives the device's rate (the idea of NTP's minimum filter, RFC 5905 §10). The sample counter stays
the truth: the rate is shown, and nothing is corrected by it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

BLOCK_S = 10.0
KEPT_BLOCKS = 60
LEAST_BLOCKS = 6
WRONG_RATE_PPM = 2_000.0
"""Above this no crystal is to blame: the device runs at another rate than it says."""


@dataclass(frozen=True, slots=True)
class RateError:
    """How much faster than it says the device samples, parts per million, and the standard error."""

    ppm: float
    error_ppm: float

    @property
    def wrong(self) -> bool:
        """The stated rate is not the real one; intervals on paper would be false."""
        return abs(self.ppm) - 2 * self.error_ppm > WRONG_RATE_PPM


class SampleClock:
    """Watches one recording."""

    def __init__(self, fs_hz: float) -> None:
        self._fs_hz = fs_hz
        self._minima: deque[tuple[float, float]] = deque(maxlen=KEPT_BLOCKS)
        self._block_from_s: float | None = None
        self._least: tuple[float, float] = (0.0, 0.0)

    def saw(self, end_sample: int, arrived_s: float) -> None:
        """All samples before ``end_sample`` were here at ``arrived_s`` (monotonic seconds)."""
        late_s = arrived_s - end_sample / self._fs_hz
        if self._block_from_s is None or arrived_s - self._block_from_s >= BLOCK_S:
            if self._block_from_s is not None:
                self._minima.append(self._least)
            self._block_from_s = arrived_s
            self._least = (arrived_s, late_s)
        elif late_s < self._least[1]:
            self._least = (arrived_s, late_s)

    def rate_error(self) -> RateError | None:
        """The device's rate so far; None before a minute has passed."""
        if len(self._minima) < LEAST_BLOCKS:
            return None
        at_s, late_s = np.array(self._minima).T
        at_s, late_s = at_s - at_s.mean(), late_s - late_s.mean()
        spread = float((at_s**2).sum())
        slope = float((at_s * late_s).sum()) / spread
        residual = late_s - slope * at_s
        error = float(np.sqrt((residual**2).sum() / (len(at_s) - 2) / spread))
        return RateError(-slope * 1e6, error * 1e6)
