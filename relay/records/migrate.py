"""Bring a database to this version's tables, or refuse one from a newer version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from relay.errors import Conflict

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent / "migrations"
NEWER = (
    "The database was written by a newer version of Kyumei Relay; install that version "
    "or restore a backup made before the upgrade."
)


def migrate(url: str) -> tuple[str | None, str]:
    """Run the missing steps; the answer is the revision before and the one after.

    Raises:
        Conflict: the database is from a newer version of the relay.
    """
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            before, newest = _revision_of(connection), newest_revision()
            if before != newest:
                _upgrade(connection, before)
            return before, newest
    finally:
        engine.dispose()


def check_revision(url: str, file: Path) -> None:
    """Do nothing where a database has this version's tables; it is not changed.

    Raises:
        Conflict: it is of another version, or no relay's.
    """
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            found, newest = _revision_of(connection), newest_revision()
    finally:
        engine.dispose()
    if found == newest:
        return
    if found is None:
        raise Conflict(f"{file} is no database of a relay; check --data and KYUMEI_DATA_DIR.")
    if found > newest:
        raise Conflict(NEWER)
    raise Conflict(
        f"The database in {file.parent} is of an older version ({found}, this one needs {newest}): "
        "stop its relay, make a backup, then run kyumei migrate (kyumei serve does it too)."
    )


def newest_revision() -> str:
    """The revision this version brings: the number that its newest step's file name begins with.

    Known without Alembic, so that a restart with nothing to migrate need not wait for its import.
    """
    return max(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py"))


def _upgrade(connection: sa.Connection, before: str | None) -> None:
    from alembic import command

    config = _config()
    check_known(before, config)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def check_known(revision: str | None, config: Config) -> None:
    """Do nothing where this version knows the database's revision.

    Raises:
        Conflict: it does not.
    """
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise Conflict(NEWER)


def _revision_of(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return config
