"""What a recorded file said of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from relay.records.migrations.unchanging import forbid_changes

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshot_origins",
        sa.Column("snapshot", sa.Uuid(), nullable=False),
        sa.Column("incident", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot"], ["snapshots.id"], name=op.f("fk_snapshot_origins_snapshot")
        ),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.id"], name=op.f("fk_snapshot_origins_incident")
        ),
        sa.PrimaryKeyConstraint("snapshot", name=op.f("pk_snapshot_origins")),
    )
    with op.batch_alter_table("snapshot_origins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_origins_incident"), ["incident"])
        batch_op.create_index(batch_op.f("ix_snapshot_origins_fingerprint"), ["fingerprint"])
    forbid_changes("snapshot_origins")


def downgrade() -> None:
    raise NotImplementedError("The relay's data is never migrated backwards; restore a backup.")
