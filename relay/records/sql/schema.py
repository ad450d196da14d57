"""The tables of ``Records``, the same on SQLite and PostgreSQL. Migrations make them; see there."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.schema_people import (
    COUNT,
    NUMBER,
    TIME,
    device_hospitals,
    devices,
    hospitals,
    metadata,
    replaced_tokens,
    rights,
    sessions,
    users,
)


def _number() -> sa.Column[int]:
    return sa.Column("number", NUMBER, primary_key=True, autoincrement=True)


def _incident(*, index: bool = True) -> sa.Column[object]:
    return sa.Column(
        "incident", sa.Uuid, sa.ForeignKey("incidents.id"), nullable=False, index=index
    )


incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("unit", sa.String(200), nullable=False),
    sa.Column("opened_at_us", TIME, nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False),
)

incident_hospitals = sa.Table(
    "incident_hospitals",
    metadata,
    sa.Column("incident", sa.Uuid, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column(
        "hospital", sa.String(64), sa.ForeignKey("hospitals.id"), primary_key=True, index=True
    ),
)

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _incident(),
    sa.Column("unit", sa.String(200), nullable=False),
    sa.Column("lead_mask", sa.Integer, nullable=False),
    sa.Column("fs_hz", sa.Float(53), nullable=False),
    sa.Column("uv_per_lsb", sa.Float(53), nullable=False),
    sa.Column("started_at_us", TIME, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("end_seq", COUNT),
    sa.Column("clock_offset_us", TIME),
)

timeline = sa.Table(
    "timeline",
    metadata,
    sa.Column("incident", sa.Uuid, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("entry", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at_us", TIME, nullable=False),
    sa.Column("stage", sa.String(32), nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

patient_cards = sa.Table(
    "patient_cards",
    metadata,
    sa.Column("incident", sa.Uuid, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("rev", COUNT, primary_key=True, autoincrement=False),
    sa.Column("at_us", TIME, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _incident(),
    sa.Column("stream", sa.Uuid, sa.ForeignKey("streams.id"), nullable=False),
    sa.Column("first_sample", COUNT, nullable=False),
    sa.Column("n_samples", sa.Integer, nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("taken_at_us", TIME, nullable=False),
    sa.Column("lead_mask", sa.Integer, nullable=False),
    sa.Column("fs_hz", sa.Float(53), nullable=False),
    sa.Column("uv_per_lsb", sa.Float(53), nullable=False),
)

snapshot_origins = sa.Table(
    "snapshot_origins",
    metadata,
    sa.Column("snapshot", sa.Uuid, sa.ForeignKey("snapshots.id"), primary_key=True),
    _incident(),
    sa.Column("fingerprint", sa.String(64), index=True),
    sa.Column("at_us", TIME, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)

snapshot_samples = sa.Table(
    "snapshot_samples",
    metadata,
    sa.Column("snapshot", sa.Uuid, sa.ForeignKey("snapshots.id"), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stored_at_us", TIME, nullable=False),
    sa.Column("present", sa.JSON, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("samples", sa.LargeBinary, nullable=False),
)

reports = sa.Table(
    "reports",
    metadata,
    _number(),
    _incident(),
    sa.Column("stream", sa.Uuid, nullable=False),
    sa.Column("snapshot", sa.Uuid, index=True),
    sa.Column("first_sample", COUNT, nullable=False),
    sa.Column("n_samples", sa.Integer, nullable=False),
    sa.Column("tier", sa.String(1), nullable=False),
    sa.Column("statement_ja", sa.Text, nullable=False),
    sa.Column("statement_en", sa.Text, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

live_reports = sa.Table(
    "live_reports",
    metadata,
    sa.Column("stream", sa.Uuid, primary_key=True),
    _incident(),
    sa.Column("first_sample", COUNT, nullable=False),
    sa.Column("n_samples", sa.Integer, nullable=False),
    sa.Column("tier", sa.String(1), nullable=False),
    sa.Column("statement_ja", sa.Text, nullable=False),
    sa.Column("statement_en", sa.Text, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

st_points = sa.Table(
    "st_points",
    metadata,
    _number(),
    _incident(),
    sa.Column("stream", sa.Uuid, nullable=False, index=True),
    sa.Column("end_sample", COUNT, nullable=False),
    sa.Column("tier", sa.String(1), nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

_UNDECIDED = sa.text("state IN ('raised', 'delivered', 'opened')")
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _incident(),
    sa.Column("stream", sa.Uuid, nullable=False),
    sa.Column("snapshot", sa.Uuid),
    sa.Column("tier", sa.String(1), nullable=False),
    sa.Column("statement_ja", sa.Text, nullable=False),
    sa.Column("statement_en", sa.Text, nullable=False),
    sa.Column("raised_at_us", TIME, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("steps", sa.JSON, nullable=False),
    sa.Index(
        "uq_alerts_one_open",
        "incident",
        unique=True,
        sqlite_where=_UNDECIDED,  # on PostgreSQL too, by the migration; naming it here loads its dialect
    ),
)

decisions = sa.Table(
    "decisions",
    metadata,
    _number(),
    _incident(),
    sa.Column("decision", sa.String(32), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("snapshot", sa.Uuid),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

openings = sa.Table(
    "openings",
    metadata,
    _number(),
    _incident(),
    sa.Column("snapshot", sa.Uuid),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

notes = sa.Table(
    "notes",
    metadata,
    _number(),
    _incident(),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

applied_events = sa.Table(
    "applied_events",
    metadata,
    sa.Column("event", sa.Uuid, primary_key=True),
    _incident(index=False),
    sa.Column("applied_at_us", TIME, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("at_us", TIME, nullable=False, index=True),
    sa.Column("who", sa.String(200), nullable=False, index=True),
    sa.Column("action", sa.String(64), nullable=False, index=True),
    sa.Column("subject", sa.String(200), nullable=False, index=True),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("prev_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("incident", sa.Uuid, sa.ForeignKey("incidents.id"), index=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("hint", sa.String(32), nullable=False),
    sa.Column("number", sa.String(64), nullable=False),
    sa.Column("address", sa.String(400), nullable=False),
    sa.Column("complaint", sa.String(400), nullable=False),
    sa.Column("taken_by", sa.String(64), nullable=False),
    sa.Column("unit", sa.String(200)),
    sa.Column("guidance", sa.String(32)),
    sa.Column("taken_at_us", TIME, nullable=False),
    sa.Column("dispatched_at_us", TIME),
    sa.Column("sent_at_us", TIME),
    sa.Column("opened_at_us", TIME),
    sa.Column("allowed_at_us", TIME),
    sa.Column("live_at_us", TIME),
    sa.Column("frozen_at_us", TIME),
    sa.Column("ended_at_us", TIME),
    sa.Column("expires_at_us", TIME),
)


def _call() -> sa.Column[object]:
    return sa.Column("call", sa.Uuid, sa.ForeignKey("calls.id"), nullable=False, index=True)


call_links = sa.Table(
    "call_links",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    _call(),
    sa.Column("created_at_us", TIME, nullable=False),
    sa.Column("expires_at_us", TIME, nullable=False),
    sa.Column("phone_hash", sa.String(64), unique=True),
    sa.Column("revoked_at_us", TIME),
)

call_shares = sa.Table(
    "call_shares",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _call(),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("target", sa.String(200), nullable=False),
    sa.Column("at_us", TIME, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("ended_at_us", TIME),
)

call_stills = sa.Table(
    "call_stills",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _call(),
    sa.Column("at_us", TIME, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("jpeg", sa.LargeBinary, nullable=False),
)

scene_photos = sa.Table(
    "scene_photos",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _incident(),
    sa.Column("taken_at_us", TIME, nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("jpeg", sa.LargeBinary, nullable=False),
)

call_positions = sa.Table(
    "call_positions",
    metadata,
    _number(),
    _call(),
    sa.Column("lat", sa.Float(53), nullable=False),
    sa.Column("lon", sa.Float(53), nullable=False),
    sa.Column("accuracy_m", sa.Float(53), nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

call_entries = sa.Table(
    "call_entries",
    metadata,
    _number(),
    _call(),
    sa.Column("at_us", TIME, nullable=False),
    sa.Column("stage", sa.String(32), nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

NEVER_CHANGED = (
    "audit",
    "snapshot_origins",
    "snapshot_samples",
    "timeline",
    "decisions",
    "openings",
    "notes",
    "patient_cards",
    "reports",
    "st_points",
    "call_entries",
)
"""Tables of which a trigger forbids every UPDATE and DELETE."""

__all__ = [
    "device_hospitals",
    "devices",
    "hospitals",
    "metadata",
    "replaced_tokens",
    "rights",
    "sessions",
    "users",
]
