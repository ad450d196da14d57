"""The tables of cases and of what is told of them."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import COUNT, TIME, incident_column, metadata, number_column

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
    sa.Column("opened_at_us", TIME, nullable=False, server_default="0"),
    sa.Index(None, "hospital", "opened_at_us", "incident"),
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

decisions = sa.Table(
    "decisions",
    metadata,
    number_column(),
    incident_column(),
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
    number_column(),
    incident_column(),
    sa.Column("snapshot", sa.Uuid),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

notes = sa.Table(
    "notes",
    metadata,
    number_column(),
    incident_column(),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("at_us", TIME, nullable=False),
)

applied_events = sa.Table(
    "applied_events",
    metadata,
    sa.Column("event", sa.Uuid, primary_key=True),
    incident_column(index=False),
    sa.Column("applied_at_us", TIME, nullable=False),
)

scene_photos = sa.Table(
    "scene_photos",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    incident_column(),
    sa.Column("taken_at_us", TIME, nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("jpeg", sa.LargeBinary, nullable=False),
)
