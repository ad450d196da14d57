"""The tables of the roster."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import TIME, metadata, number_column

duties = sa.Table(
    "duties",
    metadata,
    number_column(),
    sa.Column("hospital", sa.String(64), sa.ForeignKey("hospitals.id"), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("who", sa.String(65), nullable=False),
    sa.Column("from_us", TIME, nullable=False),
    sa.Column("until_us", TIME, nullable=False),
    sa.Column("made_at_us", TIME, nullable=False),
    sa.Column("made_by", sa.String(200), nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.Index("ix_duties_hospital", "hospital", "until_us"),
)

desks = sa.Table(
    "desks",
    metadata,
    sa.Column("id", sa.String(65), primary_key=True),
    sa.Column("hospital", sa.String(64), sa.ForeignKey("hospitals.id"), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
)

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("who", sa.String(65), primary_key=True),
    sa.Column("channel", sa.String(64), primary_key=True),
    sa.Column("to", sa.String(300), nullable=False),
)
