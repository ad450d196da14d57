"""Many askers, one trip to the database: what is asked while a trip is under way goes with the next.

An answer is never older than the question: nobody is handed the result of a trip that had already begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """Asks for many keys at once. ``answer`` gets every key, twice asked twice, and gives what it found."""

    def __init__(self, answer: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._trips: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V | None:
        """The key's answer, None where nothing was found; what went wrong goes to everyone of the trip."""
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._trips is None:
            self._trips = asyncio.create_task(self._travel(), name="gathered")
        return await future

    async def _travel(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                try:
                    await self._trip(asked)
                finally:  # also where the relay is going away: nobody waits for ever
                    for _, future in asked:
                        future.cancel()
        finally:
            self._trips = None

    async def _trip(self, asked: list[tuple[K, asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._answer([key for key, _ in asked])
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            for _, future in asked:
                if not future.done():
                    future.set_exception(error)
            return
        for key, future in asked:
            if not future.done():
                future.set_result(found.get(key))
