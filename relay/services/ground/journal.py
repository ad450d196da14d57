"""Every change of a case: one transaction, and told to others only after its commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from relay.bus.port import Bus
from relay.errors import NotFound
from relay.model.incident import Incident
from relay.model.news import CaseChanged
from relay.model.timeline import Entry, Stage
from relay.records.port.records import Records, RecordWrites
from relay.services.ground.late import Late


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


Belonging = Callable[[CaseChange], Awaitable[None]]
"""Writes into the same transaction what belongs to a change; what it raises undoes the change."""


class Journal:
    """Where services change cases.

    Attributes:
        belonging: asked once at the end of every change that has added to the timeline, before its commit.
    """

    def __init__(self, records: Records, bus: Bus, late: Late) -> None:
        self.records = records
        self.clock = late.clock
        self.late = late
        self._bus = bus
        self.belonging: list[Belonging] = []

    @asynccontextmanager
    async def change(self, incident: UUID) -> AsyncIterator[CaseChange]:
        """A transaction on this case. After its commit, and only then, others hear of it."""
        async with self.records.begin() as tx:
            change = CaseChange(tx, incident, self.clock.now_us())
            yield change
            for write in self.belonging if change.entries else ():
                await write(change)
            case = await tx.cases.incident(incident)
        if case is not None:
            self._bus.publish(CaseChanged(case, tuple(change.entries)))
        for act in change.after_commit:
            act()

    def touched(self, incident: Incident) -> None:
        """Something of the case's row is different that is not in the database."""
        self._bus.publish(CaseChanged(incident))

    def told(self, incident: Incident, entries: tuple[Entry, ...]) -> None:
        """Entries were committed to the case's timeline in somebody else's transaction."""
        self._bus.publish(CaseChanged(incident, entries))
