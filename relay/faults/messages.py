"""A proxy that knows WebSocket messages: ECG frames arrive twice, and in another order.

TCP keeps bytes in order, so a byte proxy cannot play these; a relay behind a faulty gateway, or a tablet
whose queue is wrong, would.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from relay.protocol.messages import SUBPROTOCOL


class MessageProxy:
    """What the radio does to frames now. Build it with ``message_proxy``.

    Attributes:
        twice / late: shares (0 to 1) of frames sent twice, and of frames that the next one overtakes.
        doubled / overtaken: how many it were.
    """

    def __init__(self, target_port: int, seed: int) -> None:
        self.twice = self.late = 0.0
        self.doubled = self.overtaken = 0
        self._target = f"ws://127.0.0.1:{target_port}"
        self._dice = random.Random(seed)  # noqa: S311 - faults must be repeatable

    async def carry(self, tablet: ServerConnection) -> None:
        """One connection, both ways, until either end closes."""
        request = tablet.request
        if request is None:
            return
        try:
            async with connect(
                self._target + request.path,
                additional_headers={"Authorization": request.headers["Authorization"]},
                subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
                compression=None,
                ping_interval=None,
            ) as relay:
                ways = [
                    asyncio.create_task(self._up(tablet, relay)),
                    asyncio.create_task(_down(relay, tablet)),
                ]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, InvalidHandshake, ConnectionClosed):
            return

    async def _up(self, tablet: ServerConnection, relay: ClientConnection) -> None:
        held: bytes | None = None
        async for message in tablet:
            if isinstance(message, bytes) and held is None and self._dice.random() < self.late:
                held = message
                continue
            await relay.send(message)
            if isinstance(message, bytes) and self._dice.random() < self.twice:
                self.doubled += 1
                await relay.send(message)
            if held is not None and isinstance(message, bytes):
                self.overtaken += 1
                await relay.send(held)
                held = None


async def _down(relay: ClientConnection, tablet: ServerConnection) -> None:
    async for message in relay:
        await tablet.send(message)


@asynccontextmanager
async def message_proxy(target_port: int, seed: int) -> AsyncIterator[tuple[MessageProxy, int]]:
    """The proxy and its port."""
    proxy = MessageProxy(target_port, seed)
    async with serve(
        proxy.carry,
        "127.0.0.1",
        0,
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
        compression=None,
        ping_interval=None,
        close_timeout=0.5,
    ) as server:
        yield proxy, next(iter(server.sockets)).getsockname()[1]
