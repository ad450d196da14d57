"""Migrations: from nothing to this version's tables, and never from a newer version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from relay.errors import Conflict
from relay.records.migrate import migrate
from relay.records.sql.schema import NEVER_CHANGED, metadata
from relay.records.sqlite import open_sqlite

COUNTED = {
    f"{table}_rights_{verb}"
    for table, verb in (
        ("users", "update"), ("sessions", "update"), ("devices", "update"),
        ("device_hospitals", "insert"), ("device_hospitals", "delete"),
        ("incident_hospitals", "delete"), ("call_shares", "update"), ("call_links", "update"),
        ("calls", "update"),
    )
}  # fmt: skip
"""Raise the version of rights; a table that is made anew by a migration loses its triggers."""


def test_the_migrations_make_exactly_the_schema(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    before, after = migrate(url)
    assert before is None
    assert migrate(url) == (after, after)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        triggers = connection.execute(
            sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ).scalars()
        wanted = {f"{t}_no_{verb}" for t in NEVER_CHANGED for verb in ("update", "delete")}
        assert set(triggers) == wanted | COUNTED
    engine.dispose()


async def test_a_database_from_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    await (await open_sqlite(file)).close()
    with sqlite3.connect(file) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    with pytest.raises(Conflict, match="newer version"):
        await open_sqlite(file)
    with sqlite3.connect(file) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    db.close()


async def test_the_database_is_durable_and_strict(tmp_path: Path) -> None:
    records = await open_sqlite(tmp_path / "a.sqlite")
    async with records.begin() as tx:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            found = (await tx._db.execute(sa.text(f"PRAGMA {pragma}"))).scalar_one()
            assert found == value, pragma
    await records.close()
