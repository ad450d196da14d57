"""How much of the loop's time one client may use. A client that has used up its share begins its next request later.

A request that has begun is never delayed, because others may wait for what it holds.

Everybody with an accepted cookie or token has a share of their own. All others of one address have one share together. So a
token that is made up for each request brings nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from starlette.types import Scope

from relay.auth.tokens import bearer_of
from relay.model.asker import ASKER, NOBODY
from relay.turns.credit import Credits
from relay.turns.stepped import stepped

KNOWN_S_PER_S, MOST_KNOWN_S = 0.12, 1.5
"""Of one cookie or token: a page costs a tenth of a second when it is first loaded, and then some milliseconds a second."""
STRANGERS_S_PER_S, MOST_STRANGERS_S = 0.1, 0.3
"""Of all who are not known behind one address."""
EVERY_STRANGER_S_PER_S, MOST_EVERY_STRANGER_S = 0.12, 0.4
"""Of all who are not known, from however many addresses they come."""
WAITS_AT_MOST_S = 3.0
GUESS_S = 0.002
"""What a request is thought to cost before it has: many that come at once are told apart by it."""
REMEMBERED = 20_000
SHOWS = frozenset({b"cookie", b"authorization"})

Client = tuple[str, bytes]
"""An address, and what it shows if that was accepted before."""


def mark_of(scope: Scope) -> bytes:
    """What tells the clients of one address apart: a hash of the token or cookies it shows; empty where it shows none."""
    shown = {name: value for name, value in scope["headers"] if name in SHOWS}
    if token := bearer_of(shown.get(b"authorization", b"").decode("latin-1")):
        return mark_of_token(hashlib.sha256(token.encode()).hexdigest())
    return hashlib.sha256(b";".join(shown.values())).digest() if shown else b""


def mark_of_token(token_hash: str) -> bytes:
    """The same of a tablet's token whose hash is kept."""
    return bytes.fromhex(token_hash)


class LoopShare:
    """Of one application.

    Args:
        known: marks of those who were accepted before this process began.
    """

    def __init__(self, known: Iterable[bytes] = ()) -> None:
        self._accepted: OrderedDict[bytes, None] = OrderedDict.fromkeys(known)
        self._known = Credits(KNOWN_S_PER_S, MOST_KNOWN_S)
        self._strangers = Credits(STRANGERS_S_PER_S, MOST_STRANGERS_S)
        self._every_stranger = Credits(EVERY_STRANGER_S_PER_S, MOST_EVERY_STRANGER_S)

    def client(self, address: str, shown: bytes) -> Client:
        """Whose part it takes."""
        return address, shown if shown in self._accepted else b""

    def strangers_may(self) -> bool:
        """Whether all strangers together have their part just now."""
        return self._every_stranger.left("", time.monotonic()) > 0

    async def run(
        self, begin: Callable[[], Awaitable[None]], client: Client, shown: bytes, *, dial: bool
    ) -> None:
        """Serve one request, or a dial until it is let in, when its client has its part again."""
        wait_s = self._spend(client, GUESS_S)
        if wait_s:
            await asyncio.sleep(min(wait_s, WAITS_AT_MOST_S))
        is_in = False

        def charge(step_s: float) -> None:
            nonlocal is_in
            if is_in and dial:  # it has a pace of its own, by what it sends
                return
            if not is_in and ASKER.get().who != NOBODY.who:
                is_in = True
                self._remember(shown)
            self._spend(client, step_s)

        try:
            await stepped(begin(), charge)
        finally:
            self._spend(client, -GUESS_S)

    def _spend(self, client: Client, cost_s: float) -> float:
        """Seconds its client has to wait now."""
        now_s = time.monotonic()
        if client[1]:
            return self._known.spend(client, cost_s, now_s)
        self._every_stranger.spend("", cost_s, now_s)
        return self._strangers.spend(client, cost_s, now_s)

    def _remember(self, shown: bytes) -> None:
        if shown:
            self._accepted[shown] = None
            self._accepted.move_to_end(shown)
            while len(self._accepted) > REMEMBERED:
                self._accepted.popitem(last=False)
