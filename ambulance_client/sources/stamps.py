"""Where stamped samples stand in the sample counter: holes stay holes. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

HOLE_S = 1.0
"""A step between two stamps that is a hole and not the jitter of a sender that pushes in chunks."""
SHORT_HOLE_S = 0.1
"""So far behind both clocks, and staying there, the counter has missed samples."""
SETTLE_S = 0.3
"""How long the counter must stay behind: a sender that was held up catches up within that."""
MEMORY_S = 30.0
"""The clocks are compared with their best of so long: at 2,000 ppm they part by 60 ms meanwhile."""


@dataclass(frozen=True, slots=True)
class Run:
    """Columns ``start`` to ``end`` of a chunk are consecutive samples from ``first_sample`` on."""

    first_sample: int
    start: int
    end: int


class StampedCounter:
    """Counts the samples of one device by its own time stamps.

    A step of more than ``HOLE_S`` moves the counter on by what is missing. Shorter ones do not: a
    sender's stamps jitter, and the counter is the truth (``HoleFinder`` asks more witnesses). Where the stamps run backwards or leap (the
    device was restarted), the time between the arrivals takes their place.
    """

    def __init__(self, fs_hz: float) -> None:
        self.next_sample = 0
        self._fs_hz = fs_hz
        self._last: tuple[float, float] | None = None

    @property
    def last_stamp(self) -> float | None:
        """Of the newest sample; None before the first."""
        return self._last[0] if self._last is not None else None

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


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Consecutive samples as they came: values of shape ``(n, …)``, a stamp each, and when they came."""

    values: npt.NDArray[Any]
    stamps: list[float]
    arrived_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Values and the place of the first of them."""

    first_sample: int
    values: npt.NDArray[Any]


class HoleFinder:
    """Places chunks, and finds holes too short for one step of the stamps to prove them.

    Where samples are missing, the counter falls behind the device's stamps *and* behind the clock they
    arrive by, and stays behind. A sender that was held up catches up; a network that was held up brings
    right stamps late; stamps that jitter do so alone. While it is not clear, up to ``SETTLE_S`` of samples
    wait.
    """

    def __init__(self, fs_hz: float) -> None:
        self._fs_hz = fs_hz
        self._counter = StampedCounter(fs_hz)
        self._lag: deque[tuple[float, float, float]] = deque()
        self._waiting: list[Chunk] = []
        self._last_stamp: float | None = None

    def take(self, chunk: Chunk) -> list[Placed]:
        """What is certain of this chunk and of those that waited, in order. The chunk is not empty."""
        before = [] if self._last_stamp is None else [self._last_stamp]
        steps = [b - a for a, b in pairwise([*before, *chunk.stamps])]
        self._last_stamp = chunk.stamps[-1]
        if any(
            abs(step) > HOLE_S for step in steps
        ):  # one step proves it, or the device began anew
            self._lag.clear()
            return [*self._release(), *self._place(chunk)]
        self._waiting.append(chunk)
        behind_s = self._behind_s()
        if behind_s > SHORT_HOLE_S:
            if chunk.arrived_s - self._waiting[0].arrived_s < SETTLE_S:
                return []
            return self._with_hole(round(behind_s * self._fs_hz))
        return self._release()

    def _behind_s(self) -> float:
        """How far the counter is behind both clocks, at the least while samples wait."""
        n = self._counter.next_sample
        least = float("inf")
        for chunk in self._waiting:
            n += len(chunk.stamps)
            by_stamp, by_arrival = self._deviations(chunk, n)
            base_stamp = min((lag[1] for lag in self._lag), default=by_stamp)
            base_arrival = min((lag[2] for lag in self._lag), default=by_arrival)
            least = min(least, by_stamp - base_stamp, by_arrival - base_arrival)
        return least

    def _deviations(self, chunk: Chunk, end_sample: int) -> tuple[float, float]:
        due_s = end_sample / self._fs_hz
        return chunk.stamps[-1] - due_s, chunk.arrived_s - due_s

    def _with_hole(self, missing: int) -> list[Placed]:
        """The samples that waited, with the hole at the largest step of their stamps."""
        values = np.concatenate([chunk.values for chunk in self._waiting])
        stamps = [stamp for chunk in self._waiting for stamp in chunk.stamps]
        arrived_s = self._waiting[-1].arrived_s
        self._waiting = []
        last = self._counter.last_stamp
        steps = [b - a for a, b in pairwise([stamps[0] if last is None else last, *stamps])]
        at = int(np.argmax(steps))
        placed = []
        if at:
            placed += self._place(Chunk(values[:at], stamps[:at], arrived_s))
        self._counter.next_sample += missing
        return [*placed, *self._place(Chunk(values[at:], stamps[at:], arrived_s))]

    def _release(self) -> list[Placed]:
        waited, self._waiting = self._waiting, []
        return [placed for chunk in waited for placed in self._place(chunk)]

    def _place(self, chunk: Chunk) -> list[Placed]:
        runs = self._counter.place(chunk.stamps, chunk.arrived_s)
        lag = self._deviations(chunk, self._counter.next_sample)
        self._lag.append((chunk.arrived_s, *lag))
        while self._lag[0][0] < chunk.arrived_s - MEMORY_S:
            self._lag.popleft()
        return [Placed(run.first_sample, chunk.values[run.start : run.end]) for run in runs]
