"""Cases in SQL, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from relay.model.decision import Decision, Opening
from relay.model.incident import Incident
from relay.model.intervals import STORY_STAGES
from relay.model.photo import ScenePhoto
from relay.model.timeline import Entry, Stage
from relay.records.port.cases import CaseFacts, CasesAsked, CaseSearch, CasesFound
from relay.records.sql import schema as t
from relay.records.sql import values as v
from relay.records.sql.case_facts import in_order, read_cases, read_incidents, read_receipt_entries
from relay.records.sql.case_search import search_cases
from relay.records.sql.connection import SqlChange, SqlConnection

ENTRIES_AT_ONCE = 10_000


class SqlCaseReads:
    """Questions about cases."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def incident(self, incident: UUID) -> Incident | None:
        """One case."""
        found = await read_incidents(self._db, sa.select(t.incidents).filter_by(id=incident))
        return found[0] if found else None

    async def incidents(self, asked: CasesAsked, *, at_most: int) -> list[Incident]:
        """Cases in the order asked for."""
        return await read_incidents(self._db, in_order(asked).limit(at_most))

    async def count_incidents(self, asked: CasesAsked) -> int:
        """How many there are."""
        found = in_order(asked).order_by(None).subquery()
        count = await self._db.execute(sa.select(sa.func.count()).select_from(found))
        return int(count.scalar_one())

    async def search(self, asked: CaseSearch, *, at_most: int, looks_at: int) -> CasesFound:
        """A page of the cases searched for."""
        return await search_cases(self._db, asked, at_most, looks_at)

    async def told(self, incidents: Sequence[UUID]) -> Mapping[UUID, Sequence[Entry]]:
        """The entries of these cases that receipts are made of."""
        return await read_receipt_entries(self._db, incidents)

    async def facts(self, incidents: Sequence[UUID]) -> list[CaseFacts]:
        """The facts of these cases."""
        return await read_cases(self._db, incidents)

    async def timeline(self, incident: UUID, after: int = 0) -> list[Entry]:
        """The next entries above ``after``."""
        query = sa.select(t.timeline).filter_by(incident=incident).where(t.timeline.c.entry > after)
        query = query.order_by(t.timeline.c.entry).limit(ENTRIES_AT_ONCE)
        return [v.entry_of(row) for row in await self._db.all(query)]

    async def newest_entries(self, incident: UUID, before: int, at_most: int) -> list[Entry]:
        """The newest entries below ``before``."""
        query = sa.select(t.timeline).filter_by(incident=incident)
        query = query.where(t.timeline.c.entry < before).order_by(t.timeline.c.entry.desc())
        return [v.entry_of(row) for row in reversed(await self._db.all(query.limit(at_most)))]

    async def last_entry_at_us(self, incident: UUID) -> int | None:
        """The latest moment on the timeline."""
        query = sa.select(sa.func.max(t.timeline.c.at_us)).filter_by(incident=incident)
        at_us: int | None = (await self._db.execute(query)).scalar()
        return at_us

    async def receipt_entries(self, incident: UUID) -> list[Entry]:
        """The entries that receipts are made of."""
        return (await read_receipt_entries(self._db, [incident]))[incident]

    async def story(self, incident: UUID) -> list[Entry]:
        """The entries that intervals are made of."""
        query = sa.select(t.timeline).where(
            t.timeline.c.incident == incident, t.timeline.c.stage.in_(STORY_STAGES)
        )
        return [v.entry_of(row) for row in await self._db.all(query.order_by(t.timeline.c.entry))]

    async def card(self, incident: UUID) -> Mapping[str, object] | None:
        """The newest patient card."""
        query = sa.select(t.patient_cards).filter_by(incident=incident)
        row = await self._db.one(query.order_by(t.patient_cards.c.rev.desc()).limit(1))
        return row.body if row else None

    async def openings(self, incident: UUID) -> list[Opening]:
        """Who had the trace on screen."""
        query = sa.select(t.openings).filter_by(incident=incident).order_by(t.openings.c.number)
        return [v.opening_of(row) for row in await self._db.all(query)]

    async def last_decision(self, incident: UUID) -> Decision | None:
        """The newest decision."""
        query = sa.select(t.decisions).filter_by(incident=incident)
        row = await self._db.one(query.order_by(t.decisions.c.number.desc()).limit(1))
        return v.decision_of(row) if row else None

    async def photo_image(self, photo: UUID) -> tuple[ScenePhoto, bytes] | None:
        """One photo of a scene."""
        row = await self._db.one(sa.select(t.scene_photos).filter_by(id=photo))
        if row is None:
            return None
        return ScenePhoto(row.id, row.incident, row.taken_at_us, row.by), row.jpeg

    async def photo_count(self, incident: UUID) -> int:
        """How many a case has."""
        count = sa.select(sa.func.count()).select_from(t.scene_photos).filter_by(incident=incident)
        return int((await self._db.execute(count)).scalar_one())


