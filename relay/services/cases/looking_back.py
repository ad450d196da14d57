"""Kept cases for the command line: listed, shown and written out, while a relay runs. The audit says so first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from relay.errors import NotFound
from relay.model.clock import Clock
from relay.model.timeline import Entry
from relay.protocol.answers import IncidentRow, Json
from relay.records.port.cases import CaseFacts, CaseSearch
from relay.records.port.records import RecordReads, Records
from relay.services.cases.archive import CASES_LOOKED_AT, asked_of
from relay.services.cases.cases import ENTRIES_SHOWN, MAX_ENTRY
from relay.services.cases.render import entry_json, row_json, snapshot_json, story_json

CASES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class LookBack:
    """Reads of kept cases by somebody who has the data folder.

    Attributes:
        by: who the audit names.
    """

    records: Records
    clock: Clock
    by: str

    async def rows(self, asked: CaseSearch, at_most: int) -> tuple[list[IncidentRow], bool]:
        """Rows, newest first, and whether there may be more. The audit names every case before a row leaves."""
        ids, more = await self._ids(asked, at_most)
        subject = asked.hospital or ""
        shown: Json = {"asked": asked_of(asked), "shown": [str(one) for one in ids]}
        await self._write("archive-searched", subject, shown)
        rows: list[IncidentRow] = []
        async with self.records.read() as records:
            for first in range(0, len(ids), CASES_AT_ONCE):
                facts = await records.cases.facts(ids[first : first + CASES_AT_ONCE])
                rows += [row_json(one, None, None) for one in facts]
        return rows, more

    async def _ids(self, asked: CaseSearch, at_most: int) -> tuple[list[UUID], bool]:
        ids: list[UUID] = []
        async with self.records.read() as records:
            while True:
                found = await records.cases.search(
                    asked, at_most=at_most - len(ids), looks_at=CASES_LOOKED_AT
                )
                ids += found.ids
                if found.beyond is None or len(ids) >= at_most:
                    return ids, found.beyond is not None
                asked = replace(asked, beyond=found.beyond)

    async def show(self, incident: UUID) -> Json:
        """The whole case, as pages get it.

        Raises:
            NotFound: there is none.
        """
        async with self.records.read() as records:
            found = await records.cases.facts([incident])
            if not found:
                raise NotFound("There is no such case; kyumei cases list names them.")
            await self._write("case-read", str(incident), {})
            return await _whole(records, found[0])

    async def _write(self, action: str, subject: str, about: Json) -> None:
        async with self.records.begin() as tx:
            await tx.evidence.audit(self.clock.now_us(), self.by, action, subject, about)


async def _whole(records: RecordReads, facts: CaseFacts) -> Json:
    entries: list[Entry] = []
    before = MAX_ENTRY
    while some := await records.cases.newest_entries(facts.incident.id, before, ENTRIES_SHOWN):
        entries = [*some, *entries]
        before = some[0].entry
    snapshots = [
        snapshot_json(one, facts.snapshot_reports.get(one.id), facts.card)
        for one in facts.snapshots
    ]
    return {
        **row_json(facts, None, None),
        **story_json(facts, entries),
        "snapshots": snapshots,
        "timeline": [entry_json(entry) for entry in entries],
    }
