"""On which screens an alert, or an ECG that rang nowhere, has been drawn: kept once for each, told to the crew."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar
from uuid import UUID

from relay.errors import NotFound, Unavailable
from relay.model.alert import Alert, can
from relay.model.people import Person, sees
from relay.model.snapshot import Snapshot
from relay.model.timeline import Stage
from relay.records.port.records import RecordReads
from relay.services.alarm.rules import step
from relay.services.alarm.unstored import Unstored
from relay.services.ground.journal import Journal
from relay.services.ground.late import Act
from relay.services.ground.seen import RecentMarks

Part = TypeVar("Part", Alert, Snapshot)
"""Something that belongs to a case."""


class Hearing:
    """Takes in what pages say they have drawn.

    Args:
        journal: the cases.
        unstored: alarms that ring from memory, which nobody finds in the records yet.
    """

    def __init__(self, journal: Journal, unstored: Unstored) -> None:
        self._journal, self._unstored = journal, unstored
        self._delivered = RecentMarks()

    async def delivered(self, alert_id: UUID, person: Person, console: str) -> None:
        """A page has drawn the alert: the crew may be told where, as soon as that can be stored.

        Raises:
            NotFound: no such alert, or not addressed to this person's hospital.
        """
        await self._now_or_later(
            ("delivered", alert_id, person.name, console),
            lambda: self._store_delivered(alert_id, person, console),
        )

    async def _now_or_later(self, key: Hashable, act: Act) -> None:
        try:
            await act()
        except Unavailable:
            self._journal.late.again(key, act)

    async def _store_delivered(self, alert_id: UUID, person: Person, console: str) -> None:
        async with self._journal.records.read() as records:
            found = await records.alerts.alert(alert_id)
            if found is None and self._unstored.has_alert(alert_id):
                raise Unavailable("This alert is not stored yet.")
            alert = await theirs(records, person, found, "alert")
        key = (alert_id, person.name, console)
        if key in self._delivered:
            return
        async with self._journal.change(alert.incident) as change:
            current = await change.tx.alerts.alert(alert_id)
            data = {"alert": str(alert_id), "console": console}
            if current is not None and can(current, "deliver"):
                await step(change, current, "deliver", person)
                await change.entry(Stage.DELIVERED, person.display_name, data)
            await change.audit(person.name, "alert-delivered", alert_id, {"console": console})
        self._delivered.add(key)

    async def shown(self, snapshot_id: UUID, person: Person, console: str) -> None:
        """A page has drawn the case of a snapshot that rang nowhere; the first screen is told to the crew.

        Raises:
            NotFound: no such snapshot, or not addressed to this person's hospital.
        """
        await self._now_or_later(
            ("shown", snapshot_id, person.name, console),
            lambda: self._store_shown(snapshot_id, person, console),
        )

    async def _store_shown(self, snapshot_id: UUID, person: Person, console: str) -> None:
        async with self._journal.records.read() as records:
            found = await records.recordings.snapshot(snapshot_id)
            snapshot = await theirs(records, person, found, "snapshot")
        key = (snapshot_id, person.name, console)
        if key in self._delivered:
            return
        async with self._journal.change(snapshot.incident) as change:
            told = await change.tx.cases.receipt_entries(snapshot.incident)
            data: dict[str, object] = {"snapshot": str(snapshot_id), "console": console}
            if not any(
                e.stage is Stage.DELIVERED and e.data.get("snapshot") == data["snapshot"]
                for e in told
            ):
                await change.entry(Stage.DELIVERED, person.display_name, data)
            await change.audit(person.name, "snapshot-shown", snapshot_id, {"console": console})
        self._delivered.add(key)


async def theirs(records: RecordReads, person: Person, found: Part | None, name: str) -> Part:
    """What was found of a case, where that is addressed to the person's hospital.

    Raises:
        NotFound: it is not, or there is none; the two look alike.
    """
    incident = await records.cases.incident(found.incident) if found is not None else None
    if found is None or incident is None or not sees(person, incident):
        raise NotFound(f"There is no such {name}.")
    return found
