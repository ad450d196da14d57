"""Which pages are open now, which of them can ring, and which ECG is on whose screen.

Every page proves this again and again. The relay sends a ``feed.Beat``; the page answers with its audio clock and
with what it shows. What a page has not proved for ten seconds no longer counts. Nothing is stored here: the
timeline tells what happened, this module tells what is so now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from relay.model.clock import Clock
from relay.model.people import Person
from relay.protocol import feed

PROVED_FOR_S = 10.0
"""A proof is good for so long: three beats."""
GRACE_S = 10.0
"""A console that redials is not told to be lost before so long."""
LOST_TOLD_S = 900.0
SETTLING_S = 20.0
"""After a start nobody can know yet who will come back."""
CHECK_EVERY_S = 1.0
Key = Hashable
Why = Literal["gone", "silent", "ended"]


@dataclass(frozen=True, slots=True)
class Looking:
    """A person has this on a screen that is seen: a snapshot, or None for the live trace."""

    who: str
    snapshot: UUID | None
    since_us: int


@dataclass(frozen=True, slots=True)
class LostConsole:
    """A console that could ring and cannot any more."""

    who: str
    since_us: int
    why: Why


@dataclass(frozen=True, slots=True)
class Consoles:
    """The pages of some hospitals.

    Attributes:
        known: False just after a start of the relay: who comes back is not known yet.
    """

    pages: int
    armed: int
    lost: tuple[LostConsole, ...]
    known: bool


@dataclass(slots=True)
class Seat:
    """One open page.

    Attributes:
        heard_s: when it last said how it stands.
        rings_s: when it last proved that its audio clock runs; None while it is silent.
    """

    person: Person
    console: str
    heard_s: float
    rings_s: float | None = None
    audio_ms: int = -1
    shows: UUID | None = None
    snapshot: UUID | None = None
    since_us: int = 0

    def can_ring(self, now_s: float) -> bool:
        """Whether this page was proved to ring within the last seconds."""
        return self.rings_s is not None and now_s - self.rings_s <= PROVED_FOR_S

    def is_heard(self, now_s: float) -> bool:
        """Whether what it said it shows still counts."""
        return now_s - self.heard_s <= PROVED_FOR_S


@dataclass(slots=True)
class _Console:
    """A browser at a hospital over its redials: when it could ring last, and what became of it."""

    who: str
    hospital: str | None
    rang_s: float | None = None
    lost: LostConsole | None = None
    seats: set[Key] = field(default_factory=set)


class Presence:
    """Every open page of this relay."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._seats: dict[Key, Seat] = {}
        self._consoles: dict[str, _Console] = {}
        self.on_looking: Callable[[UUID], None] = lambda _incident: None
        self.changed = 0
        """Counts up with every change, so that whoever waits for one need not compare."""

    # what pages say

    def joined(self, key: Key, person: Person, console: str) -> None:
        """A page has come; it is silent until it says and proves otherwise."""
        self._seats[key] = Seat(person, console, self._clock.monotonic_s())
        known = self._consoles.setdefault(console, _Console(person.display_name, person.hospital))
        known.seats.add(key)
        self.changed += 1

    def left(self, key: Key) -> None:
        """A page is gone."""
        seat = self._seats.pop(key, None)
        if seat is None:
            return
        self._consoles[seat.console].seats.discard(key)
        self._look(seat, None, None)
        self.changed += 1

    def told(self, key: Key, said: feed.Console) -> None:
        """A page has said how it stands: whether its sound runs, and what is seen on it."""
        seat = self._seats.get(key)
        if seat is None:
            return
        now_s = self._clock.monotonic_s()
        could = seat.can_ring(now_s)
        seat.heard_s = now_s
        if not said.armed:
            seat.rings_s, seat.audio_ms = None, -1
        elif said.audio_ms > seat.audio_ms:
            seat.rings_s, seat.audio_ms = now_s, said.audio_ms
        self.changed += could != seat.can_ring(now_s)
        if seat.can_ring(now_s):
            console = self._consoles[seat.console]
            self.changed += console.lost is not None
            console.rang_s, console.lost = now_s, None
        self._look(seat, said.incident, said.snapshot)

    def ended(self, console: str) -> None:
        """A person has signed out of this console: that is no loss."""
        known = self._consoles.get(console)
        if known is not None:
            known.rang_s, known.lost = None, None
            self.changed += 1

    def _look(self, seat: Seat, incident: UUID | None, snapshot: UUID | None) -> None:
        if (seat.shows, seat.snapshot) == (incident, snapshot):
            return
        touched = {one for one in (seat.shows, incident) if one is not None}
        seat.shows, seat.snapshot = incident, snapshot
        seat.since_us = self._clock.now_us()
        self.changed += 1
        for one in touched:
            self.on_looking(one)

    # what others ask

    def is_armed(self, key: Key) -> bool:
        """Whether this page was proved to ring within the last seconds."""
        seat = self._seats.get(key)
        return seat is not None and seat.can_ring(self._clock.monotonic_s())

    @property
    def armed(self) -> int:
        """How many pages can ring."""
        return sum(self.is_armed(key) for key in self._seats)

    def armed_accounts(self, hospital: str) -> frozenset[str]:
        """The people of a hospital whose pages can ring now."""
        now_s = self._clock.monotonic_s()
        mine = [s.person for s in self._seats.values() if s.can_ring(now_s)]
        return frozenset(person.name for person in mine if person.hospital == hospital)

    def looking(self, incident: UUID) -> list[Looking]:
        """Who has this case's trace on a visible screen. Each person once; who began first comes first."""
        now_s = self._clock.monotonic_s()
        seats = [s for s in self._seats.values() if s.shows == incident]
        found: dict[str, Looking] = {}
        for seat in sorted(seats, key=lambda s: s.since_us):
            if seat.is_heard(now_s):
                who = seat.person.display_name
                found.setdefault(who, Looking(who, seat.snapshot, seat.since_us))
        return list(found.values())

    def consoles(self, hospitals: Collection[str]) -> Consoles:
        """The pages of these hospitals."""
        now_s = self._clock.monotonic_s()
        seats = [s for s in self._seats.values() if s.person.hospital in hospitals]
        armed = sum(seat.can_ring(now_s) for seat in seats)
        lost = [c.lost for c in self._consoles.values() if c.lost and c.hospital in hospitals]
        known = armed > 0 or now_s - self._began_s > SETTLING_S
        return Consoles(len(seats), armed, tuple(sorted(lost, key=lambda x: x.since_us)), known)

    # time

    async def run(self) -> None:
        """Let proofs run out, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            self.check()

    def check(self) -> None:
        """Take back what was not proved again."""
        now_s, now_us = self._clock.monotonic_s(), self._clock.now_us()
        for seat in list(self._seats.values()):
            if seat.rings_s is not None and not seat.can_ring(now_s):
                seat.rings_s = None
                self.changed += 1
            if not seat.is_heard(now_s):
                self._look(seat, None, None)
        for name, console in list(self._consoles.items()):
            self._check_console(name, console, now_s, now_us)

    def _check_console(self, name: str, console: _Console, now_s: float, now_us: int) -> None:
        rings = any(self._seats[key].can_ring(now_s) for key in console.seats)
        silent_s = now_s - console.rang_s if console.rang_s is not None and not rings else 0.0
        if console.rang_s is not None and silent_s > GRACE_S and console.lost is None:
            why: Why = "silent" if console.seats else "gone"
            console.lost = LostConsole(console.who, now_us - round(silent_s * 1e6), why)
            self.changed += 1
        forgotten = console.rang_s is None or silent_s > LOST_TOLD_S
        if forgotten and not console.seats:
            self.changed += console.lost is not None
            del self._consoles[name]
