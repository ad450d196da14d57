"""Points of the ST trend."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from relay.records.migrations.unchanging import forbid_changes

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "st_points",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("incident", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.Uuid(), nullable=False),
        sa.Column("end_sample", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.String(length=1), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_st_points_incident")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_st_points")),
    )
    with op.batch_alter_table("st_points", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_st_points_incident"), ["incident"], unique=False)
        batch_op.create_index(batch_op.f("ix_st_points_stream"), ["stream"], unique=False)
    forbid_changes("st_points")


def downgrade() -> None:
    raise NotImplementedError("The relay's data is never migrated backwards; restore a backup.")
