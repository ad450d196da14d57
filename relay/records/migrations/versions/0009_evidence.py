"""The audit's chain tells of the rows that are never changed, from now on and of those that are there."""

from __future__ import annotations

from alembic import op

from relay.records.sql.fingerprints import adopt

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_action"), ["action"])
    adopt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("The relay's data is never migrated backwards; restore a backup.")
