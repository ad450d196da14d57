"""A client that keeps a shared worker busy must rest in between. Only its own next turn comes later.

Taking turns does not help when the processor is full: even a client that is always last in the queue makes
everybody else's work slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Protocol

from relay.turns.credit import Credits

WORK_S_PER_S, MOST_WORK_S = 0.06, 0.4
"""Processor time a client has back a second, and has at first: some twenty ECGs at once, then some three a second."""
RESTS_AT_MOST_S = 0.5
"""So long at most is its own next one late, also where the screen is not fast yet and its first ECG took a second."""


class MonotonicClock(Protocol):
    """What tells how long ago something was."""

    def monotonic_s(self) -> float:
        """Seconds that only grow."""


class Rests:
    """Of every worker that is given one of these together."""

    def __init__(self, clock: MonotonicClock) -> None:
        self._clock = clock
        self._worked = Credits(WORK_S_PER_S, MOST_WORK_S)

    def ended(self, client: Hashable, cpu_s: float, say: Callable[[], None]) -> None:
        """A turn of this client has ended and cost so much: ``say`` so now, or when it has rested."""
        owes_s = self._worked.spend(client, cpu_s, self._clock.monotonic_s())
        rests_s = min(owes_s, RESTS_AT_MOST_S)
        if rests_s > 0:
            asyncio.get_running_loop().call_later(rests_s, say)
        else:
            say()
