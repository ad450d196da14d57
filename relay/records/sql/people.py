"""People, their sessions, tablets and rights in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from relay.model.people import (
    Account,
    Device,
    DeviceEntry,
    Hospital,
    Session,
    SessionEnd,
    Withdrawal,
)
from relay.records.sql import schema as t
from relay.records.sql import values as v
from relay.records.sql.connection import SqlChange, SqlConnection


class SqlPeopleReads:
    """Questions about people and tablets."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def account(self, name: str) -> Account | None:
        """One account."""
        row = await self._db.one(sa.select(t.users).filter_by(name=name))
        return v.account_of(row) if row else None

    async def accounts(self) -> list[Account]:
        """Every account."""
        return [v.account_of(r) for r in await self._db.all(sa.select(t.users).order_by("name"))]

    async def sessions(self, token_hashes: Sequence[str]) -> list[Session]:
        """Those of these sessions that still count."""
        query = (
            sa.select(
                t.users, t.sessions.c.token_hash, t.sessions.c.seen_at_us,
                t.sessions.c.created_at_us.label("began_at_us"),
            )
            .join_from(t.sessions, t.users)
            .where(
                t.sessions.c.token_hash.in_(token_hashes),
                t.sessions.c.ended_at_us.is_(None),
                t.users.c.disabled.is_(False),
            )
        )  # fmt: skip
        return [
            Session(row.token_hash, v.person_of(row), row.began_at_us, row.seen_at_us)
            for row in await self._db.all(query)
        ]

    async def session_user(self, token_hash: str) -> str | None:
        """The account of a session."""
        query = sa.select(t.sessions.c.user).where(t.sessions.c.token_hash == token_hash)
        return (await self._db.execute(query)).scalar_one_or_none()

    async def session_ends(self, token_hashes: Sequence[str]) -> dict[str, SessionEnd]:
        """Why sessions were ended."""
        query = sa.select(t.sessions.c.token_hash, t.sessions.c.ended_why).where(
            t.sessions.c.token_hash.in_(token_hashes), t.sessions.c.ended_why.is_not(None)
        )
        return {row.token_hash: SessionEnd(row.ended_why) for row in await self._db.all(query)}

    async def device_of_token(self, token_hash: str) -> Device | None:
        """The device a token belongs to."""
        query = sa.select(t.devices).filter_by(token_hash=token_hash, revoked_at_us=None)
        found = await self._devices(query)
        return found[0].device if found else None

    async def device(self, unit: str) -> DeviceEntry | None:
        """One device."""
        found = await self._devices(sa.select(t.devices).filter_by(unit=unit))
        return found[0] if found else None

    async def devices(self) -> list[DeviceEntry]:
        """Every device."""
        return await self._devices(sa.select(t.devices).order_by(t.devices.c.unit))

    async def _devices(self, query: sa.Select[Any]) -> list[DeviceEntry]:
        rows = await self._db.all(query)
        at = t.device_hospitals.c
        addressed = sa.select(at.unit, at.hospital)
        if len(rows) == 1:
            addressed = addressed.where(at.unit == rows[0].unit)
        hospitals: dict[str, set[str]] = {row.unit: set() for row in rows}
        for one in await self._db.all(addressed) if rows else ():
            hospitals.setdefault(one.unit, set()).add(one.hospital)
        return [
            DeviceEntry(
                Device(row.unit, frozenset(hospitals[row.unit]), row.token_hash),
                row.token_hash, row.created_at_us, row.revoked_at_us,
            )
            for row in rows
        ]  # fmt: skip

    async def withdrawn_token(self, token_hash: str) -> tuple[str, Withdrawal] | None:
        """Whose token it was."""
        revoked = sa.select(t.devices.c.unit).filter_by(token_hash=token_hash)
        row = await self._db.one(revoked.where(t.devices.c.revoked_at_us.is_not(None)))
        if row is not None:
            return row.unit, Withdrawal.REVOKED
        row = await self._db.one(
            sa.select(t.replaced_tokens.c.unit).filter_by(token_hash=token_hash)
        )
        return (row.unit, Withdrawal.REPLACED) if row else None

    async def rights_version(self) -> int:
        """How often a right has changed."""
        return int((await self._db.execute(sa.select(t.rights.c.version))).scalar_one())

    async def hospitals(self) -> list[Hospital]:
        """Every hospital."""
        rows = await self._db.all(sa.select(t.hospitals).order_by(t.hospitals.c.id))
        return [Hospital(row.id, row.name) for row in rows]


class SqlPeopleWrites(SqlPeopleReads):
    """Changes of people and tablets."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def put_account(self, account: Account) -> None:
        """Add an account or replace it."""
        person = account.person
        await self._db.put(
            t.users,
            "name",
            {
                "name": person.name,
                "display_name": person.display_name,
                "role": person.role.value,
                "hospital": person.hospital,
                "password_hash": account.password_hash,
                "disabled": account.disabled,
                "created_at_us": account.created_at_us,
            },
        )

    async def add_session(self, session: Session) -> None:
        """Keep a new session."""
        await self._db.insert(
            t.sessions,
            token_hash=session.token_hash,
            user=session.person.name,
            created_at_us=session.created_at_us,
            seen_at_us=session.seen_at_us,
        )

    async def touch_session(self, token_hash: str, seen_at_us: int) -> None:
        """The person did something."""
        await self._db.update(t.sessions, {"token_hash": token_hash}, seen_at_us=seen_at_us)

    async def renew_session(self, token_hash: str, at_us: int) -> None:
        """Begin its times anew."""
        where = {"token_hash": token_hash, "ended_at_us": None}
        await self._db.update(t.sessions, where, created_at_us=at_us, seen_at_us=at_us)

    async def end_sessions(
        self,
        at_us: int,
        why: SessionEnd,
        *,
        token_hash: str | None = None,
        user: str | None = None,
        but: str | None = None,
    ) -> None:
        """End one session or all of an account."""
        of = t.sessions.c
        whose = of.token_hash == token_hash if token_hash else of.user == user
        ending = t.sessions.update().where(whose, of.ended_at_us.is_(None))
        if but is not None:
            ending = ending.where(of.token_hash != but)
        await self._db.execute(ending.values(ended_at_us=at_us, ended_why=why.value))

    async def put_device(self, entry: DeviceEntry) -> None:
        """Add a device or replace it."""
        unit = entry.device.unit
        before = await self.device(unit)
        if before is not None and before.token_hash != entry.token_hash:
            await self._db.insert(t.replaced_tokens, token_hash=before.token_hash, unit=unit)
        await self._db.put(
            t.devices,
            "unit",
            {
                "unit": unit,
                "token_hash": entry.token_hash,
                "created_at_us": entry.created_at_us,
                "revoked_at_us": entry.revoked_at_us,
            },
        )
        known = before.device.hospitals if before else frozenset()
        at = t.device_hospitals
        for hospital in sorted(known - entry.device.hospitals):
            await self._db.execute(at.delete().filter_by(unit=unit, hospital=hospital))
        for hospital in sorted(entry.device.hospitals - known):
            await self._db.insert(at, unit=unit, hospital=hospital)

    async def put_hospital(self, hospital: Hospital) -> None:
        """Add a hospital or rename it."""
        await self._db.put(t.hospitals, "id", {"id": hospital.id, "name": hospital.name})
