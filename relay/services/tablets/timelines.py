"""The cases a tablet follows on one connection: their timelines as notices, now and as they grow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from uuid import UUID

from relay.bus.port import Bus, Overflow
from relay.errors import NotFound
from relay.model.news import CaseChanged, case_topic
from relay.model.people import Device, owns
from relay.model.timeline import Entry, Stage
from relay.protocol import messages as m
from relay.services.ground.journal import Journal
from relay.services.tablets.attention import Attended, attend

MAX_FOLLOWED = 16
Start = Callable[[Coroutine[object, object, None]], asyncio.Task[None]]


class Timelines:
    """At most so many cases at once; the one followed longest makes room."""

    def __init__(
        self,
        device: Device,
        journal: Journal,
        bus: Bus,
        attended: Attended,
        tell: Callable[[m.Notice | m.Attention], None],
    ) -> None:
        self._device, self._journal, self._bus, self._tell = device, journal, bus, tell
        self._attended = attended
        self._followed: dict[UUID, asyncio.Task[None]] = {}

    def stop(self) -> None:
        """Tell nothing more."""
        for task in self._followed.values():
            task.cancel()
        self._followed.clear()

    async def hospitals(self, incident: UUID) -> frozenset[str]:
        """Whom the case is addressed to; one that does not exist yet, whom the tablet addresses.

        Raises:
            NotFound: it is another ambulance's.
        """
        async with self._journal.records.read() as records:
            known = await records.cases.incident(incident)
        if known is not None and not owns(self._device, known):
            raise NotFound("There is no such case of this unit.")
        return known.hospitals if known else self._device.hospitals

    def follow(self, asked: m.Follow, hospitals: frozenset[str], start: Start) -> None:
        """Tell the case's timeline after an entry, then what is added; and who looks at it now."""
        older = self._followed.pop(asked.incident, None)
        if older is not None:
            older.cancel()
        while len(self._followed) >= MAX_FOLLOWED:
            self._followed.pop(next(iter(self._followed))).cancel()
        self._followed[asked.incident] = start(self._accompany(asked, hospitals))

    async def _accompany(self, asked: m.Follow, hospitals: frozenset[str]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._notices(asked.incident, asked.after))
            if asked.attention:
                group.create_task(attend(self._attended, asked.incident, hospitals, self._tell))

    async def _notices(self, incident: UUID, after: int) -> None:
        """What the bus lost is read again."""
        subscription = self._bus.subscribe(case_topic(incident))
        try:
            last = await self._replay(incident, after)
            async for news in subscription:
                if isinstance(news, Overflow) or (
                    isinstance(news, CaseChanged)
                    and any(entry.entry > last for entry in news.entries)
                ):
                    last = await self._replay(incident, last)
        finally:
            subscription.close()

    async def _replay(self, incident: UUID, after: int) -> int:
        """Tell the stored entries after one; the answer is the last one told."""
        while entries := await self._entries(incident, after):
            after = self._tell_of(incident, entries)
        return after

    async def _entries(self, incident: UUID, after: int) -> Sequence[Entry]:
        """The next stored entries of a case of this ambulance."""
        async with self._journal.records.read() as records:
            known = await records.cases.incident(incident)
            if known is None or not owns(self._device, known):
                return []
            return await records.cases.timeline(incident, after)

    def _tell_of(self, incident: UUID, entries: Sequence[Entry]) -> int:
        after = 0
        for entry in entries:
            after = entry.entry
            self._tell(
                m.Notice(
                    incident, entry.entry, entry.at_us, entry.stage.value, entry.who,
                    _for_crew(entry),
                )
            )  # fmt: skip
        return after


NOT_FOR_CREWS = {Stage.LADDER_STEP: ("rings", "hospital"), Stage.LADDER_STOPPED: ("hospital",)}
"""Names of accounts are the hospital's own; a crew reads people's names."""


def _for_crew(entry: Entry) -> dict[str, object]:
    """An entry's data without what is no crew's to know."""
    kept_back = NOT_FOR_CREWS.get(entry.stage, ())
    return {name: value for name, value in entry.data.items() if name not in kept_back}
