"""Whether whoever asked still waits: said by the web floor, heard where work would otherwise be done for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from relay.errors import Unavailable

T = TypeVar("T")
_GONE: ContextVar[asyncio.Future[None] | None] = ContextVar("gone", default=None)


@contextmanager
def asked_until(gone: asyncio.Future[None]) -> Iterator[None]:
    """What is done in this block is done for somebody who has gone when ``gone`` is done."""
    before = _GONE.set(gone)
    try:
        yield
    finally:
        _GONE.reset(before)


async def unless_gone(answer: asyncio.Future[T]) -> T:
    """The answer, as long as it is waited for. Only this wait ends early, nothing that was begun is cut short.

    Raises:
        Unavailable: whoever asked has gone.
    """
    gone = _GONE.get()
    if gone is not None:
        waiting: set[Awaitable[object]] = {answer, gone}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)  # type: ignore[type-var]
        if not answer.done():
            answer.cancel()
            raise Unavailable("Whoever asked for this has hung up.")
    return await answer
