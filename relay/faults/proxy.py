"""A TCP proxy that behaves like a bad radio: slow, jittery, narrow, dark, half-open, cut, damaging.

What TCP itself repairs (lost or reordered packets) needs real packets; those faults are played in
network namespaces. This proxy plays what TCP cannot hide: long silences, dead paths that look open,
connections that die, bytes that change.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass

CHUNK_BYTES = 2048


@dataclass(slots=True)
class RadioState:
    """What the radio does now. Change it while connections are open.

    Attributes:
        latency_s / jitter_s: one way, each way; the jitter is uniform on top.
        kbit_per_s: upper limit each way, None for none.
        flips_per_mb: bits changed per megabyte sent by the tablet.
        dark: nothing passes either way; nobody is told (a tunnel).
        one_way: what the relay says does not pass; what the tablet says does.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    kbit_per_s: float | None = None
    flips_per_mb: float = 0.0
    dark: bool = False
    one_way: bool = False


class FaultProxy:
    """Listens on a port of its own and forwards to ``target_port`` on loopback."""

    def __init__(self, target_port: int, seed: int) -> None:
        self.dose = RadioState()
        self.connections = 0
        self._target_port = target_port
        self._dice = random.Random(seed)  # noqa: S311 - faults must be repeatable
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Begin to listen; gives the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """End every connection and stop listening."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every open connection, now, without a goodbye."""
        for writer in list(self._writers):
            with contextlib.suppress(RuntimeError):
                writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        self._writers |= {writer, upstream[1]}
        ways = [
            asyncio.create_task(self._pump(reader, upstream[1], from_tablet=True)),
            asyncio.create_task(self._pump(upstream[0], writer, from_tablet=False)),
        ]
        self._tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for one in ways:
            one.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, upstream[1]):
            self._writers.discard(end)
            end.transport.abort()
        self._tasks.difference_update(ways)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_tablet: bool
    ) -> None:
        """One direction: a reader that stamps each chunk with its due time, a writer that keeps it."""
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
        sending = asyncio.create_task(self._deliver(late, writer, from_tablet))
        self._tasks.add(sending)
        loop, due_s = asyncio.get_running_loop(), 0.0
        try:
            while data := await reader.read(CHUNK_BYTES):
                delay_s = self.dose.latency_s + self._dice.random() * self.dose.jitter_s
                due_s = max(due_s, loop.time() + delay_s)
                await late.put((due_s, self._damaged(data) if from_tablet else data))
        except OSError:
            pass
        finally:
            sending.cancel()
            self._tasks.discard(sending)

    async def _deliver(
        self,
        late: asyncio.Queue[tuple[float, bytes]],
        writer: asyncio.StreamWriter,
        from_tablet: bool,
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                due_s, data = await late.get()
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                while self._blocked(from_tablet):  # noqa: ASYNC110 - the dose is plain data
                    await asyncio.sleep(0.02)
                if self.dose.kbit_per_s:
                    await asyncio.sleep(len(data) * 8 / (self.dose.kbit_per_s * 1000))
                writer.write(data)
                await writer.drain()

    def _blocked(self, from_tablet: bool) -> bool:
        return self.dose.dark or (self.dose.one_way and not from_tablet)

    def _damaged(self, data: bytes) -> bytes:
        if self._dice.random() >= len(data) * self.dose.flips_per_mb / 1e6:
            return data
        changed = bytearray(data)
        changed[self._dice.randrange(len(changed))] ^= 1 << self._dice.randrange(8)
        return bytes(changed)
