"""``kyumei migrate``: bring the database to this version's tables."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.cli.ending import DataDir, data_option, run, say, settings_of

WithoutDatabase = Annotated[
    bool,
    typer.Option(
        "--without-database",
        help="Begin anew in a folder whose database is lost; its other files stay.",
    ),
]


def migrate(
    data: Annotated[DataDir, data_option()] = None, without_database: WithoutDatabase = False
) -> None:
    """Begin a new relay's database, or bring one to this version's tables (``kyumei serve`` does that too).

    Example: kyumei migrate --data /var/lib/kyumei
    """
    settings = settings_of(data_dir=data)

    async def work() -> str:
        from relay.office import migrate_folder

        return await migrate_folder(settings, without_database=without_database)

    say(run(work(), settings), settings)
