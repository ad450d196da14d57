"""The tables of devices that ring, and of the site's own keys."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import TIME, metadata

ring_devices = sa.Table(
    "ring_devices",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("account", sa.String(64), sa.ForeignKey("users.name"), nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("p256dh", sa.String(128), nullable=False),
    sa.Column("auth", sa.String(64), nullable=False),
    sa.Column("put_at_us", TIME, nullable=False),
    sa.Column("told_at_us", TIME),
)
site_keys = sa.Table(
    "site_keys",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
)
