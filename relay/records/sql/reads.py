"""What ``RecordReads`` can be asked, in SQL. One connection, one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from relay.model.alert import OPEN_STATES, Alert
from relay.model.audit import AuditRow
from relay.model.decision import Decision, Opening
from relay.model.evidence import KEPT, Fingerprint, Witness
from relay.model.incident import Incident
from relay.model.people import (
    Account,
    Device,
    DeviceEntry,
    Hospital,
    Session,
    SessionEnd,
    Withdrawal,
)
from relay.model.photo import ScenePhoto
from relay.model.report import CALM_TIERS, Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream
from relay.model.timeline import Entry
from relay.records.port.records import CaseFacts, CasesAsked
from relay.records.sql import schema as t
from relay.records.sql import values as v
from relay.records.sql.calls import SqlCallReads
from relay.records.sql.case_facts import (
    in_order,
    read_cases,
    read_incidents,
    read_receipt_entries,
    snapshot_query,
)
from relay.records.sql.evidence import Key, key_of, page_of, print_of
from relay.records.sql.present_samples import unpacked

ENTRIES_AT_ONCE = 10_000


class SqlReads(SqlCallReads):
    """Questions on one connection."""

    # cases

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

    async def told(self, incidents: Sequence[UUID]) -> Mapping[UUID, Sequence[Entry]]:
        """The entries of these cases that receipts are made of."""
        return await read_receipt_entries(self._db, incidents)

    async def cases(self, incidents: Sequence[UUID]) -> list[CaseFacts]:
        """The facts of these cases."""
        return await read_cases(self._db, incidents)

    async def stream(self, stream: UUID) -> EcgStream | None:
        """One recording."""
        row = await self._one(sa.select(t.streams).filter_by(id=stream))
        return v.stream_of(row) if row else None

    async def timeline(self, incident: UUID, after: int = 0) -> list[Entry]:
        """The next entries above ``after``."""
        query = sa.select(t.timeline).filter_by(incident=incident).where(t.timeline.c.entry > after)
        query = query.order_by(t.timeline.c.entry).limit(ENTRIES_AT_ONCE)
        return [v.entry_of(row) for row in await self._all(query)]

    async def newest_entries(self, incident: UUID, before: int, at_most: int) -> list[Entry]:
        """The newest entries below ``before``."""
        query = sa.select(t.timeline).filter_by(incident=incident)
        query = query.where(t.timeline.c.entry < before).order_by(t.timeline.c.entry.desc())
        return [v.entry_of(row) for row in reversed(await self._all(query.limit(at_most)))]

    async def last_entry_at_us(self, incident: UUID) -> int | None:
        """The latest moment on the timeline."""
        query = sa.select(sa.func.max(t.timeline.c.at_us)).filter_by(incident=incident)
        at_us: int | None = (await self._db.execute(query)).scalar()
        return at_us

    async def receipt_entries(self, incident: UUID) -> list[Entry]:
        """The entries that receipts are made of."""
        return (await read_receipt_entries(self._db, [incident]))[incident]

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
        return [v.snapshot_of(row) for row in await self._all(query)]

    async def kept_snapshots(self, incident: UUID) -> list[Snapshot]:
        """Snapshots of a case with samples."""
        query = snapshot_query().where(
            t.snapshots.c.incident == incident, t.snapshot_samples.c.snapshot.is_not(None)
        )
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

    async def session_user(self, token_hash: str) -> str | None:
        """The account of a session."""
        query = sa.select(t.sessions.c.user).where(t.sessions.c.token_hash == token_hash)
        return (await self._db.execute(query)).scalar_one_or_none()

    async def session_ends(self, token_hashes: Sequence[str]) -> dict[str, SessionEnd]:
        """Why sessions were ended."""
        query = sa.select(t.sessions.c.token_hash, t.sessions.c.ended_why).where(
            t.sessions.c.token_hash.in_(token_hashes), t.sessions.c.ended_why.is_not(None)
        )
        return {row.token_hash: SessionEnd(row.ended_why) for row in await self._all(query)}

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
        rows = await self._all(query)
        at = t.device_hospitals.c
        addressed = sa.select(at.unit, at.hospital)
        if len(rows) == 1:
            addressed = addressed.where(at.unit == rows[0].unit)
        hospitals: dict[str, set[str]] = {row.unit: set() for row in rows}
        for one in await self._all(addressed) if rows else ():
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
        row = await self._one(revoked.where(t.devices.c.revoked_at_us.is_not(None)))
        if row is not None:
            return row.unit, Withdrawal.REVOKED
        row = await self._one(sa.select(t.replaced_tokens.c.unit).filter_by(token_hash=token_hash))
        return (row.unit, Withdrawal.REPLACED) if row else None

    async def rights_version(self) -> int:
        """How often a right has changed."""
        return int((await self._db.execute(sa.select(t.rights.c.version))).scalar_one())

    async def hospitals(self) -> list[Hospital]:
        """Every hospital."""
        rows = await self._all(sa.select(t.hospitals).order_by(t.hospitals.c.id))
        return [Hospital(row.id, row.name) for row in rows]

    async def audit_rows(self, after: int = 0, limit: int = 1_000) -> list[AuditRow]:
        """Audit rows above ``after``."""
        query = sa.select(t.audit).where(t.audit.c.number > after)
        query = query.order_by(t.audit.c.number).limit(limit)
        return [v.audit_of(row) for row in await self._all(query)]

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
        rows = [v.audit_of(row) for row in await self._all(newest)]
        count = sa.select(sa.func.count()).select_from(t.audit).where(*fits)
        in_all = int((await self._db.execute(count)).scalar_one())
        return rows[::-1], in_all - len(rows)

    async def audit_rows_of(self, action: str) -> list[AuditRow]:
        """Every audit row of one action."""
        query = sa.select(t.audit).filter_by(action=action).order_by(t.audit.c.number)
        return [v.audit_of(row) for row in await self._all(query)]

    async def fingerprints(
        self, kind: str, after: Key | None = None
    ) -> tuple[list[Fingerprint], Key]:
        """A page of what is there."""
        rows = await self._all(page_of(kind, after))
        return [print_of(kind, row) for row in rows], key_of(kind, rows[-1]) if rows else ()

    async def witnessed_samples(self) -> list[Witness]:
        """Samples that something kept was made of."""
        shots, kept = t.snapshots.c, t.snapshot_samples
        query = sa.select(shots.stream, kept.c.present).join_from(t.snapshots, kept)
        found = [
            Witness(row.stream, first, end)
            for row in await self._all(query)
            for first, end in row.present
        ]
        points = t.st_points.c
        ends = sa.select(points.stream, sa.func.max(points.end_sample).label("end"))
        rows = await self._all(ends.group_by(points.stream))
        return [*found, *(Witness(row.stream, row.end - 1, row.end) for row in rows)]

    async def audit_head(self) -> AuditRow | None:
        """The newest audit row."""
        row = await self._one(sa.select(t.audit).order_by(t.audit.c.number.desc()).limit(1))
        return v.audit_of(row) if row else None
