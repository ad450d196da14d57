"""The table of the audit's chain."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import NUMBER, TIME, metadata

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
