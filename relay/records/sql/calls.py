"""119 calls in SQL."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

import sqlalchemy as sa

from relay.model.call import (
    Call,
    CallEntry,
    CallFacts,
    CallLink,
    CallState,
    Position,
    Share,
    ShareKind,
    Still,
)
from relay.records.sql import schema as t
from relay.records.sql.connection import Query, SqlChange, SqlConnection
from relay.records.sql.values import AnyRow

CALL_FIELDS = tuple(field.name for field in fields(Call))


class SqlCallReads:
    """Questions about calls."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def call(self, call: UUID) -> CallFacts | None:
        """One call."""
        found = await self._facts(sa.select(t.calls).filter_by(id=call))
        return found[0] if found else None

    async def open_calls(self) -> list[CallFacts]:
        """Calls that have not ended."""
        return await self._facts(_open())

    async def calls_shared_with(self, hospital: str) -> list[CallFacts]:
        """Open calls shared with a hospital."""
        shared = sa.select(t.call_shares.c.call).filter_by(
            kind=ShareKind.HOSPITAL.value, target=hospital, ended_at_us=None
        )
        return await self._facts(_open().where(t.calls.c.id.in_(shared)))

    async def calls_of_unit(self, unit: str) -> list[Call]:
        """Open calls of an ambulance."""
        return [call_of(row) for row in await self._db.all(_open().where(t.calls.c.unit == unit))]

    async def call_link(self, token_hash: str) -> CallLink | None:
        """By token."""
        row = await self._db.one(sa.select(t.call_links).filter_by(token_hash=token_hash))
        return link_of(row) if row else None

    async def call_link_of_phone(self, phone_hash: str) -> CallLink | None:
        """By the phone's cookie."""
        row = await self._db.one(sa.select(t.call_links).filter_by(phone_hash=phone_hash))
        return link_of(row) if row else None

    async def overdue_calls(self, now_us: int) -> list[UUID]:
        """Sent, never opened, too late."""
        query = sa.select(t.calls.c.id).filter_by(state=CallState.SENT.value)
        rows = await self._db.all(query.where(t.calls.c.expires_at_us <= now_us))
        return [row.id for row in rows]

    async def calls_shared_after_end(self, ended_before_us: int) -> list[UUID]:
        """Ended, and shares of it have not."""
        live = sa.select(t.call_shares.c.call).where(t.call_shares.c.ended_at_us.is_(None))
        ended = sa.select(t.calls.c.id).where(
            t.calls.c.ended_at_us <= ended_before_us, t.calls.c.id.in_(live)
        )
        return [row.id for row in await self._db.all(ended.order_by(t.calls.c.ended_at_us))]

    async def still_image(self, still: UUID) -> tuple[Still, bytes] | None:
        """A picture and its JPEG."""
        row = await self._db.one(sa.select(t.call_stills).filter_by(id=still))
        return (Still(row.id, row.call, row.at_us, row.by), row.jpeg) if row else None

    async def call_entries(self, call: UUID) -> list[CallEntry]:
        """What happened."""
        query = sa.select(t.call_entries).filter_by(call=call).order_by(t.call_entries.c.number)
        return [CallEntry(r.at_us, r.stage, r.who, r.data) for r in await self._db.all(query)]

    async def _facts(self, query: Query) -> list[CallFacts]:
        calls = [call_of(row) for row in await self._db.all(query)]
        ids = [call.id for call in calls]
        shares = await self._db.all(
            sa.select(t.call_shares)
            .where(t.call_shares.c.call.in_(ids), t.call_shares.c.ended_at_us.is_(None))
            .order_by(t.call_shares.c.at_us)
        )
        c = t.call_stills.c
        stills = await self._db.all(
            sa.select(c.id, c.call, c.at_us, c.by).where(c.call.in_(ids)).order_by(c.at_us)
        )
        p = t.call_positions.c
        newest = sa.select(sa.func.max(p.number)).where(p.call.in_(ids)).group_by(p.call)
        positions = await self._db.all(sa.select(t.call_positions).where(p.number.in_(newest)))
        where = {r.call: Position(r.lat, r.lon, r.accuracy_m, r.at_us) for r in positions}
        return [
            CallFacts(
                call,
                tuple(share_of(row) for row in shares if row.call == call.id),
                tuple(Still(r.id, r.call, r.at_us, r.by) for r in stills if r.call == call.id),
                where.get(call.id),
            )
            for call in calls
        ]


