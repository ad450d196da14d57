"""Bring a database to this version's tables, or refuse one from a newer version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from relay.errors import Conflict

HERE = Path(__file__).parent / "migrations"


def migrate(url: str) -> tuple[str | None, str]:
    """Run the missing steps; the answer is the revision before and the one after.

    Raises:
        Conflict: the database is from a newer version of the relay.
    """
    config = _config()
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            before = _revision_of(connection)
            newest = ScriptDirectory.from_config(config).get_current_head()
            check_known(before, config)
            if before != newest:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            return before, str(newest)
    finally:
        engine.dispose()


def check_known(revision: str | None, config: Config) -> None:
    """Do nothing where this version knows the database's revision.

    Raises:
        Conflict: it does not.
    """
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise Conflict(
            "The database was written by a newer version of Kyumei Relay; install that version "
            "or restore a backup made before the upgrade."
        )


def _revision_of(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return config
