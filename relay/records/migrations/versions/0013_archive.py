"""A hospital's cases in the order they were opened, by one index: a page of the archive costs the same among 50,000."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "incident_hospitals",
        sa.Column("opened_at_us", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute(
        "UPDATE incident_hospitals SET opened_at_us ="
        " (SELECT opened_at_us FROM incidents WHERE incidents.id = incident_hospitals.incident)"
    )
    op.create_index(
        "ix_incident_hospitals_hospital_opened_at_us_incident",
        "incident_hospitals",
        ["hospital", "opened_at_us", "incident"],
    )


def downgrade() -> None:
    raise NotImplementedError("The relay's data is never migrated backwards; restore a backup.")
