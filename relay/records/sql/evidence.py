"""The audit's chain in SQL, and what it bears witness to."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from relay.model.asker import RELAY, from_where
from relay.model.audit import GENESIS, AuditRow, hash_row
from relay.model.evidence import KEPT, Fingerprint, Witness, carried
from relay.records.sql import schema as t
from relay.records.sql import values as v
from relay.records.sql.connection import SqlChange, SqlConnection
from relay.records.sql.fingerprints import Key, key_of, one_of, page_of, print_of


class SqlEvidenceReads:
    """Questions about the audit, and about what it bears witness to."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def audit_rows(self, after: int = 0, limit: int = 1_000) -> list[AuditRow]:
        """Audit rows above ``after``."""
        query = sa.select(t.audit).where(t.audit.c.number > after)
        query = query.order_by(t.audit.c.number).limit(limit)
        return [v.audit_of(row) for row in await self._db.all(query)]

    async def audit_rows_of(self, action: str) -> list[AuditRow]:
        """Every audit row of one action."""
        query = sa.select(t.audit).filter_by(action=action).order_by(t.audit.c.number)
        return [v.audit_of(row) for row in await self._db.all(query)]

    async def audit_head(self) -> AuditRow | None:
        """The newest audit row."""
        row = await self._db.one(sa.select(t.audit).order_by(t.audit.c.number.desc()).limit(1))
        return v.audit_of(row) if row else None

    async def ids_of_case(self, incident: UUID) -> list[str]:
        """A case's names in the audit."""
        found = [str(incident)]
        for table in (t.streams, t.snapshots, t.alerts, t.calls):
            ids = await self._db.execute(sa.select(table.c.id).where(table.c.incident == incident))
            found += [str(one) for one in ids.scalars()]
        return found

    async def find_audit(
        self,
        *,
        case: UUID | None = None,
        subjects: Sequence[str] = (),
        person: str = "",
        since_us: int = 0,
        limit: int = 1_000,
    ) -> tuple[list[AuditRow], int]:
        """The newest rows that fit."""
        of, fits = t.audit.c, [t.audit.c.at_us >= since_us, t.audit.c.action != KEPT]
        if case is not None:
            named = sa.cast(of.data, sa.String).like(f"%{case}%")
            fits.append(sa.or_(of.subject.in_(subjects), named))
        if person:
            fits.append(sa.or_(of.who.in_((person, f"unit:{person}"[:64])), of.subject == person))
        newest = sa.select(t.audit).where(*fits).order_by(of.number.desc()).limit(limit)
        rows = [v.audit_of(row) for row in await self._db.all(newest)]
        count = sa.select(sa.func.count()).select_from(t.audit).where(*fits)
        in_all = int((await self._db.execute(count)).scalar_one())
        return rows[::-1], in_all - len(rows)

    async def fingerprints(
        self, kind: str, after: Key | None = None
    ) -> tuple[list[Fingerprint], Key]:
        """A page of what is there."""
        rows = await self._db.all(page_of(kind, after))
        return [print_of(kind, row) for row in rows], key_of(kind, rows[-1]) if rows else ()

    async def witnessed_samples(self) -> list[Witness]:
        """Samples that something kept was made of."""
        shots, kept = t.snapshots.c, t.snapshot_samples
        query = sa.select(shots.stream, kept.c.present).join_from(t.snapshots, kept)
        found = [
            Witness(row.stream, first, end)
            for row in await self._db.all(query)
            for first, end in row.present
        ]
        points = t.st_points.c
        ends = sa.select(points.stream, sa.func.max(points.end_sample).label("end"))
        rows = await self._db.all(ends.group_by(points.stream))
        return [*found, *(Witness(row.stream, row.end - 1, row.end) for row in rows)]


class SqlEvidenceWrites(SqlEvidenceReads):
    """Changes of the audit: rows are only added."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def audit(
        self,
        at_us: int,
        who: str,
        action: str,
        subject: str,
        data: Mapping[str, object] | None = None,
    ) -> AuditRow:
        """Append one row, chained."""
        head = await self.audit_head()
        row = AuditRow(
            number=head.number + 1 if head else 1,
            at_us=at_us,
            who=who,
            action=action,
            subject=subject,
            data={**({} if who == RELAY else from_where()), **(data or {})},
            prev_hash=head.hash if head else GENESIS,
            hash="",
        )
        row = replace(row, hash=hash_row(row))
        await self._db.insert(
            t.audit, number=row.number, at_us=at_us, who=who, action=action, subject=subject,
            data=dict(row.data), prev_hash=row.prev_hash, hash=row.hash,
        )  # fmt: skip
        return row

    async def tell_of_added(self) -> None:
        """Let the chain tell of every row this transaction added; the last thing before its commit."""
        prints = []
        for kind, key in self._db.added:
            row = await self._db.one(one_of(kind, key))
            if row is not None:
                prints.append(print_of(kind, row))
        if prints:
            await self.audit(time.time_ns() // 1000, "relay", KEPT, "-", carried(prints))
