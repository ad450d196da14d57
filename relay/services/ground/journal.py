"""Every change of a case: one transaction, and told to others only after its commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from relay.bus.port import Bus
from relay.errors import NotFound
from relay.model.incident import Incident
from relay.model.timeline import Entry, Stage
from relay.records.port.records import Records, RecordWrites
from relay.services.ground.late import Late

CASES = "cases"
"""Topic of ``CaseChanged`` of every case."""


def case_topic(incident: UUID) -> str:
    """Topic of ``CaseChanged`` of one case."""
    return f"case:{incident}"


def hospital_topic(hospital: str) -> str:
    """Topic of ready feed texts for the pages of one hospital."""
    return f"hospital:{hospital}"


def resting_topic(hospital: str) -> str:
    """Topic of feed texts without patients, for pages of a hospital that nobody is at."""
    return f"hospital:{hospital}:resting"


@dataclass(frozen=True, slots=True)
class ForPages:
    """A ready feed text, and which case or call it shows to whoever gets it."""

    text: str
    shows: UUID
    listed: str


@dataclass(frozen=True, slots=True)
class CaseChanged:
    """Something of this case is different; ``entries`` are new on its timeline."""

    incident: Incident
    entries: tuple[Entry, ...] = ()


class CaseChange:
    """One transaction on one case, with what it adds to the timeline."""

    def __init__(self, tx: RecordWrites, incident: UUID, now_us: int) -> None:
        self.tx = tx
        self.incident = incident
        self.now_us = now_us
        self.entries: list[Entry] = []
        self.after_commit: list[Callable[[], None]] = []
        """Done once the change is on disk, and only then; none may raise or wait."""

    async def entry(
        self, stage: Stage, who: str, data: Mapping[str, object], at_us: int | None = None
    ) -> Entry:
        """Add to the timeline; now, or when the crew says it was."""
        at_us = self.now_us if at_us is None else at_us
        added = await self.tx.cases.add_entry(self.incident, at_us, stage, who, data)
        self.entries.append(added)
        return added

    async def case(self) -> Incident:
        """The case as it stands in this transaction.

        Raises:
            NotFound: there is none.
        """
        incident = await self.tx.cases.incident(self.incident)
        if incident is None:
            raise NotFound("There is no such case.")
        return incident

    async def audit(
        self, who: str, action: str, subject: object, data: Mapping[str, object] | None = None
    ) -> None:
        """Add to the audit."""
        await self.tx.evidence.audit(self.now_us, who, action, str(subject), data)


class Journal:
    """Where services change cases."""

    def __init__(self, records: Records, bus: Bus, late: Late) -> None:
        self.records = records
        self.clock = late.clock
        self.late = late
        self._bus = bus

    @asynccontextmanager
    async def change(self, incident: UUID) -> AsyncIterator[CaseChange]:
        """A transaction on this case. After its commit, and only then, others hear of it."""
        async with self.records.begin() as tx:
            change = CaseChange(tx, incident, self.clock.now_us())
            yield change
            case = await tx.cases.incident(incident)
        if case is not None:
            self._tell(CaseChanged(case, tuple(change.entries)))
        for act in change.after_commit:
            act()

    def touched(self, incident: Incident) -> None:
        """Something of the case's row is different that is not in the database."""
        self._tell(CaseChanged(incident))

    def told(self, incident: Incident, entries: tuple[Entry, ...]) -> None:
        """Entries were committed to the case's timeline in somebody else's transaction."""
        self._tell(CaseChanged(incident, entries))

    def _tell(self, message: CaseChanged) -> None:
        self._bus.publish(CASES, message)
        self._bus.publish(case_topic(message.incident.id), message)
