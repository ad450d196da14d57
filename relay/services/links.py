"""The connections of tablets to this relay: who sends which stream, and who has fallen silent."""

from __future__ import annotations

import asyncio
from typing import Protocol
from uuid import UUID

from relay.model.clock import Clock
from relay.protocol.link import CLOSE_RESTART, CLOSE_SILENT

WATCH_EVERY_S = 1.0


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

    def remember_offset(self, unit: str, offset_us: int) -> int | None:
        """Keep a tablet's clock offset; the answer is the one known before."""
        before = self._offsets.get(unit)
        self._offsets[unit] = offset_us
        return before

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
