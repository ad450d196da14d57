"""Whether whoever sent a request still waits for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import Request

from relay.turns.asker import asked_until


@asynccontextmanager
async def while_asked(request: Request) -> AsyncIterator[None]:
    """Around work that costs a thread: it is not begun for somebody who has hung up.

    The body must have been read before.
    """
    gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    listening = asyncio.create_task(_listen(request, gone))
    try:
        with asked_until(gone):
            yield
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def _listen(request: Request, gone: asyncio.Future[None]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set_result(None)
