"""The table of letters."""

from __future__ import annotations

import sqlalchemy as sa

from relay.records.sql.tables.ground import TIME, incident_column, metadata

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    incident_column(),
    sa.Column("alert", sa.Uuid),
    sa.Column("snapshot", sa.Uuid),
    sa.Column("hospital", sa.String(64), nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("to", sa.Text, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("put_at_us", TIME, nullable=False),
    sa.Column("give_up_at_us", TIME, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_try_at_us", TIME, nullable=False),
    sa.Column("holder", sa.String(200), nullable=False),
    sa.Column("held_until_us", TIME, nullable=False),
    sa.Column("ended_at_us", TIME),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("opened_at_us", TIME),
    sa.Column("opened_by", sa.String(200), nullable=False),
    sa.Index("ix_outbox_state_next_try_at_us", "state", "next_try_at_us"),
    sa.Index("ix_outbox_put_at_us", "put_at_us"),
)