class SqlCaseWrites(SqlCaseReads):
    """Changes of cases."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def mark_event(self, event: UUID, incident: UUID, at_us: int) -> bool:
        """Note that an event is applied."""
        known = sa.select(t.applied_events.c.event).filter_by(event=event)
        if (await self._db.execute(known)).first():
            return False
        await self._db.insert(t.applied_events, event=event, incident=incident, applied_at_us=at_us)
        return True

    async def put_incident(self, incident: Incident) -> None:
        """Add a case or set its state and hospitals."""
        await self._db.put(
            t.incidents,
            "id",
            {
                "id": incident.id,
                "unit": incident.unit,
                "opened_at_us": incident.opened_at_us,
                "state": incident.state.value,
            },
        )
        await self._db.execute(t.incident_hospitals.delete().filter_by(incident=incident.id))
        for hospital in sorted(incident.hospitals):
            await self._db.insert(
                t.incident_hospitals,
                incident=incident.id,
                hospital=hospital,
                opened_at_us=incident.opened_at_us,
            )

    async def add_entry(
        self, incident: UUID, at_us: int, stage: Stage, who: str, data: Mapping[str, object]
    ) -> Entry:
        """Append to the timeline."""
        last = sa.select(sa.func.max(t.timeline.c.entry)).filter_by(incident=incident)
        number = ((await self._db.execute(last)).scalar() or 0) + 1
        entry = Entry(incident, number, at_us, stage, who, dict(data))
        await self._db.insert(
            t.timeline, incident=incident, entry=number, at_us=at_us, stage=stage.value, who=who,
            data=dict(data),
        )  # fmt: skip
        return entry

    async def put_card(
        self, incident: UUID, rev: int, body: Mapping[str, object], at_us: int
    ) -> None:
        """Keep a revision of the card."""
        known = sa.select(t.patient_cards.c.rev).filter_by(incident=incident, rev=rev)
        if not (await self._db.execute(known)).first():
            await self._db.insert(
                t.patient_cards, incident=incident, rev=rev, at_us=at_us, body=dict(body)
            )

    async def add_opening(self, opening: Opening) -> None:
        """Keep who looked."""
        await self._db.insert(
            t.openings,
            incident=opening.incident,
            snapshot=opening.snapshot,
            who=opening.who,
            user=opening.user,
            at_us=opening.at_us,
        )

    async def add_decision(self, decision: Decision) -> None:
        """Keep a decision."""
        await self._db.insert(
            t.decisions,
            incident=decision.incident,
            decision=decision.decision.value,
            text=decision.text,
            snapshot=decision.snapshot,
            who=decision.who,
            user=decision.user,
            at_us=decision.at_us,
        )

    async def add_note(self, incident: UUID, text: str, who: str, user: str, at_us: int) -> None:
        """Keep a line of text."""
        await self._db.insert(
            t.notes, incident=incident, text=text, who=who, user=user, at_us=at_us
        )

    async def add_photo(self, photo: ScenePhoto, jpeg: bytes) -> bool:
        """Keep a photo."""
        if await self.photo_image(photo.id) is not None:
            return False
        await self._db.insert(
            t.scene_photos,
            id=photo.id,
            incident=photo.incident,
            taken_at_us=photo.taken_at_us,
            by=photo.by,
            jpeg=jpeg,
        )
        return True
