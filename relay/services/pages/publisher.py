"""Changed rows and timeline entries, made into texts once and handed to this relay's pages of a hospital."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

import structlog

from relay.bus.port import Bus
from relay.errors import RelayError
from relay.model.incident import IncidentState
from relay.model.news import EVERY_CASE, CaseChanged
from relay.protocol import feed
from relay.protocol.answers import IncidentRow
from relay.records.port.cases import CasesAsked
from relay.services.cases.cases import Cases
from relay.services.cases.render import entry_message, resting_row
from relay.services.ground.witness import CASES_LISTED
from relay.services.pages.audience import Audience, Shows, hospital_pages, resting_pages

log = structlog.get_logger(__name__)
GATHER_S = 0.1


class FeedPublisher:
    """Turns changes of cases into feed texts, once for all pages."""

    def __init__(self, bus: Bus, cases: Cases, audience: Audience) -> None:
        self._bus, self._cases, self._audience = bus, cases, audience
        self._dirty: dict[UUID, None] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._rows())

    def changed(self, incident: UUID) -> None:
        """Something of the case's row is different."""
        self._dirty[incident] = None
        self._wake.set()

    async def _listen(self) -> None:
        async for news in self._bus.subscribe(EVERY_CASE, limit=10_000):
            if isinstance(news, CaseChanged):
                shows = Shows(news.incident.id, CASES_LISTED)
                for entry in news.entries:
                    text = feed.to_text(entry_message(entry))
                    for hospital in news.incident.hospitals:
                        self._audience.say(hospital_pages(hospital), text, shows)
                self.changed(news.incident.id)
            else:
                log.error("feed-publisher-overflow", message=repr(news))
                await self._every_open_row()

    async def _every_open_row(self) -> None:
        """Changes were lost: what has changed is not known, so that every open case counts as changed."""
        asked = CasesAsked(state=IncidentState.OPEN)
        while some := await self._cases.ids(asked):
            for incident in some:
                self.changed(incident)
            asked = replace(asked, beyond=some[-1])

    async def _rows(self) -> None:
        """Rows of changed cases, gathered for a tenth of a second."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            dirty, self._dirty = self._dirty, {}
            for incident in dirty:
                try:
                    addressed = await self._cases.addressed_row(incident)
                except RelayError as error:
                    log.warning("row-not-published", reason=str(error))
                    self.changed(incident)
                    continue
                if addressed is not None:
                    self._tell(incident, *addressed)

    def _tell(self, incident: UUID, hospitals: Collection[str], row: IncidentRow) -> None:
        """The whole row to the pages in use, and what may ring to those that rest."""
        whole, shows = feed.to_text(feed.IncidentChanged(row)), Shows(incident, CASES_LISTED)
        rests = feed.to_text(feed.IncidentChanged(resting_row(row)))
        for hospital in hospitals:
            self._audience.say(hospital_pages(hospital), whole, shows)
            self._audience.say(resting_pages(hospital), rests)
