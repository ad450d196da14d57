"""``kyumei migrate``: bring the database to this version's tables."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.cli.ending import DataDir, data_option, said_in_one_sentence, settings_of


def migrate(data: Annotated[DataDir, data_option()] = None) -> None:
    """Bring the database to this version's tables (``kyumei serve`` does it by itself).

    Example: kyumei migrate --data /var/lib/kyumei
    """
    settings = settings_of(data_dir=data)
    with said_in_one_sentence():
        from relay.wiring import migrate_folder

        before, after = migrate_folder(settings)
    typer.echo(f"The database is at {after}; it was at {before or 'nothing'} before.")
