"""The tables of people, their sessions, tablets and rights."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import TIME, metadata

hospitals = sa.Table(
    "hospitals",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("display_name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("hospital", sa.String(64), sa.ForeignKey("hospitals.id")),
    sa.Column("password_hash", sa.String(300), nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_at_us", TIME, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("user", sa.String(64), sa.ForeignKey("users.name"), nullable=False, index=True),
    sa.Column("created_at_us", TIME, nullable=False),
    sa.Column("seen_at_us", TIME, nullable=False),
    sa.Column("ended_at_us", TIME),
    sa.Column("ended_why", sa.String(32)),
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("unit", sa.String(200), primary_key=True),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at_us", TIME, nullable=False),
    sa.Column("revoked_at_us", TIME),
)

device_hospitals = sa.Table(
    "device_hospitals",
    metadata,
    sa.Column("unit", sa.String(200), sa.ForeignKey("devices.unit"), primary_key=True),
    sa.Column("hospital", sa.String(64), sa.ForeignKey("hospitals.id"), primary_key=True),
)

replaced_tokens = sa.Table(
    "replaced_tokens",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("unit", sa.String(200), nullable=False),
)

rights = sa.Table(
    "rights",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)
"""One row; ``version`` rises with every change of who may do what, by triggers (migration 0007)."""
