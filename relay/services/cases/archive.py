"""The archive: closed cases, searched page by page, by those to whose hospital they were addressed."""

from __future__ import annotations

from relay.protocol.answers import ArchivePage, Json
from relay.records.port.cases import CaseSearch
from relay.services.cases.cases import Cases
from relay.services.ground.journal import Journal
from relay.services.ground.witness import AccessWitness

KIND = "archive-searched"
ROWS_AT_ONCE = 50
CASES_LOOKED_AT = 5_000
"""By one request. A search that finds little goes on from where it has come to, and the page says how far that is."""


class Archive:
    """What a signed-in person may find of closed cases."""

    def __init__(self, journal: Journal, cases: Cases, witness: AccessWitness) -> None:
        self._journal = journal
        self._cases = cases
        self._witness = witness

    async def search(self, asked: CaseSearch) -> ArchivePage:
        """A page of closed cases and how far back was looked. The audit says what was searched for and found."""
        async with self._journal.records.read() as records:
            found = await records.cases.search(asked, at_most=ROWS_AT_ONCE, looks_at=_far(asked))
        rows = await self._cases.rows_of(found.ids)
        shown = [str(one) for one in found.ids]
        about = asked_of(asked)
        await self._witness.look(
            KIND, asked.hospital or "", str([repr(asked), shown]), asked=about, shown=shown
        )
        return {
            "cases": rows,
            "beyond": str(found.beyond) if found.beyond else None,
            "looked_to_us": found.looked_to_us,
        }


def _far(asked: CaseSearch) -> int:
    """How many cases are looked at: most of them, where nearly every one is searched for."""
    is_narrow = asked.unit or asked.tier or asked.decision or asked.words
    return CASES_LOOKED_AT if is_narrow else ROWS_AT_ONCE * 4


def asked_of(asked: CaseSearch) -> Json:
    """What was searched for, for the audit; never the words, which may be a patient's."""
    named = {
        "from_us": asked.from_us,
        "to_us": asked.to_us,
        "unit": asked.unit,
        "tier": asked.tier,
        "decision": asked.decision,
    }
    said: Json = {name: value for name, value in named.items() if value is not None}
    return {**said, "words": len(asked.words)} if asked.words else said
