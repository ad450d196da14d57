"""A tablet without spool or manners: says what it is told to, and waits for nothing but a recording's number."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import numpy.typing as npt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from relay.protocol import messages as m
from relay.protocol.codec import RICE, encode_samples
from relay.protocol.wire import EcgFrame, pack

MASK, FS_HZ, UV_PER_LSB = 0xFF, 500.0, 2.5


def silence(n_samples: int) -> list[npt.NDArray[np.int16]]:
    """One block of eight leads on which nothing is."""
    return [np.zeros((8, n_samples), np.int16)]


class RawTablet:
    """See ``raw_tablet``.

    Attributes:
        refused: every refusal it heard.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.refused: list[dict[str, Any]] = []
        self._opened: asyncio.Queue[int] = asyncio.Queue()
        self._reader = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        with contextlib.suppress(WebSocketException):
            async for text in self.socket:
                said = json.loads(text)
                if said["kind"] == "stream-opened":
                    self._opened.put_nowait(said["epoch"])
                elif said["kind"] == "refusal":
                    self.refused.append(said)

    async def say(self, message: m.FromTablet) -> None:
        """Send a text."""
        await self.socket.send(m.to_text(message))

    async def open(self, incident: UUID) -> tuple[UUID, int]:
        """A new recording of a case, and its epoch."""
        stream, now_us = uuid4(), time.time_ns() // 1000
        await self.say(m.OpenStream(stream, incident, MASK, FS_HZ, UV_PER_LSB, now_us, "bench"))
        return stream, await self._opened.get()

    async def frames(
        self, stream: UUID, epoch: int, blocks: Sequence[npt.NDArray[np.int16]], n: int
    ) -> None:
        """So many frames, of these blocks in turn; all blocks of one length."""
        payloads = [encode_samples(block, RICE) for block in blocks]
        samples = blocks[0].shape[1]
        for seq in range(n):
            payload = payloads[seq % len(payloads)]
            frame = EcgFrame(stream, epoch, seq, seq * samples, samples, MASK, RICE, payload)
            await self.socket.send(pack(frame))

    async def event(self, incident: UUID, body: m.EventBody) -> None:
        """Say something of the case."""
        await self.say(m.Event(uuid4(), incident, time.time_ns() // 1000, body))


@asynccontextmanager
async def raw_tablet(port: int, token: str) -> AsyncIterator[RawTablet]:
    """A tablet, connected and greeted."""
    async with connect(
        f"ws://localhost:{port}/link/v1",
        additional_headers={"Authorization": f"Bearer {token}"},
        subprotocols=[m.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
        compression=None,
        ping_interval=None,
    ) as socket:
        made = RawTablet(socket)
        await made.say(m.Hello("bench", time.time_ns() // 1000))
        yield made
