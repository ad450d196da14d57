"""The table of alerts."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import TIME, incident_column, metadata

_UNDECIDED = sa.text("state IN ('raised', 'delivered', 'opened')")
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    incident_column(),
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
