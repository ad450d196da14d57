"""Leases in SQL."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.port.leases import LONGEST_US
from relay.records.sql import schema as t
from relay.records.sql.connection import SqlChange, SqlConnection

# one statement, so that nobody comes between the question and the answer; in words, because SQLAlchemy has
# ON CONFLICT only by dialect, and naming PostgreSQL's would load it for everybody
_TAKE = sa.text(
    "INSERT INTO leases (name, holder, until_us) VALUES (:name, :holder, :until_us) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_us = excluded.until_us "
    "WHERE leases.holder = excluded.holder "
    "OR leases.until_us <= :now_us OR leases.until_us > :latest_us "
    "RETURNING name"
)


class SqlLeaseReads:
    """Questions about leases."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def holder(self, name: str, now_us: int) -> str | None:
        """Who holds it."""
        of = t.leases.c
        query = sa.select(of.holder).filter_by(name=name)
        row = await self._db.one(
            query.where(of.until_us > now_us, of.until_us <= now_us + LONGEST_US)
        )
        return row.holder if row else None


class SqlLeaseWrites(SqlLeaseReads):
    """Changes of leases."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def take(self, name: str, holder: str, *, now_us: int, until_us: int) -> bool:
        """Take it, or make one's own longer."""
        latest_us = now_us + LONGEST_US
        if not now_us < until_us <= latest_us:
            raise ValueError("a lease ends after now, within the hour")
        asked = {"now_us": now_us, "latest_us": latest_us, "until_us": until_us}
        taken = await self._db.one(_TAKE.bindparams(name=name, holder=holder, **asked))
        return taken is not None

    async def release(self, name: str, holder: str) -> None:
        """Give one's own back."""
        await self._db.execute(t.leases.delete().filter_by(name=name, holder=holder))
