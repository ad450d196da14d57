"""What the relay does by itself, now and then: closes cases nobody touches, forgets what was deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from relay.errors import RelayError
from relay.model import incident as incident_model
from relay.model.incident import IncidentState
from relay.protocol.calling import call_of
from relay.protocol.receipts import folded
from relay.records.port.cases import CaseFacts, CasesAsked
from relay.services.alarm.rules import close_decided
from relay.services.ground.journal import Journal
from relay.services.recordings.live import LiveHub

log = structlog.get_logger(__name__)
EVERY_S = 600.0
CASES_AT_ONCE = 200


class Upkeep:
    """The slow chores."""

    def __init__(self, journal: Journal, hub: LiveHub, close_after_s: float) -> None:
        self._journal = journal
        self._hub = hub
        self._close_after_s = close_after_s

    async def run(self) -> None:
        """Do them until cancelled."""
        while True:
            try:
                await self.close_idle()
                await self._journal.records.forget_deleted()
            except (RelayError, OSError) as error:
                log.warning("upkeep-failed", reason=str(error))
            await asyncio.sleep(EVERY_S)

    async def close_idle(self) -> None:
        """Close cases with nothing new for long, unless a human still has to look. All of them, the oldest first."""
        asked = CasesAsked(state=IncidentState.OPEN, oldest_first=True)
        while True:
            async with self._journal.records.read() as records:
                some = await records.cases.incidents(asked, at_most=CASES_AT_ONCE)
                facts = await records.cases.facts([case.id for case in some])
            if not some:
                return
            live = {channel.stream.incident for channel in self._hub.live()}
            for fact in facts:
                if not is_waiting(fact) and fact.incident.id not in live:
                    await self._close_if_idle(fact)
            asked = replace(asked, beyond=some[-1].id)

    async def _close_if_idle(self, fact: CaseFacts) -> None:
        async with self._journal.records.read() as records:
            told_us = await records.cases.last_entry_at_us(fact.incident.id)
        newest_us = told_us or fact.incident.opened_at_us
        newest_us = max([newest_us, *(r.at_us for r in fact.live.values())])
        if self._journal.clock.now_us() - newest_us < self._close_after_s * 1e6:
            return
        async with self._journal.change(fact.incident.id) as change:
            case = await change.case()
            if case.state is not IncidentState.OPEN or await change.tx.alerts.open_alert(case.id):
                return
            await close_decided(change)
            await change.tx.cases.put_incident(incident_model.advance(case, "close"))
            await change.audit("relay", "case-closed", case.id)


def is_waiting(facts: CaseFacts) -> bool:
    """Whether a human still has to look or decide."""
    call = call_of(folded(facts.told))
    asked = call is not None and call.level != "soft"
    return asked or (facts.alert is not None and facts.alert.is_open)
