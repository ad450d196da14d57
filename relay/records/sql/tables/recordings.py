"""The tables of recordings, snapshots and reports."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import COUNT, TIME, incident_column, metadata, number_column

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    incident_column(),
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

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    incident_column(),
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
    incident_column(),
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
    number_column(),
    incident_column(),
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
    incident_column(),
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
    number_column(),
    incident_column(),
    sa.Column("stream", sa.Uuid, nullable=False, index=True),
    sa.Column("end_sample", COUNT, nullable=False),
    sa.Column("tier", sa.String(1), nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)