class SqlCallWrites(SqlCallReads):
    """Changes of calls."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def put_call(self, call: Call) -> None:
        """Add or set."""
        values = {name: getattr(call, name) for name in CALL_FIELDS}
        await self._db.put(t.calls, "id", {**values, "state": call.state.value})

    async def add_call_link(self, link: CallLink) -> None:
        """Keep a link."""
        await self._db.insert(
            t.call_links,
            token_hash=link.token_hash,
            call=link.call,
            created_at_us=link.created_at_us,
            expires_at_us=link.expires_at_us,
        )

    async def bind_call_link(self, token_hash: str, phone_hash: str) -> bool:
        """First phone only."""
        free = {"token_hash": token_hash, "phone_hash": None, "revoked_at_us": None}
        return await self._db.update(t.call_links, free, phone_hash=phone_hash) == 1

    async def release_call_link(self, phone_hash: str) -> None:
        """Another browser may open it."""
        await self._db.update(t.call_links, {"phone_hash": phone_hash}, phone_hash=None)

    async def revoke_call_links(self, call: UUID, at_us: int) -> None:
        """All of a call."""
        where = {"call": call, "revoked_at_us": None}
        await self._db.update(t.call_links, where, revoked_at_us=at_us)

    async def add_share(self, share: Share) -> None:
        """Let somebody look."""
        await self._db.insert(
            t.call_shares, id=share.id, call=share.call, kind=share.kind.value,
            target=share.target, at_us=share.at_us, by=share.by,
        )  # fmt: skip

    async def end_share(self, share: UUID, at_us: int) -> None:
        """No more."""
        await self._db.update(t.call_shares, {"id": share, "ended_at_us": None}, ended_at_us=at_us)

    async def add_still(self, still: Still, jpeg: bytes) -> None:
        """Keep a picture."""
        await self._db.insert(
            t.call_stills, id=still.id, call=still.call, at_us=still.at_us, by=still.by, jpeg=jpeg
        )

    async def drop_stills(self, call: UUID, *, by: str | None = None, keep: int = 0) -> int:
        """Delete all but the newest."""
        mine = sa.select(t.call_stills.c.id).filter_by(call=call)
        if by is not None:
            mine = mine.filter_by(by=by)
        old = mine.order_by(t.call_stills.c.at_us.desc()).offset(keep)
        ids = [row.id for row in await self._db.all(old)]
        done = await self._db.execute(t.call_stills.delete().where(t.call_stills.c.id.in_(ids)))
        return done.rowcount

    async def add_position(self, call: UUID, position: Position) -> None:
        """Keep where the phone is."""
        await self._db.insert(
            t.call_positions, call=call, lat=position.lat, lon=position.lon,
            accuracy_m=position.accuracy_m, at_us=position.at_us,
        )  # fmt: skip

    async def add_call_entry(self, call: UUID, entry: CallEntry) -> None:
        """Keep what happened."""
        await self._db.insert(
            t.call_entries, call=call, at_us=entry.at_us, stage=entry.stage, who=entry.who,
            data=dict(entry.data),
        )  # fmt: skip


def _open() -> Query:
    query = sa.select(t.calls).where(t.calls.c.state != CallState.ENDED.value)
    return query.order_by(t.calls.c.taken_at_us.desc())


def call_of(row: AnyRow) -> Call:
    """A call."""
    values = {name: getattr(row, name) for name in CALL_FIELDS}
    return Call(**{**values, "state": CallState(row.state)})


def link_of(row: AnyRow) -> CallLink:
    """A link."""
    return CallLink(
        row.token_hash, row.call, row.created_at_us, row.expires_at_us, row.phone_hash,
        row.revoked_at_us,
    )  # fmt: skip


def share_of(row: AnyRow) -> Share:
    """A share."""
    return Share(row.id, row.call, ShareKind(row.kind), row.target, row.at_us, row.by)
