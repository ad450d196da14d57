"""Recordings, snapshots and reports in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

import sqlalchemy as sa

from relay.errors import NotFound
from relay.model.report import CALM_TIERS, Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream
from relay.records.sql import schema as t
from relay.records.sql import values as v
from relay.records.sql.case_facts import snapshot_query
from relay.records.sql.connection import SqlChange, SqlConnection
from relay.records.sql.present_samples import packed, unpacked


class SqlRecordingReads:
    """Questions about recordings, snapshots and reports."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def stream(self, stream: UUID) -> EcgStream | None:
        """One recording."""
        row = await self._db.one(sa.select(t.streams).filter_by(id=stream))
        return v.stream_of(row) if row else None

    async def snapshot(self, snapshot: UUID) -> Snapshot | None:
        """One snapshot."""
        row = await self._db.one(snapshot_query().where(t.snapshots.c.id == snapshot))
        return v.snapshot_of(row) if row else None

    async def same_samples(self, fingerprint: str, incident: UUID) -> int | None:
        """When they came for another case, the first time."""
        of = t.snapshot_origins.c
        query = sa.select(sa.func.min(of.at_us)).where(
            of.fingerprint == fingerprint, of.incident != incident
        )
        at_us: int | None = (await self._db.execute(query)).scalar()
        return at_us

    async def snapshot_samples(self, snapshot: UUID) -> bytes | None:
        """Its samples."""
        query = sa.select(t.snapshot_samples.c.samples).filter_by(snapshot=snapshot)
        kept: bytes | None = (await self._db.execute(query)).scalar_one_or_none()
        known = await self.snapshot(snapshot)
        return None if kept is None or known is None else unpacked(known, kept)

    async def awaited_snapshots(self) -> list[Snapshot]:
        """Snapshots without samples."""
        query = snapshot_query().where(t.snapshot_samples.c.snapshot.is_(None))
        return [v.snapshot_of(row) for row in await self._db.all(query)]

    async def kept_snapshots(self, incident: UUID) -> list[Snapshot]:
        """Snapshots of a case with samples."""
        query = snapshot_query().where(
            t.snapshots.c.incident == incident, t.snapshot_samples.c.snapshot.is_not(None)
        )
        return [v.snapshot_of(row) for row in await self._db.all(query)]

    async def unscreened_snapshots(self) -> list[Snapshot]:
        """Kept snapshots without a report."""
        screened = sa.select(t.reports.c.snapshot).where(t.reports.c.snapshot.is_not(None))
        query = snapshot_query().where(
            t.snapshot_samples.c.snapshot.is_not(None), t.snapshots.c.id.not_in(screened)
        )
        return [v.snapshot_of(row) for row in await self._db.all(query)]

    async def snapshot_report(self, snapshot: UUID) -> Report | None:
        """The newest report of a snapshot."""
        query = sa.select(t.reports).filter_by(snapshot=snapshot)
        row = await self._db.one(query.order_by(t.reports.c.number.desc()).limit(1))
        return v.report_of(row) if row else None

    async def was_calm_since(self, incident: UUID, at_us: int) -> bool:
        """Whether a screening after that moment did not meet the criteria."""
        for table in (t.reports, t.live_reports):
            query = sa.select(table.c.at_us).where(
                table.c.incident == incident, table.c.at_us > at_us, table.c.tier.in_(CALM_TIERS)
            )
            if await self._db.one(query.limit(1)):
                return True
        return False

    async def st_points(
        self, *, incident: UUID | None = None, stream: UUID | None = None
    ) -> list[StPoint]:
        """Points of the ST trend."""
        query = sa.select(t.st_points).order_by(t.st_points.c.number)
        if incident is not None:
            query = query.filter_by(incident=incident)
        if stream is not None:
            query = query.filter_by(stream=stream)
        return [v.st_point_of(row) for row in await self._db.all(query)]


class SqlRecordingWrites(SqlRecordingReads):
    """Changes of recordings, snapshots and reports."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def put_stream(self, stream: EcgStream) -> None:
        """Add a recording or set its state."""
        change = {"state": stream.state.value, "end_seq": stream.end_seq}
        if await self._db.update(t.streams, {"id": stream.id}, **change):
            return
        await self._db.insert(
            t.streams,
            id=stream.id,
            incident=stream.incident,
            unit=stream.unit,
            lead_mask=stream.lead_mask,
            fs_hz=stream.fs_hz,
            uv_per_lsb=stream.uv_per_lsb,
            started_at_us=stream.started_at_us,
            source=stream.source,
            epoch=stream.epoch,
            clock_offset_us=stream.clock_offset_us,
            **change,
        )

    async def raise_epoch(self, stream: UUID) -> int:
        """The next fencing number."""
        if not await self._db.update(t.streams, {"id": stream}, epoch=t.streams.c.epoch + 1):
            raise NotFound("This recording is not known; open it first.")
        query = sa.select(t.streams.c.epoch).filter_by(id=stream)
        return int((await self._db.execute(query)).scalar_one())

    async def set_clock_offset(self, stream: UUID, offset_us: int) -> None:
        """What the tablet last measured."""
        await self._db.update(t.streams, {"id": stream}, clock_offset_us=offset_us)

    async def add_snapshot(self, snapshot: Snapshot) -> bool:
        """Keep a request."""
        if await self.snapshot(snapshot.id) is not None:
            return False
        await self._db.insert(
            t.snapshots,
            id=snapshot.id,
            incident=snapshot.incident,
            stream=snapshot.stream,
            first_sample=snapshot.first_sample,
            n_samples=snapshot.n_samples,
            reason=snapshot.reason,
            taken_at_us=snapshot.taken_at_us,
            lead_mask=snapshot.lead_mask,
            fs_hz=snapshot.fs_hz,
            uv_per_lsb=snapshot.uv_per_lsb,
        )
        if snapshot.origin is not None:
            await self._db.insert(
                t.snapshot_origins,
                snapshot=snapshot.id,
                incident=snapshot.incident,
                fingerprint=snapshot.origin.fingerprint,
                at_us=snapshot.taken_at_us,
                body=asdict(snapshot.origin),
            )
        return True

    async def keep_samples(self, snapshot: Snapshot, samples: bytes) -> None:
        """Keep the samples, once."""
        await self._db.insert(
            t.snapshot_samples,
            snapshot=snapshot.id,
            state=snapshot.state.value,
            stored_at_us=snapshot.stored_at_us,
            present=[list(r) for r in snapshot.present],
            sha256=snapshot.sha256,
            samples=packed(snapshot, samples),
        )

    async def add_report(self, report: Report) -> None:
        """Keep a screening."""
        await self._db.insert(t.reports, snapshot=report.snapshot, **v.report_columns(report))

    async def put_live(self, reports: Sequence[Report]) -> None:
        """Keep the newest screening of each stream."""
        for report in reports:
            await self._db.put(t.live_reports, "stream", v.report_columns(report))

    async def add_st_points(self, points: Sequence[StPoint]) -> None:
        """Keep points of the ST trend."""
        rows = [v.st_point_columns(point) for point in points]
        if rows:
            await self._db.execute(t.st_points.insert(), rows)
