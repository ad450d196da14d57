"""A loopback port here that leads to a program inside a namespace, for what watches an experiment."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

CHUNK_BYTES = 65_536


@asynccontextmanager
async def bridge(dial: Callable[[], Awaitable[socket.socket]]) -> AsyncIterator[int]:
    """Forward every connection to what ``dial`` gives; gives the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        try:
            inner = await asyncio.open_connection(sock=await dial())
        except OSError:
            writer.transport.abort()
            return
        ways = [
            asyncio.create_task(_pump(reader, inner[1])),
            asyncio.create_task(_pump(inner[0], writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (writer, inner[1]):
                end.transport.abort()
            if task is not None:
                tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
