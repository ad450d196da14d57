"""The table of leases."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import TIME, metadata

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(200), nullable=False),
    sa.Column("until_us", TIME, nullable=False),
)
