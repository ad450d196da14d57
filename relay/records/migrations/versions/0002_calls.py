"""119 calls: the caller's camera, its links, shares, stills and positions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def forbid_changes(table: str) -> None:
    """A trigger that refuses every UPDATE and DELETE of a table's rows."""
    sentence = f"rows of {table} are never changed"
    if op.get_context().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            )
    else:
        op.execute(
            f"CREATE FUNCTION {table}_unchanged() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{sentence}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_unchanged()"
        )


def upgrade() -> None:
    op.create_table('calls',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('incident', sa.Uuid(), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('hint', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=400), nullable=False),
    sa.Column('complaint', sa.String(length=400), nullable=False),
    sa.Column('taken_by', sa.String(length=64), nullable=False),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('guidance', sa.String(length=32), nullable=True),
    sa.Column('taken_at_us', sa.BigInteger(), nullable=False),
    sa.Column('dispatched_at_us', sa.BigInteger(), nullable=True),
    sa.Column('sent_at_us', sa.BigInteger(), nullable=True),
    sa.Column('opened_at_us', sa.BigInteger(), nullable=True),
    sa.Column('allowed_at_us', sa.BigInteger(), nullable=True),
    sa.Column('live_at_us', sa.BigInteger(), nullable=True),
    sa.Column('frozen_at_us', sa.BigInteger(), nullable=True),
    sa.Column('ended_at_us', sa.BigInteger(), nullable=True),
    sa.Column('expires_at_us', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['incident'], ['incidents.id'], name=op.f('fk_calls_incident')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calls'))
    )
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_calls_incident'), ['incident'], unique=False)
        batch_op.create_index(batch_op.f('ix_calls_state'), ['state'], unique=False)

    op.create_table('call_entries',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('call', sa.Uuid(), nullable=False),
    sa.Column('at_us', sa.BigInteger(), nullable=False),
    sa.Column('stage', sa.String(length=32), nullable=False),
    sa.Column('who', sa.String(length=200), nullable=False),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['call'], ['calls.id'], name=op.f('fk_call_entries_call')),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_call_entries'))
    )
    with op.batch_alter_table('call_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_entries_call'), ['call'], unique=False)

    op.create_table('call_links',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('call', sa.Uuid(), nullable=False),
    sa.Column('created_at_us', sa.BigInteger(), nullable=False),
    sa.Column('expires_at_us', sa.BigInteger(), nullable=False),
    sa.Column('phone_hash', sa.String(length=64), nullable=True),
    sa.Column('revoked_at_us', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['call'], ['calls.id'], name=op.f('fk_call_links_call')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_call_links')),
    sa.UniqueConstraint('phone_hash', name=op.f('uq_call_links_phone_hash'))
    )
    with op.batch_alter_table('call_links', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_links_call'), ['call'], unique=False)

    op.create_table('call_positions',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('call', sa.Uuid(), nullable=False),
    sa.Column('lat', sa.Float(precision=53), nullable=False),
    sa.Column('lon', sa.Float(precision=53), nullable=False),
    sa.Column('accuracy_m', sa.Float(precision=53), nullable=False),
    sa.Column('at_us', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['call'], ['calls.id'], name=op.f('fk_call_positions_call')),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_call_positions'))
    )
    with op.batch_alter_table('call_positions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_positions_call'), ['call'], unique=False)

    op.create_table('call_shares',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('call', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('target', sa.String(length=200), nullable=False),
    sa.Column('at_us', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('ended_at_us', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['call'], ['calls.id'], name=op.f('fk_call_shares_call')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_shares'))
    )
    with op.batch_alter_table('call_shares', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_shares_call'), ['call'], unique=False)

    op.create_table('call_stills',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('call', sa.Uuid(), nullable=False),
    sa.Column('at_us', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('jpeg', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['call'], ['calls.id'], name=op.f('fk_call_stills_call')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_stills'))
    )
    with op.batch_alter_table('call_stills', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_stills_call'), ['call'], unique=False)
    forbid_changes("call_entries")


def downgrade() -> None:
    raise NotImplementedError("The relay's data is never migrated backwards; restore a backup.")
