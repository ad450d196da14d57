"""The tables of 119 calls."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import TIME, metadata, number_column

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

call_positions = sa.Table(
    "call_positions",
    metadata,
    number_column(),
    _call(),
    sa.Column("lat", sa.Float(53), nullable=False),
    sa.Column("lon", sa.Float(53), nullable=False),
    sa.Column("accuracy_m", sa.Float(53), nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

call_entries = sa.Table(
    "call_entries",
    metadata,
    number_column(),
    _call(),
    sa.Column("at_us", TIME, nullable=False),
    sa.Column("stage", sa.String(32), nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)
