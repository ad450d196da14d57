"""The roster in SQL."""

from __future__ import annotations

import sqlalchemy as sa

from relay.model.roster import Contact, Duty, DutyDesk, DutyRole
from relay.records.sql import schema as t
from relay.records.sql.connection import SqlChange, SqlConnection
from relay.records.sql.values import AnyRow


class SqlRosterReads:
    """Questions about the roster."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def duties(
        self, hospital: str | None, from_us: int, until_us: int, *, withdrawn: bool = False
    ) -> list[Duty]:
        """Entries that touch this stretch."""
        of = t.duties.c
        query = sa.select(t.duties).where(of.until_us > from_us, of.from_us < until_us)
        if hospital is not None:
            query = query.where(of.hospital == hospital)
        if not withdrawn:
            query = query.where(of.withdrawn.is_(False))
        return [_duty_of(row) for row in await self._db.all(query.order_by(of.number))]

    async def has_duties(self, hospital: str) -> bool:
        """Whether it has ever kept one."""
        query = sa.select(t.duties.c.number).filter_by(hospital=hospital, withdrawn=False)
        return await self._db.one(query.limit(1)) is not None

    async def desks(self, hospital: str | None) -> list[DutyDesk]:
        """Desks, by id."""
        query = sa.select(t.desks).order_by(t.desks.c.id)
        if hospital is not None:
            query = query.where(t.desks.c.hospital == hospital)
        return [DutyDesk(row.id, row.hospital, row.name) for row in await self._db.all(query)]

    async def contacts(self) -> list[Contact]:
        """How everybody is reached."""
        query = sa.select(t.contacts).order_by(t.contacts.c.who, t.contacts.c.channel)
        return [Contact(row.who, row.channel, row.to) for row in await self._db.all(query)]


class SqlRosterWrites(SqlRosterReads):
    """Changes of the roster."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def add_duty(self, duty: Duty) -> Duty:
        """Keep an entry."""
        await self._db.insert(
            t.duties,
            hospital=duty.hospital,
            role=duty.role.value,
            who=duty.who,
            from_us=duty.from_us,
            until_us=duty.until_us,
            made_at_us=duty.made_at_us,
            made_by=duty.made_by,
            withdrawn=False,
        )
        newest = sa.select(t.duties).order_by(t.duties.c.number.desc()).limit(1)
        return _duty_of((await self._db.execute(newest)).one())

    async def withdraw_duty(self, number: int) -> bool:
        """Take one off."""
        where = {"number": number, "withdrawn": False}
        return bool(await self._db.update(t.duties, where, withdrawn=True))

    async def put_desk(self, desk: DutyDesk) -> None:
        """Add a desk or rename it."""
        values = {"id": desk.id, "hospital": desk.hospital, "name": desk.name}
        await self._db.put(t.desks, "id", values)

    async def put_contact(self, contact: Contact) -> None:
        """Set or take away."""
        one = {"who": contact.who, "channel": contact.channel}
        if not contact.to:
            await self._db.execute(t.contacts.delete().filter_by(**one))
        elif not await self._db.update(t.contacts, one, to=contact.to):
            await self._db.insert(t.contacts, **one, to=contact.to)


def _duty_of(row: AnyRow) -> Duty:
    return Duty(
        row.hospital, DutyRole(row.role), row.who, row.from_us, row.until_us, row.number,
        row.made_at_us, row.made_by, row.withdrawn,
    )  # fmt: skip
