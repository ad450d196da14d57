"""A few places that tasks hold for a moment, given in turn to the clients they work for."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from relay.turns.order import Turns, Waiting

_CLIENT: ContextVar[tuple[Hashable, Hashable]] = ContextVar("client", default=("", ""))
NO_BOUND = 1_000_000_000
"""Whoever waits here holds a request, a link or a worker's turn, and those are bounded."""


@contextmanager
def works_for(client: Hashable, about: Hashable = "") -> Iterator[None]:
    """What is done in this block, and in tasks begun in it, is done for this client; about what of its own, these too go in turn."""
    before = _CLIENT.set((client, about))
    try:
        yield
    finally:
        _CLIENT.reset(before)


class FairLock:
    """At most ``places`` hold it at a time; who waits gets it in turn per client (``works_for``)."""

    def __init__(self, places: int = 1) -> None:
        self._free = places
        self._number = itertools.count()
        self._turns: Turns[int, asyncio.Future[None]] = Turns(
            most=NO_BOUND, most_each=NO_BOUND, at_once_each=places, newest_first=False
        )

    @property
    def is_held(self) -> bool:
        """Whether nobody else would get it at once."""
        return not self._free

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a place."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        key = next(self._number)
        self._turns.ask(Waiting(key, *_CLIENT.get(), 0, 0.0, mine))
        self._give()
        try:
            await mine
            yield
        finally:
            if not self._turns.give_up(key):
                self._turns.done(key)
                self._free += 1
                self._give()

    def _give(self) -> None:
        while self._free and (due := self._turns.next()) is not None:
            self._free -= 1
            if (
                not due.work.done()
            ):  # cancelled in this very moment: its own end gives the place back
                due.work.set_result(None)
