"""The connections of tablets to this relay: who sends which stream, and who has fallen silent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from relay.model.clock import Clock
from relay.protocol import messages as m
from relay.protocol.link import CLOSE_RESTART, CLOSE_SILENT
from relay.services.ground.pace import Pace

WATCH_EVERY_S = 1.0
FRAMES_PER_S, MOST_FRAMES = 500.0, 3_000.0
FRAME_COSTS_BYTES = 8_192
"""A frame costs one and its share of this. A tablet with a backlog sends some 300 a second, a live one four."""
ECG_BYTES_PER_S, MOST_ECG_BYTES = 100_000.0, 8e9
"""Twelve times the rate of eight leads that are not squeezed, and days of it at once: a disk is not filled in a night."""
TEXTS_PER_S, MOST_TEXTS = 40.0, 4_000.0
COSTS: dict[type[object], float] = {m.Event: 20.0, m.Ping: 5.0}
"""An event is written down, with what follows from it: two hundred at once, then two a second. A tablet that was away for an hour has some fifty.

Pings come every two seconds; other words are answered from memory. A tablet of before announces every recording of its life when it connects.
"""


class Connection(Protocol):
    """One tablet's connection, as the registry knows it."""

    def fence(self, stream: UUID) -> None:
        """A newer connection has this stream: refuse everything from now on and close."""

    def is_dead(self, now_s: float) -> bool:
        """Whether nothing was heard for too long."""

    def leave(self, code: int, reason: str) -> None:
        """Close soon."""


class LinkRegistry:
    """Every open connection of this relay."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: set[Connection] = set()
        self._sender: dict[UUID, tuple[int, Connection]] = {}
        self._offsets: dict[str, int] = {}
        self._frames = Pace(clock, "frames", FRAMES_PER_S, MOST_FRAMES)
        self._bytes = Pace(clock, "ecg", ECG_BYTES_PER_S, MOST_ECG_BYTES)
        self._texts = Pace(clock, "words", TEXTS_PER_S, MOST_TEXTS)
        self.closing = False

    def joined(self, connection: Connection) -> None:
        """A connection was accepted."""
        self._all.add(connection)
        if self.closing:
            connection.leave(CLOSE_RESTART, "The relay restarts; come back at once.")

    def left(self, connection: Connection) -> None:
        """A connection is gone."""
        self._all.discard(connection)
        self._sender = {s: e for s, e in self._sender.items() if e[1] is not connection}

    def take_over(self, stream: UUID, epoch: int, connection: Connection) -> None:
        """This connection opened the stream with ``epoch``; whichever has the lower is fenced."""
        other_epoch, other = self._sender.get(stream, (0, connection))
        if other_epoch > epoch:
            connection.fence(stream)
            return
        self._sender[stream] = (epoch, connection)
        if other is not connection:
            other.fence(stream)

    def let_go(self, stream: UUID, connection: Connection) -> None:
        """The recording is finished: nobody sends it any more."""
        if self._sender.get(stream, (0, None))[1] is connection:
            del self._sender[stream]

    def remember_offset(self, unit: str, offset_us: int) -> int | None:
        """Keep a tablet's clock offset; the answer is the one known before."""
        before = self._offsets.get(unit)
        self._offsets[unit] = offset_us
        return before

    async def pace(self, unit: str, message: str | bytes, events: Sequence[object]) -> bool:
        """Wait after a message as long as its ambulance's excess asks for; True where it is to be told why.

        All connections of an ambulance share one credit: dialling again gives none back.
        """
        if isinstance(message, bytes):
            many = await self._frames.wait(unit, 1 + len(message) / FRAME_COSTS_BYTES)
            return await self._bytes.wait(unit, len(message)) or many
        costs = sum(COSTS.get(type(event), 1.0) for event in events)
        return await self._texts.wait(unit, costs)

    @property
    def count(self) -> int:
        """How many tablets are connected."""
        return len(self._all)

    def goodbye(self) -> None:
        """The relay is going away: ask every tablet to come back at once."""
        self.closing = True
        for connection in list(self._all):
            connection.leave(CLOSE_RESTART, "The relay restarts; come back at once.")

    async def run(self) -> None:
        """Close the silent, until cancelled."""
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            now_s = self._clock.monotonic_s()
            for connection in list(self._all):
                if connection.is_dead(now_s):
                    connection.leave(CLOSE_SILENT, "Nothing was heard for 10 s; dial again.")
