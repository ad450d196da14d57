"""What ``RecordReads`` can be asked, in SQL. One connection, one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from relay.model.alert import OPEN_STATES, Alert
from relay.model.audit import AuditRow
from relay.model.decision import Decision, Opening
from relay.model.incident import Incident, IncidentState
from relay.model.people import Account, Device, DeviceEntry, Hospital, Session
from relay.model.photo import ScenePhoto
from relay.model.report import CALM_TIERS, Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream
from relay.model.timeline import Entry
from relay.store import schema as t
from relay.store import sql_values as v
from relay.store.port import CaseFacts
from relay.store.sql_calls import SqlCallReads
from relay.store.sql_cases import read_cases, read_incidents, snapshot_query


class SqlReads(SqlCallReads):
    """Questions on one connection."""

    # cases

    async def incident(self, incident: UUID) -> Incident | None:
        """One case."""
        found = await read_incidents(self._db, sa.select(t.incidents).filter_by(id=incident))
        return found[0] if found else None

    async def incidents(
        self, *, hospital: str | None = None, state: IncidentState | None = None, limit: int = 200
    ) -> list[Incident]:
        """Cases, newest first."""
        query = sa.select(t.incidents).order_by(t.incidents.c.opened_at_us.desc()).limit(limit)
        if state is not None:
            query = query.where(t.incidents.c.state == state.value)
        if hospital is not None:
            addressed = sa.select(t.incident_hospitals.c.incident).filter_by(hospital=hospital)
            query = query.where(t.incidents.c.id.in_(addressed))
        return await read_incidents(self._db, query)

    async def cases(self, incidents: Sequence[UUID]) -> list[CaseFacts]:
        """The facts of these cases."""
        return await read_cases(self._db, incidents)

    async def stream(self, stream: UUID) -> EcgStream | None:
        """One recording."""
        row = await self._one(sa.select(t.streams).filter_by(id=stream))
        return v.stream_of(row) if row else None

    async def timeline(self, incident: UUID, after: int = 0, limit: int = 10_000) -> list[Entry]:
        """Entries above ``after``."""
        query = sa.select(t.timeline).filter_by(incident=incident).limit(limit)
        query = query.where(t.timeline.c.entry > after).order_by(t.timeline.c.entry)
        return [v.entry_of(row) for row in await self._all(query)]

    async def card(self, incident: UUID) -> Mapping[str, object] | None:
        """The newest patient card."""
        query = sa.select(t.patient_cards).filter_by(incident=incident)
        row = await self._one(query.order_by(t.patient_cards.c.rev.desc()).limit(1))
        return row.body if row else None

    async def openings(self, incident: UUID) -> list[Opening]:
        """Who had the trace on screen."""
        query = sa.select(t.openings).filter_by(incident=incident).order_by(t.openings.c.number)
        return [v.opening_of(row) for row in await self._all(query)]

    async def last_decision(self, incident: UUID) -> Decision | None:
        """The newest decision."""
        query = sa.select(t.decisions).filter_by(incident=incident)
        row = await self._one(query.order_by(t.decisions.c.number.desc()).limit(1))
        return v.decision_of(row) if row else None

    # snapshots and reports

    async def snapshot(self, snapshot: UUID) -> Snapshot | None:
        """One snapshot."""
        row = await self._one(snapshot_query().where(t.snapshots.c.id == snapshot))
        return v.snapshot_of(row) if row else None

    async def snapshot_samples(self, snapshot: UUID) -> bytes | None:
        """Its samples."""
        query = sa.select(t.snapshot_samples.c.samples).filter_by(snapshot=snapshot)
        return (await self._db.execute(query)).scalar_one_or_none()

    async def awaited_snapshots(self) -> list[Snapshot]:
        """Snapshots without samples."""
        query = snapshot_query().where(t.snapshot_samples.c.snapshot.is_(None))
        return [v.snapshot_of(row) for row in await self._all(query)]

    async def unscreened_snapshots(self) -> list[Snapshot]:
        """Kept snapshots without a report."""
        screened = sa.select(t.reports.c.snapshot).where(t.reports.c.snapshot.is_not(None))
        query = snapshot_query().where(
            t.snapshot_samples.c.snapshot.is_not(None), t.snapshots.c.id.not_in(screened)
        )
        return [v.snapshot_of(row) for row in await self._all(query)]

    async def snapshot_report(self, snapshot: UUID) -> Report | None:
        """The newest report of a snapshot."""
        query = sa.select(t.reports).filter_by(snapshot=snapshot)
        row = await self._one(query.order_by(t.reports.c.number.desc()).limit(1))
        return v.report_of(row) if row else None

    async def photo_image(self, photo: UUID) -> tuple[ScenePhoto, bytes] | None:
        """One photo of a scene."""
        row = await self._one(sa.select(t.scene_photos).filter_by(id=photo))
        if row is None:
            return None
        return ScenePhoto(row.id, row.incident, row.taken_at_us, row.by), row.jpeg

    async def photo_count(self, incident: UUID) -> int:
        """How many a case has."""
        count = sa.select(sa.func.count()).select_from(t.scene_photos).filter_by(incident=incident)
        return int((await self._db.execute(count)).scalar_one())

    async def was_calm_since(self, incident: UUID, at_us: int) -> bool:
        """Whether a screening after that moment did not meet the criteria."""
        for table in (t.reports, t.live_reports):
            query = sa.select(table.c.at_us).where(
                table.c.incident == incident, table.c.at_us > at_us, table.c.tier.in_(CALM_TIERS)
            )
            if await self._one(query.limit(1)):
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
        return [v.st_point_of(row) for row in await self._all(query)]

    # alerts

    async def open_alert(self, incident: UUID) -> Alert | None:
        """The alert that waits for a decision."""
        query = sa.select(t.alerts).filter_by(incident=incident)
        row = await self._one(query.where(t.alerts.c.state.in_([s.value for s in OPEN_STATES])))
        return v.alert_of(row) if row else None

    async def last_alert(self, incident: UUID) -> Alert | None:
        """The newest alert."""
        query = sa.select(t.alerts).filter_by(incident=incident)
        row = await self._one(query.order_by(t.alerts.c.raised_at_us.desc()).limit(1))
        return v.alert_of(row) if row else None

    async def alert(self, alert: UUID) -> Alert | None:
        """One alert."""
        row = await self._one(sa.select(t.alerts).filter_by(id=alert))
        return v.alert_of(row) if row else None

    # people, devices, audit

    async def account(self, name: str) -> Account | None:
        """One account."""
        row = await self._one(sa.select(t.users).filter_by(name=name))
        return v.account_of(row) if row else None

    async def accounts(self) -> list[Account]:
        """Every account."""
        return [v.account_of(r) for r in await self._all(sa.select(t.users).order_by("name"))]

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
            for row in await self._all(query)
        ]

    async def device_of_token(self, token_hash: str) -> Device | None:
        """The device a token belongs to."""
        query = sa.select(t.devices.c.unit).filter_by(token_hash=token_hash)
        row = await self._one(query.where(t.devices.c.revoked_at_us.is_(None)))
        return Device(row.unit, await self._hospitals_of(row.unit)) if row else None

    async def devices(self) -> list[DeviceEntry]:
        """Every device."""
        rows = await self._all(sa.select(t.devices).order_by(t.devices.c.unit))
        return [
            DeviceEntry(
                Device(row.unit, await self._hospitals_of(row.unit)),
                row.token_hash, row.created_at_us, row.revoked_at_us,
            )
            for row in rows
        ]  # fmt: skip

    async def _hospitals_of(self, unit: str) -> frozenset[str]:
        query = sa.select(t.device_hospitals.c.hospital).filter_by(unit=unit)
        return frozenset((await self._db.execute(query)).scalars())

    async def hospitals(self) -> list[Hospital]:
        """Every hospital."""
        rows = await self._all(sa.select(t.hospitals).order_by(t.hospitals.c.id))
        return [Hospital(row.id, row.name) for row in rows]

    async def audit_rows(self, after: int = 0, limit: int = 1_000) -> list[AuditRow]:
        """Audit rows above ``after``."""
        query = sa.select(t.audit).where(t.audit.c.number > after)
        query = query.order_by(t.audit.c.number).limit(limit)
        return [v.audit_of(row) for row in await self._all(query)]

    async def audit_head(self) -> AuditRow | None:
        """The newest audit row."""
        row = await self._one(sa.select(t.audit).order_by(t.audit.c.number.desc()).limit(1))
        return v.audit_of(row) if row else None
