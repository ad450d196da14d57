"""The clock as everything else sees it. Promise three: one clock, handed in, never looked up."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now_us(self) -> int:
        """Microseconds since 1970 UTC."""

    def monotonic_s(self) -> float:
        """Seconds that never run backwards, for ages and deadlines."""


class SystemClock:
    """The machine's own clock (kept right by NTP or PTP, see ``docs/ops/running.md``)."""

    def now_us(self) -> int:
        """Microseconds since 1970 UTC."""
        return time.time_ns() // 1_000

    def monotonic_s(self) -> float:
        """Seconds since some moment, never backwards."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now_us: int = 1_750_000_000_000_000) -> None:
        self._now_us = now_us
        self._monotonic_s = 0.0

    def now_us(self) -> int:
        """The time it was set to."""
        return self._now_us

    def monotonic_s(self) -> float:
        """Seconds it was moved in all."""
        return self._monotonic_s

    def move(self, seconds: float) -> None:
        """Let this much time pass.

        Raises:
            ValueError: a negative stretch; time runs forward.
        """
        if seconds < 0:
            raise ValueError("time runs forward")
        self._now_us += round(seconds * 1e6)
        self._monotonic_s += seconds
