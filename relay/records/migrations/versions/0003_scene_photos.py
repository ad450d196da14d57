"""Photos of the scene."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('scene_photos',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('incident', sa.Uuid(), nullable=False),
    sa.Column('taken_at_us', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.String(length=200), nullable=False),
    sa.Column('jpeg', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['incident'], ['incidents.id'], name=op.f('fk_scene_photos_incident')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scene_photos'))
    )
    with op.batch_alter_table('scene_photos', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_scene_photos_incident'), ['incident'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("The relay's data is never migrated backwards; restore a backup.")
