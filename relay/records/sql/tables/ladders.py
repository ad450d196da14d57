"""The tables of ladders: what hospitals decided, how far each ladder has come, and which steps were done."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import TIME, incident_column, metadata

ladder_policies = sa.Table(
    "ladder_policies",
    metadata,
    sa.Column("hospital", sa.String(64), sa.ForeignKey("hospitals.id"), primary_key=True),
    sa.Column("steps", sa.JSON, nullable=False),
    sa.Column("set_at_us", TIME, nullable=False),
)

ladders = sa.Table(
    "ladders",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    incident_column(),
    sa.Column("hospital", sa.String(64), nullable=False),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("snapshot", sa.Uuid, nullable=False),
    sa.Column("alert", sa.Uuid),
    sa.Column("began_at_us", TIME, nullable=False),
    sa.Column("steps", sa.JSON, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("due_at_us", TIME, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Index("ix_ladders_state", "state", "due_at_us"),
)

ladder_steps = sa.Table(
    "ladder_steps",
    metadata,
    sa.Column("ladder", sa.Uuid, sa.ForeignKey("ladders.id"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
    incident_column(),
    sa.Column("target", sa.String(16), nullable=False),
    sa.Column("who", sa.String(65), nullable=False),
    sa.Column("channels", sa.JSON, nullable=False),
    sa.Column("due_at_us", TIME, nullable=False),
    sa.Column("done_at_us", TIME, nullable=False),
    sa.Column("skipped", sa.String(32)),
)
