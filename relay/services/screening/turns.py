"""What waits to be screened. Ambulances and cases take turns, and each thing waits only once.

New snapshots and live streams take turns; new snapshots go first. When age or sex changes, snapshots are screened
*again*; these go last, and get every fourth turn of the live streams. So a first result never waits for a second
one. An ambulance that asks for much delays only itself (``relay.turns.order``).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

import structlog

from relay.model.clock import Clock
from relay.model.stream import EcgStream
from relay.turns.order import Turns, Waiting
from relay.turns.rests import Rests

log = structlog.get_logger(__name__)
MOST_WAITING, MOST_EACH = 20_000, 5_000
"""Snapshots and streams, in all and of one ambulance: far above a city's day."""
LATE_AFTER_S = 10.0
SAID_EVERY_S = 30.0


class Lane(IntEnum):
    """What is screened before what."""

    FIRST = 0
    LIVE = 1
    AGAIN = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """A snapshot or a live stream, whose case it is, and which ambulance's."""

    id: UUID
    incident: UUID
    unit: str


Due = Waiting[UUID, Subject]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How long the queue is.

    Attributes:
        oldest_s: how long the first screening that has waited longest has waited; screenings again do not count.
        unit / of_unit: the ambulance with most waiting, and how much.
    """

    waiting: int
    oldest_s: float
    unit: str | None
    of_unit: int


class ScreeningQueue:
    """The queue of one relay, for ``workers`` that take from it."""

    def __init__(self, clock: Clock, workers: int, rests: Rests | None = None) -> None:
        self.workers = workers
        self._clock = clock
        self._rests = rests or Rests(clock)
        self._turns: Turns[UUID, Subject] = Turns(
            most=MOST_WAITING,
            most_each=MOST_EACH,
            at_once_each=max(1, workers - 1),
            gives_way=(1, 3, 1),
        )
        self._wake = asyncio.Event()
        self._said_s = float("-inf")
        self.left_out = False
        """Whether a first screening had to make room; the database still knows it."""

    def ask(self, subject: Subject, lane: Lane) -> UUID | None:
        """Let it wait; what had to make room for it."""
        now_s = self._clock.monotonic_s()
        asked = Waiting(subject.id, subject.unit, subject.incident, int(lane), now_s, subject)
        left = self._turns.ask(asked)
        self._wake.set()
        if left is None:
            return None
        self.left_out |= left.lane == Lane.FIRST
        log.warning("screening-left-out", unit=left.work.unit, lane=Lane(left.lane).name.lower())
        return left.key

    def stream(self, stream: EcgStream) -> UUID | None:
        """Let a live stream wait; what had to make room for it."""
        return self.ask(Subject(stream.id, stream.incident, stream.unit), Lane.LIVE)

    async def take(self) -> Due:
        """What a worker screens next; it must say ``done``."""
        while (due := self._turns.next()) is None:
            self._wake.clear()
            await self._wake.wait()
        return due

    def done(self, due: Due, cpu_s: float = 0.0) -> None:
        """It was screened, or could not be, and cost so much; its ambulance's next turn comes when it has rested."""
        self._rests.ended(due.client, cpu_s, lambda: self._end(due.key))

    def _end(self, key: UUID) -> None:
        self._turns.done(key)
        self._wake.set()

    def backlog(self) -> Backlog:
        """How long the queue is now, and whose it mostly is."""
        oldest = self._turns.oldest(Lane.FIRST, Lane.LIVE)
        waited_s = self._clock.monotonic_s() - oldest.since_s if oldest else 0.0
        unit, of_unit = self._turns.fullest() or (None, 0)
        return Backlog(
            len(self._turns), round(waited_s, 1), None if unit is None else str(unit), of_unit
        )

    def say_if_late(self) -> None:
        """A line of the log where a first screening waits too long: how long, and who fills the queue."""
        now_s = self._clock.monotonic_s()
        if now_s - self._said_s < SAID_EVERY_S:
            return
        late = self.backlog()
        if late.oldest_s >= LATE_AFTER_S:
            self._said_s = now_s
            log.warning(
                "screening-late",
                oldest_s=late.oldest_s,
                waiting=late.waiting,
                fullest=late.unit,
                of_fullest=late.of_unit,
            )
