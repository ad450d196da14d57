"""One transaction of ``RecordWrites``, in SQL. Committing it is the caller's ``with`` block's duty."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from relay.errors import Conflict, NotFound
from relay.model.alert import Alert
from relay.model.asker import RELAY, from_where
from relay.model.audit import GENESIS, AuditRow, hash_row
from relay.model.decision import Decision, Opening
from relay.model.evidence import KEPT, carried
from relay.model.incident import Incident
from relay.model.people import Account, DeviceEntry, Hospital, Session, SessionEnd
from relay.model.photo import ScenePhoto
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream
from relay.model.timeline import Entry, Stage
from relay.records.sql import schema as t
from relay.records.sql import values as v
from relay.records.sql.calls import SqlCallWrites
from relay.records.sql.evidence import one_of, print_of
from relay.records.sql.present_samples import packed
from relay.records.sql.reads import SqlReads


class SqlWrites(SqlReads, SqlCallWrites):
    """Questions and changes on one connection, inside one transaction."""

    # cases

    async def mark_event(self, event: UUID, incident: UUID, at_us: int) -> bool:
        """Note that an event is applied."""
        known = sa.select(t.applied_events.c.event).filter_by(event=event)
        if (await self._db.execute(known)).first():
            return False
        await self._insert(t.applied_events, event=event, incident=incident, applied_at_us=at_us)
        return True

    async def put_incident(self, incident: Incident) -> None:
        """Add a case or set its state and hospitals."""
        await self._put(
            t.incidents,
            "id",
            {
                "id": incident.id,
                "unit": incident.unit,
                "opened_at_us": incident.opened_at_us,
                "state": incident.state.value,
            },
        )
        await self._db.execute(t.incident_hospitals.delete().filter_by(incident=incident.id))
        for hospital in sorted(incident.hospitals):
            await self._insert(t.incident_hospitals, incident=incident.id, hospital=hospital)

    async def put_stream(self, stream: EcgStream) -> None:
        """Add a recording or set its state."""
        change = {"state": stream.state.value, "end_seq": stream.end_seq}
        if await self._update(t.streams, {"id": stream.id}, **change):
            return
        await self._insert(
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
        if not await self._update(t.streams, {"id": stream}, epoch=t.streams.c.epoch + 1):
            raise NotFound("This recording is not known; open it first.")
        query = sa.select(t.streams.c.epoch).filter_by(id=stream)
        return int((await self._db.execute(query)).scalar_one())

    async def set_clock_offset(self, stream: UUID, offset_us: int) -> None:
        """What the tablet last measured."""
        await self._update(t.streams, {"id": stream}, clock_offset_us=offset_us)

    async def add_entry(
        self, incident: UUID, at_us: int, stage: Stage, who: str, data: Mapping[str, object]
    ) -> Entry:
        """Append to the timeline."""
        last = sa.select(sa.func.max(t.timeline.c.entry)).filter_by(incident=incident)
        number = ((await self._db.execute(last)).scalar() or 0) + 1
        entry = Entry(incident, number, at_us, stage, who, dict(data))
        await self._insert(
            t.timeline, incident=incident, entry=number, at_us=at_us, stage=stage.value, who=who,
            data=dict(data),
        )  # fmt: skip
        return entry

    async def put_card(
        self, incident: UUID, rev: int, body: Mapping[str, object], at_us: int
    ) -> None:
        """Keep a revision of the card."""
        known = sa.select(t.patient_cards.c.rev).filter_by(incident=incident, rev=rev)
        if not (await self._db.execute(known)).first():
            await self._insert(
                t.patient_cards, incident=incident, rev=rev, at_us=at_us, body=dict(body)
            )

    # snapshots and reports

    async def add_snapshot(self, snapshot: Snapshot) -> bool:
        """Keep a request."""
        if await self.snapshot(snapshot.id) is not None:
            return False
        await self._insert(
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
            await self._insert(
                t.snapshot_origins,
                snapshot=snapshot.id,
                incident=snapshot.incident,
                fingerprint=snapshot.origin.fingerprint,
                at_us=snapshot.taken_at_us,
                body=asdict(snapshot.origin),
            )
        return True

    async def add_photo(self, photo: ScenePhoto, jpeg: bytes) -> bool:
        """Keep a photo."""
        if await self.photo_image(photo.id) is not None:
            return False
        await self._insert(
            t.scene_photos,
            id=photo.id,
            incident=photo.incident,
            taken_at_us=photo.taken_at_us,
            by=photo.by,
            jpeg=jpeg,
        )
        return True

    async def keep_samples(self, snapshot: Snapshot, samples: bytes) -> None:
        """Keep the samples, once."""
        await self._insert(
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
        await self._insert(t.reports, snapshot=report.snapshot, **v.report_columns(report))

    async def put_live(self, reports: Sequence[Report]) -> None:
        """Keep the newest screening of each stream."""
        for report in reports:
            await self._put(t.live_reports, "stream", v.report_columns(report))

    async def add_st_points(self, points: Sequence[StPoint]) -> None:
        """Keep points of the ST trend."""
        rows = [v.st_point_columns(point) for point in points]
        if rows:
            await self._db.execute(t.st_points.insert(), rows)

    # alerts and decisions

    async def put_alert(self, alert: Alert) -> None:
        """Add an alert or set its state."""
        try:
            await self._put(t.alerts, "id", v.alert_columns(alert))
        except IntegrityError as error:
            raise Conflict("This case already has an alert that waits for a decision.") from error

    async def add_decision(self, decision: Decision) -> None:
        """Keep a decision."""
        await self._insert(
            t.decisions,
            incident=decision.incident,
            decision=decision.decision.value,
            text=decision.text,
            snapshot=decision.snapshot,
            who=decision.who,
            user=decision.user,
            at_us=decision.at_us,
        )

    async def add_opening(self, opening: Opening) -> None:
        """Keep who looked."""
        await self._insert(
            t.openings,
            incident=opening.incident,
            snapshot=opening.snapshot,
            who=opening.who,
            user=opening.user,
            at_us=opening.at_us,
        )

    async def add_note(self, incident: UUID, text: str, who: str, user: str, at_us: int) -> None:
        """Keep a line of text."""
        await self._insert(t.notes, incident=incident, text=text, who=who, user=user, at_us=at_us)

    # people and devices

    async def put_account(self, account: Account) -> None:
        """Add an account or replace it."""
        person = account.person
        await self._put(
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
        await self._insert(
            t.sessions,
            token_hash=session.token_hash,
            user=session.person.name,
            created_at_us=session.created_at_us,
            seen_at_us=session.seen_at_us,
        )

    async def touch_session(self, token_hash: str, seen_at_us: int) -> None:
        """The person did something."""
        await self._update(t.sessions, {"token_hash": token_hash}, seen_at_us=seen_at_us)

    async def renew_session(self, token_hash: str, at_us: int) -> None:
        """Begin its times anew."""
        where = {"token_hash": token_hash, "ended_at_us": None}
        await self._update(t.sessions, where, created_at_us=at_us, seen_at_us=at_us)

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
            await self._insert(t.replaced_tokens, token_hash=before.token_hash, unit=unit)
        await self._put(
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
            await self._insert(at, unit=unit, hospital=hospital)

    async def put_hospital(self, hospital: Hospital) -> None:
        """Add a hospital or rename it."""
        await self._put(t.hospitals, "id", {"id": hospital.id, "name": hospital.name})

    # audit

    async def write_nothing_new(self) -> None:
        """Write what stands there already: whether the disk takes it."""
        await self._db.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")

    async def tell_of_added(self) -> None:
        """Let the chain tell of every row this transaction added; the last thing before its commit."""
        prints = []
        for kind, key in self.added:
            row = await self._one(one_of(kind, key))
            if row is not None:
                prints.append(print_of(kind, row))
        if prints:
            await self.audit(time.time_ns() // 1000, "relay", KEPT, "-", carried(prints))

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
        await self._insert(
            t.audit, number=row.number, at_us=at_us, who=who, action=action, subject=subject,
            data=dict(row.data), prev_hash=row.prev_hash, hash=row.hash,
        )  # fmt: skip
        return row
