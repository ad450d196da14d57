"""Letters in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from relay.model.letter import LATEST_US, Letter, LetterState, step
from relay.records.sql import schema as t
from relay.records.sql.connection import SqlChange, SqlConnection
from relay.records.sql.values import AnyRow

_COLUMNS = tuple(field.name for field in fields(Letter))
_OF = t.outbox.c
_WAITS = _OF.state == LetterState.WAITING.value


class SqlOutboxReads:
    """Questions about letters."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def letter(self, letter: UUID) -> Letter | None:
        """One letter."""
        row = await self._db.one(sa.select(t.outbox).filter_by(id=letter))
        return _letter_of(row) if row else None

    async def due(self, now_us: int, most: int, each: int) -> Sequence[Letter]:
        """Those to be taken now."""
        order = (_OF.urgent.desc(), _OF.put_at_us, _OF.id)
        place = sa.func.row_number().over(partition_by=(_OF.channel, _OF.to), order_by=order)
        ranked = sa.select(_OF.id, place.label("place")).where(_is_due(now_us)).subquery()
        query = sa.select(t.outbox).join(ranked, ranked.c.id == _OF.id)
        rows = await self._db.all(query.where(ranked.c.place <= each).order_by(*order).limit(most))
        return [_letter_of(row) for row in rows]

    async def next_due_us(self, now_us: int) -> int | None:
        """When the next one is to be taken."""
        if await self._db.one(sa.select(_OF.id).where(_is_due(now_us)).limit(1)):
            return now_us
        later = sa.case(
            (_OF.next_try_at_us > _OF.held_until_us, _OF.next_try_at_us), else_=_OF.held_until_us
        )
        row = await self._db.one(
            sa.select(later.label("at_us")).where(_WAITS).order_by(later).limit(1)
        )
        return int(row.at_us) if row else None

    async def letters_of(self, incident: UUID) -> Sequence[Letter]:
        """Those of a case."""
        query = sa.select(t.outbox).filter_by(incident=incident)
        rows = await self._db.all(query.order_by(_OF.put_at_us, _OF.id))
        return [_letter_of(row) for row in rows]

    async def newest(self, most: int) -> Sequence[Letter]:
        """The newest first."""
        query = sa.select(t.outbox).order_by(_OF.put_at_us.desc(), _OF.id).limit(most)
        return [_letter_of(row) for row in await self._db.all(query)]


class SqlOutboxWrites(SqlOutboxReads):
    """Changes of letters."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def put(self, letter: Letter) -> bool:
        """Add it where it is not there."""
        if await self.letter(letter.id) is not None:
            return False
        await self._db.insert(t.outbox, **_columns(letter))
        return True

    async def claim(
        self, letters: Collection[UUID], holder: str, *, now_us: int, until_us: int
    ) -> Sequence[Letter]:
        """Take those that are still due, in one statement."""
        if not now_us < until_us <= now_us + LATEST_US:
            raise ValueError("a claim ends after now, within ten minutes")
        change = (
            t.outbox.update()
            .where(_OF.id.in_(letters), _is_due(now_us))
            .values(holder=holder, held_until_us=until_us, tries=_OF.tries + 1)
            .returning(*_OF)
        )
        taken = [_letter_of(row) for row in (await self._db.execute(change)).all()]
        return sorted(taken, key=lambda one: (not one.urgent, one.put_at_us, one.id.int))

    async def settle(self, letter: Letter) -> bool:
        """Write it over one that waits."""
        values = _columns(letter)
        change = t.outbox.update().where(_OF.id == values.pop("id"), _WAITS).values(**values)
        return bool((await self._db.execute(change)).rowcount)

    async def opened(self, letter: UUID, who: str, at_us: int) -> Letter | None:
        """Its link was used."""
        known = await self.letter(letter)
        if known is None or known.opened_at_us is not None:
            return None
        now = step(known, "open", at_us, who)
        opened = {"opened_at_us": now.opened_at_us, "opened_by": now.opened_by}
        await self._db.update(t.outbox, {"id": letter}, **opened)
        return now

    async def free(self, holder: str) -> int:
        """Give back."""
        mine = _OF.holder.startswith(holder, autoescape=True)
        change = t.outbox.update().where(_WAITS, mine, sa.literal(bool(holder)))
        return (await self._db.execute(change.values(holder="", held_until_us=0))).rowcount


def _is_due(now_us: int) -> sa.ColumnElement[bool]:
    """As ``Letter.is_due``."""
    latest_us = now_us + LATEST_US
    rested = (_OF.next_try_at_us <= now_us) | (_OF.next_try_at_us > latest_us)
    free = (_OF.held_until_us <= now_us) | (_OF.held_until_us > latest_us)
    return sa.and_(_WAITS, rested, free)


def _letter_of(row: AnyRow) -> Letter:
    found = Letter(**{name: getattr(row, name) for name in _COLUMNS})
    return replace(found, state=LetterState(found.state))


def _columns(letter: Letter) -> dict[str, Any]:
    return {name: getattr(letter, name) for name in _COLUMNS} | {"state": letter.state.value}
