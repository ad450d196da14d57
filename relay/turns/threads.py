"""Work of several clients in a few threads, in turn. What nobody waits for any more is not begun."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from relay.errors import TooMany
from relay.turns.asker import unless_gone
from relay.turns.order import Turns, Waiting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], Any]
    answer: asyncio.Future[Any]


class FairThreads:
    """A few threads that take what clients ask for in turn.

    One thread is left for the others: a client has at most ``threads - 1`` of its own under way.

    Args:
        name: of the threads, in traces.
        most / most_each: how many may wait, in all and of one client (``Turns``).
        full: what whoever has to leave is told.
    """

    def __init__(self, name: str, threads: int, *, most: int, most_each: int, full: str) -> None:
        self._pool = ThreadPoolExecutor(threads, name)
        self._free = threads
        self._full = full
        self._number = itertools.count()
        self._turns: Turns[int, _Job] = Turns(
            most=most, most_each=most_each, at_once_each=max(1, threads - 1), newest_first=False
        )

    async def run(self, client: Hashable, about: Hashable, work: Callable[[], T]) -> T:
        """The work's answer. Cancelled before its turn, or when its asker has gone, it is never begun.

        Raises:
            TooMany: too many waited, and this one's client had most of them.
            Unavailable: whoever asked has gone (``asker``).
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        key = next(self._number)
        asked = Waiting(key, client, about, 0, time.monotonic(), _Job(work, answer))
        leaves = self._turns.ask(asked)
        if leaves is not None:
            leaves.work.answer.set_exception(TooMany(self._full))
        self._begin()
        try:
            return await unless_gone(answer)
        finally:
            self._turns.give_up(key)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        while self._free and (due := self._turns.next()) is not None:
            self._free -= 1
            doing = asyncio.get_running_loop().run_in_executor(self._pool, due.work.work)
            doing.add_done_callback(self._ended(due.key, due.work.answer))

    def _ended(
        self, key: int, answer: asyncio.Future[Any]
    ) -> Callable[[asyncio.Future[Any]], None]:
        def ended(done: asyncio.Future[Any]) -> None:
            self._free += 1
            self._turns.done(key)
            error = None if done.cancelled() else done.exception()
            if answer.done():
                pass
            elif done.cancelled():
                answer.cancel()
            elif error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(done.result())
            self._begin()

        return ended
