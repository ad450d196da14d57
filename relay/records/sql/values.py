"""Rows of the tables as the model's frozen values, and back."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from relay.model.alert import Alert, AlertState, AlertStep
from relay.model.audit import AuditRow
from relay.model.decision import Decision, DecisionKind, Opening
from relay.model.people import Account, Person, Role
from relay.model.report import Report
from relay.model.snapshot import Origin, Snapshot, SnapshotState
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream, RecordingState
from relay.model.timeline import Entry, Stage

AnyRow = Row[Any]


def stream_of(row: AnyRow) -> EcgStream:
    """A recording."""
    return EcgStream(
        id=row.id,
        incident=row.incident,
        unit=row.unit,
        lead_mask=row.lead_mask,
        fs_hz=row.fs_hz,
        uv_per_lsb=row.uv_per_lsb,
        started_at_us=row.started_at_us,
        source=row.source,
        epoch=row.epoch,
        state=RecordingState(row.state),
        end_seq=row.end_seq,
        clock_offset_us=row.clock_offset_us,
    )


def entry_of(row: AnyRow) -> Entry:
    """A timeline entry."""
    return Entry(row.incident, row.entry, row.at_us, Stage(row.stage), row.who, row.data)


def snapshot_of(row: AnyRow) -> Snapshot:
    """A snapshot joined with what is kept of its samples (without them)."""
    return Snapshot(
        id=row.id,
        incident=row.incident,
        stream=row.stream,
        first_sample=row.first_sample,
        n_samples=row.n_samples,
        reason=row.reason,
        taken_at_us=row.taken_at_us,
        lead_mask=row.lead_mask,
        fs_hz=row.fs_hz,
        uv_per_lsb=row.uv_per_lsb,
        state=SnapshotState(row.state) if row.state else SnapshotState.AWAITED,
        stored_at_us=row.stored_at_us,
        present=tuple((first, end) for first, end in row.present or ()),
        sha256=row.sha256,
        origin=Origin(**row.origin) if row.origin else None,
    )


def report_of(row: AnyRow) -> Report:
    """A screening; a row of ``live_reports`` has no snapshot."""
    return Report(
        incident=row.incident,
        stream=row.stream,
        snapshot=getattr(row, "snapshot", None),
        first_sample=row.first_sample,
        n_samples=row.n_samples,
        tier=row.tier,
        statement_ja=row.statement_ja,
        statement_en=row.statement_en,
        body=row.body,
        at_us=row.at_us,
    )


def report_columns(report: Report) -> dict[str, object]:
    """The columns of ``live_reports``; those of ``reports`` have the snapshot beside them."""
    return {
        "incident": report.incident,
        "stream": report.stream,
        "first_sample": report.first_sample,
        "n_samples": report.n_samples,
        "tier": report.tier,
        "statement_ja": report.statement_ja,
        "statement_en": report.statement_en,
        "body": dict(report.body),
        "at_us": report.at_us,
    }


def st_point_of(row: AnyRow) -> StPoint:
    """A point of the ST trend."""
    return StPoint(row.incident, row.stream, row.end_sample, row.at_us, row.tier, row.body)


def st_point_columns(point: StPoint) -> dict[str, object]:
    """The columns of ``st_points``."""
    return {
        "incident": point.incident,
        "stream": point.stream,
        "end_sample": point.end_sample,
        "tier": point.tier,
        "body": dict(point.body),
        "at_us": point.at_us,
    }


def alert_of(row: AnyRow) -> Alert:
    """An alert with its steps."""
    steps = {AlertState(state): AlertStep(who, at_us) for state, (who, at_us) in row.steps.items()}
    return Alert(
        id=row.id,
        incident=row.incident,
        stream=row.stream,
        snapshot=row.snapshot,
        tier=row.tier,
        statement_ja=row.statement_ja,
        statement_en=row.statement_en,
        raised_at_us=row.raised_at_us,
        state=AlertState(row.state),
        steps=MappingProxyType(steps),
    )


def alert_columns(alert: Alert) -> dict[str, object]:
    """The columns of ``alerts``."""
    return {
        "id": alert.id,
        "incident": alert.incident,
        "stream": alert.stream,
        "snapshot": alert.snapshot,
        "tier": alert.tier,
        "statement_ja": alert.statement_ja,
        "statement_en": alert.statement_en,
        "raised_at_us": alert.raised_at_us,
        "state": alert.state.value,
        "steps": {state.value: [step.who, step.at_us] for state, step in alert.steps.items()},
    }


def decision_of(row: AnyRow) -> Decision:
    """A decision."""
    return Decision(
        incident=row.incident,
        decision=DecisionKind(row.decision),
        text=row.text,
        snapshot=row.snapshot,
        who=row.who,
        user=row.user,
        at_us=row.at_us,
    )


def opening_of(row: AnyRow) -> Opening:
    """An opening."""
    return Opening(row.incident, row.snapshot, row.who, row.user, row.at_us)


def account_of(row: AnyRow) -> Account:
    """An account."""
    return Account(person_of(row), row.password_hash, row.disabled, row.created_at_us)


def person_of(row: AnyRow) -> Person:
    """The person of a row that holds the account's columns."""
    return Person(row.name, row.display_name, Role(row.role), row.hospital)


def audit_of(row: AnyRow) -> AuditRow:
    """An audit row."""
    return AuditRow(
        number=row.number,
        at_us=row.at_us,
        who=row.who,
        action=row.action,
        subject=row.subject,
        data=row.data,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
