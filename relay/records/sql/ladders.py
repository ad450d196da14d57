"""Ladders in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from relay.errors import Conflict
from relay.model.ladder import Ladder, LadderRung, LadderState, Skip
from relay.model.ladder_policy import PolicyStep, Steps, Target
from relay.records.sql import schema as t
from relay.records.sql.connection import SqlChange, SqlConnection
from relay.records.sql.values import AnyRow

AT_ONCE = 500


class SqlLadderReads:
    """Questions about ladders."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def policy(self, hospital: str) -> Mapping[str, object] | None:
        """The steps it has set."""
        row = await self._db.one(sa.select(t.ladder_policies).filter_by(hospital=hospital))
        return row.steps if row else None

    async def climbing(self) -> list[Ladder]:
        """Those that have a step to come."""
        query = sa.select(t.ladders).where(t.ladders.c.state == LadderState.CLIMBING.value)
        rows = await self._db.all(query.order_by(t.ladders.c.due_at_us).limit(AT_ONCE))
        return [_ladder_of(row) for row in rows]

    async def ladder(self, ladder: UUID) -> Ladder | None:
        """One ladder."""
        row = await self._db.one(sa.select(t.ladders).filter_by(id=ladder))
        return _ladder_of(row) if row else None

    async def not_stopped(self, incident: UUID) -> list[Ladder]:
        """Those of a case that go on."""
        of = t.ladders.c
        query = sa.select(t.ladders).where(
            of.incident == incident, of.state != LadderState.STOPPED.value
        )
        return [_ladder_of(row) for row in await self._db.all(query.order_by(of.hospital))]

    async def rungs(self, incident: UUID) -> list[LadderRung]:
        """Every step that was done."""
        of = t.ladder_steps.c
        query = sa.select(t.ladder_steps).where(of.incident == incident)
        rows = await self._db.all(query.order_by(of.done_at_us, of.ladder, of.step))
        return [_rung_of(row) for row in rows]


class SqlLadderWrites(SqlLadderReads):
    """Changes of ladders."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def put_policy(
        self, hospital: str, steps: Mapping[str, object] | None, at_us: int
    ) -> None:
        """Set the steps, or take them away."""
        if steps is None:
            await self._db.execute(t.ladder_policies.delete().filter_by(hospital=hospital))
            return
        values = {"hospital": hospital, "steps": dict(steps), "set_at_us": at_us}
        await self._db.put(t.ladder_policies, "hospital", values)

    async def add_ladder(self, ladder: Ladder) -> bool:
        """Keep a new one."""
        known = await self.ladder(ladder.id)
        if known is None:
            await self._db.insert(t.ladders, **_columns(ladder))
        return known is None

    async def move(self, before: Ladder, after: Ladder) -> bool:
        """Set how far it has come, where nobody was quicker."""
        where = {"id": before.id, "step": before.step, "state": before.state.value}
        changed = {
            "level": after.level,
            "alert": after.alert,
            "step": after.step,
            "due_at_us": after.due_at_us,
            "state": after.state.value,
        }
        return bool(await self._db.update(t.ladders, where, **changed))

    async def add_rung(self, rung: LadderRung) -> None:
        """Keep a step that was done."""
        ladder = sa.select(t.ladders.c.incident).filter_by(id=rung.ladder)
        values: dict[str, Any] = {
            "ladder": rung.ladder,
            "step": rung.step,
            "incident": (await self._db.execute(ladder)).scalar_one(),
            "target": rung.target.value,
            "who": rung.who,
            "channels": list(rung.channels),
            "due_at_us": rung.due_at_us,
            "done_at_us": rung.done_at_us,
            "skipped": rung.skipped.value if rung.skipped else None,
        }
        try:
            await self._db.insert(t.ladder_steps, **values)
        except IntegrityError as error:
            raise Conflict("This step of the ladder was done before.") from error


def _columns(ladder: Ladder) -> dict[str, Any]:
    steps = [[step.who.value, list(step.channels), step.wait_s] for step in ladder.steps]
    return {
        "id": ladder.id,
        "incident": ladder.incident,
        "hospital": ladder.hospital,
        "level": ladder.level,
        "snapshot": ladder.snapshot,
        "alert": ladder.alert,
        "began_at_us": ladder.began_at_us,
        "steps": steps,
        "step": ladder.step,
        "due_at_us": ladder.due_at_us,
        "state": ladder.state.value,
    }


def _ladder_of(row: AnyRow) -> Ladder:
    steps: Steps = tuple(
        PolicyStep(Target(who), tuple(channels), wait_s) for who, channels, wait_s in row.steps
    )
    return Ladder(
        row.id, row.incident, row.hospital, row.level, row.snapshot, row.alert, row.began_at_us,
        steps, row.due_at_us, row.step, LadderState(row.state),
    )  # fmt: skip


def _rung_of(row: AnyRow) -> LadderRung:
    skipped = Skip(row.skipped) if row.skipped else None
    return LadderRung(
        row.ladder, row.step, Target(row.target), row.who, tuple(row.channels), row.due_at_us,
        row.done_at_us, skipped,
    )  # fmt: skip
