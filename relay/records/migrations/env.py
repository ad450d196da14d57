"""What Alembic runs: one connection, handed in by ``relay.records.migrate``."""

from __future__ import annotations

from alembic import context

from relay.records.sql.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
