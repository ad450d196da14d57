"""Who is on call, and how an ECG that nobody opens climbs from person to person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from relay.records.migrations.unchanging import forbid_changes

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _roster()
    _ladders()
    forbid_changes("ladder_steps")


def _roster() -> None:
    op.create_table(
        "duties",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("hospital", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=65), nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("made_at_us", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["hospital"], ["hospitals.id"], name=op.f("fk_duties_hospital")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_duties")),
    )
    op.create_index("ix_duties_hospital", "duties", ["hospital", "until_us"], unique=False)
    op.create_table(
        "desks",
        sa.Column("id", sa.String(length=65), nullable=False),
        sa.Column("hospital", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["hospital"], ["hospitals.id"], name=op.f("fk_desks_hospital")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desks")),
    )
    op.create_table(
        "contacts",
        sa.Column("who", sa.String(length=65), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("to", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("who", "channel", name=op.f("pk_contacts")),
    )


def _ladders() -> None:
    op.create_table(
        "ladder_policies",
        sa.Column("hospital", sa.String(length=64), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("set_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital"], ["hospitals.id"], name=op.f("fk_ladder_policies_hospital")
        ),
        sa.PrimaryKeyConstraint("hospital", name=op.f("pk_ladder_policies")),
    )
    op.create_table(
        "ladders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident", sa.Uuid(), nullable=False),
        sa.Column("hospital", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("snapshot", sa.Uuid(), nullable=False),
        sa.Column("alert", sa.Uuid(), nullable=True),
        sa.Column("began_at_us", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_ladders_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladders")),
    )
    op.create_index(op.f("ix_ladders_incident"), "ladders", ["incident"], unique=False)
    op.create_index("ix_ladders_state", "ladders", ["state", "due_at_us"], unique=False)
    op.create_table(
        "ladder_steps",
        sa.Column("ladder", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incident", sa.Uuid(), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=65), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column("done_at_us", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.id"], name=op.f("fk_ladder_steps_incident")
        ),
        sa.ForeignKeyConstraint(["ladder"], ["ladders.id"], name=op.f("fk_ladder_steps_ladder")),
        sa.PrimaryKeyConstraint("ladder", "step", name=op.f("pk_ladder_steps")),
    )
    op.create_index(op.f("ix_ladder_steps_incident"), "ladder_steps", ["incident"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("The relay's data is never migrated backwards; restore a backup.")
