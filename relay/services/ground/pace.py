"""How fast a link, a page or a phone is read: whoever sends in excess waits with it, and is told why once a minute.

Nothing is refused and nothing is lost: what is not read yet stays with its sender. Between two messages of one
sender everybody else's come, however few its own are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

import structlog

from relay.model.clock import Clock
from relay.turns.credit import Credits

log = structlog.get_logger(__name__)
TOLD_EVERY_S = 60.0


class Pace:
    """One kind of sender.

    Args:
        name: what is sent, in the log.
        per_s / most: the credit that comes back every second, and that is there at first.
    """

    def __init__(self, clock: Clock, name: str, per_s: float, most: float) -> None:
        self._clock, self._name = clock, name
        self._credits = Credits(per_s, most)
        self._told = Credits(1 / TOLD_EVERY_S, 1)

    async def wait(self, client: Hashable, cost: float = 1.0) -> bool:
        """Wait as long as this client's excess asks for; True where it should be told."""
        now_s = self._clock.monotonic_s()
        wait_s = self._credits.spend(client, cost, now_s)
        await asyncio.sleep(wait_s)
        if wait_s == 0 or not self._told.may(client, 1, now_s):
            return False
        log.warning("reads-more-slowly", what=self._name, client=str(client))
        return True
