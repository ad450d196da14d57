"""Who would hear an alarm at this moment, hospital by hospital: asked before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import structlog

from relay.errors import RelayError
from relay.model.clock import Clock
from relay.model.ladder_policy import CONSOLE
from relay.model.roster import DutyRole
from relay.records.port.records import Records
from relay.services.ground.presence import Presence
from relay.services.oncall.rosters import WEEK_US, Rosters
from relay.services.oncall.situation import Situation, situation_of

log = structlog.get_logger(__name__)
READ_EVERY_S = 2.0
By = Literal["person", "channel", "console", "nobody", "unknown"]


@dataclass(frozen=True, slots=True)
class Hearable:
    """Whether a human of a hospital would hear an alarm now.

    Attributes:
        place: its name.
        by: through what: the page of who is on call, a channel that reaches them, somebody's armed page,
            nothing; ``unknown`` just after a start of the relay.
        who: who is on call first, as people read it; "" in a hole.
        roster: whether the hospital keeps a roster at all.
        hole: it keeps one, and nobody is on call first now.
        armed: pages that can ring.
        next_hole_us: when the next hole of the coming week begins, None where there is none.
        phone: the number a crew dials, where the hospital has named one.
    """

    hospital: str
    place: str
    by: By
    who: str
    roster: bool
    hole: bool
    armed: int
    next_hole_us: int | None
    phone: str | None


class Hearables:
    """The roster and addresses as the database has them, with the pages of this moment.

    Args:
        records: where the roster is.
        clock: what "now" is.
        presence: which pages can ring.
        rosters: the coming week.
        channels: names of the channels that letters can go by.
    """

    def __init__(
        self,
        records: Records,
        clock: Clock,
        presence: Presence,
        rosters: Rosters,
        channels: Collection[str],
    ) -> None:
        self._records, self._clock, self._presence = records, clock, presence
        self._rosters, self._channels = rosters, frozenset(channels)
        self._places: dict[str, tuple[Situation, int | None]] = {}

    async def run(self) -> None:
        """Read again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except RelayError as error:
                log.warning("roster-not-read", reason=str(error))
            await asyncio.sleep(READ_EVERY_S)

    async def look(self) -> None:
        """Read every hospital once."""
        now_us = self._clock.now_us()
        views = await self._rosters.views(None, now_us, now_us + WEEK_US)
        found = {}
        async with self._records.read() as records:
            for view in views:
                first = [hole for role, hole in view.holes if role is DutyRole.FIRST]
                begins = first[0].from_us if first and view.has_roster else None
                place = await situation_of(records, view.hospital.id, now_us, self._channels)
                found[view.hospital.id] = (place, begins)
        self._places = found

    def of(self, hospitals: Collection[str] | None) -> tuple[Hearable, ...]:
        """These hospitals, or all, by id; one that was made a moment ago may be missing."""
        wanted = self._places if hospitals is None else sorted(hospitals)
        return tuple(self._one(*self._places[name]) for name in wanted if name in self._places)

    def _one(self, place: Situation, next_hole_us: int | None) -> Hearable:
        first = place.on_call.get(DutyRole.FIRST)
        consoles = self._presence.consoles([place.hospital])
        return Hearable(
            place.hospital,
            place.place,
            self._by(place, first, armed=consoles.armed, known=consoles.known),
            place.names.get(first or "", ""),
            place.has_roster,
            place.has_roster and first is None,
            consoles.armed,
            next_hole_us,
            place.crew_phone,
        )

    def _by(self, place: Situation, first: str | None, *, armed: int, known: bool) -> By:
        if first is not None and first in self._presence.armed_accounts(place.hospital):
            return "person"
        named = {name for step in place.policy.steps["A"] for name in step.channels} - {CONSOLE}
        if first is not None and any((first, name) in place.reached for name in named):
            return "channel"
        if armed:
            return "console"
        return "nobody" if known else "unknown"
