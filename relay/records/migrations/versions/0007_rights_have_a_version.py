"""A number that rises whenever somebody's right changes; tokens that opened something once; ways into the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from relay.records.migrations.counting import count_changes

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rights",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights")),
    )
    op.execute("INSERT INTO rights (id, version) VALUES (1, 1)")
    op.create_table(
        "replaced_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_replaced_tokens")),
    )
    for column in ("at_us", "who", "subject"):
        op.create_index(f"ix_audit_{column}", "audit", [column])
    count_changes(
        ("users", "UPDATE", ()),
        ("sessions", "UPDATE", ("ended_at_us",)),
        ("devices", "UPDATE", ()),
        ("device_hospitals", "INSERT", ()),
        ("device_hospitals", "DELETE", ()),
        ("incident_hospitals", "DELETE", ()),
        ("call_shares", "UPDATE", ("ended_at_us",)),
        ("call_links", "UPDATE", ("revoked_at_us", "phone_hash")),
        ("calls", "UPDATE", ("ended_at_us", "incident", "unit")),
    )


def downgrade() -> None:
    raise NotImplementedError("The relay's data is never migrated backwards; restore a backup.")
