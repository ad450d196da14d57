"""By how much the wall clock jumped ahead, so that what waits is not taken to be old because somebody set the clock."""

from __future__ import annotations

from collections import deque

from relay.model.clock import Clock

JUMP_US = 2_000_000
"""A wall clock that gains this much between two looks was set; less is its daily putting right."""
MOST_JUMPS = 64


class ClockJumps:
    """What one process saw of its wall clock beside its monotonic one; look at least once a second.

    A machine that slept looks the same as one whose clock was set: the time asleep does not count either, because
    nothing was tried in it. A jump back is not kept: what waits is tried for longer then, never for less.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall_us, self._steady_us = self._read()
        self._jumps: deque[tuple[int, int]] = deque(maxlen=MOST_JUMPS)

    def look(self) -> None:
        """Compare both clocks with what they said at the last look."""
        wall_us, steady_us = self._read()
        would_say_us = self._wall_us + steady_us - self._steady_us
        if wall_us - would_say_us >= JUMP_US:
            self._jumps.append((would_say_us, wall_us - would_say_us))
        self._wall_us, self._steady_us = wall_us, steady_us

    def since(self, at_us: int) -> int:
        """By how much the wall clock jumped ahead after it had said ``at_us``, µs."""
        self.look()
        return sum(by_us for before_us, by_us in self._jumps if at_us <= before_us)

    def _read(self) -> tuple[int, int]:
        return self._clock.now_us(), round(self._clock.monotonic_s() * 1e6)
