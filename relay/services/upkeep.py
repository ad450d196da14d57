"""What the relay does by itself, now and then: closes cases nobody touches, anchors the audit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from relay.errors import RelayError
from relay.model import incident as incident_model
from relay.model.audit import ChainCheck
from relay.model.incident import IncidentState
from relay.services.alerting import close_decided
from relay.services.journal import Journal
from relay.services.render import awaits_reading
from relay.store.port import CaseFacts, Records

log = structlog.get_logger(__name__)
EVERY_S = 600.0
PAGE = 1_000


class Upkeep:
    """The slow chores."""

    def __init__(self, journal: Journal, anchors: AuditAnchors, close_after_s: float) -> None:
        self._journal = journal
        self._anchors = anchors
        self._close_after_s = close_after_s

    async def run(self) -> None:
        """Do them until cancelled."""
        while True:
            try:
                await self._anchors.write(self._journal.records)
                await self.close_idle()
            except (RelayError, OSError) as error:
                log.warning("upkeep-failed", reason=str(error))
            await asyncio.sleep(EVERY_S)

    async def close_idle(self) -> None:
        """Close cases with nothing new for long, unless a human still has to look."""
        async with self._journal.records.read() as records:
            open_cases = await records.incidents(state=IncidentState.OPEN, limit=1_000)
            facts = await records.cases([case.id for case in open_cases])
        for fact in facts:
            if not is_waiting(fact):
                await self._close_if_idle(fact)

    async def _close_if_idle(self, fact: CaseFacts) -> None:
        async with self._journal.records.read() as records:
            entries = await records.timeline(fact.incident.id)
        newest_us = max([e.at_us for e in entries], default=fact.incident.opened_at_us)
        newest_us = max([newest_us, *(r.at_us for r in fact.live.values())])
        if self._journal.clock.now_us() - newest_us < self._close_after_s * 1e6:
            return
        async with self._journal.change(fact.incident.id) as change:
            case = await change.case()
            if case.state is not IncidentState.OPEN or await change.tx.open_alert(case.id):
                return
            await close_decided(change)
            await change.tx.put_incident(incident_model.advance(case, "close"))
            await change.audit("relay", "case-closed", case.id)


def is_waiting(facts: CaseFacts) -> bool:
    """Whether a human still has to look or decide."""
    return (facts.alert is not None and facts.alert.is_open) or awaits_reading(facts)


class AuditAnchors:
    """Heads of the audit's chain, written outside the database, so that a cut tail is found too."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def write(self, records: Records) -> None:
        """Append the present head, where it is new."""
        async with records.read() as reads:
            head = await reads.audit_head()
        if head is not None:
            line = f"{head.number} {head.hash}\n"
            await asyncio.to_thread(self._append, line)

    def _append(self, line: str) -> None:
        text = self._file.read_text() if self._file.exists() else ""
        if not text.endswith(line):
            with self._file.open("a") as out:
                out.write(line)

    def read(self) -> dict[int, str]:
        """Anchored row numbers and their hashes."""
        if not self._file.exists():
            return {}
        pairs = (line.split() for line in self._file.read_text().splitlines())
        return {int(number): hashed for number, hashed in pairs}


async def verify_audit(records: Records, anchors: AuditAnchors) -> ChainCheck:
    """Walk the whole audit; the answer says how many rows hold and what the first fault is."""
    check, expected = ChainCheck(), anchors.read()
    last = 0
    async with records.read() as reads:
        while rows := await reads.audit_rows(last, PAGE):
            last = rows[-1].number
            for row in rows:
                check.take([row])
                if expected.pop(row.number, row.hash) != row.hash and check.fault is None:
                    check.fault = f"Row {row.number} of the audit is not the one anchored before."
    if expected and check.fault is None:
        check.fault = f"Row {min(expected)} of the audit was anchored before and is missing now."
    return check
