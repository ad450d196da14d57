"""The command ``kyumei``."""

from __future__ import annotations

import typer

from relay.cli.screen import bench_app
from relay.cli.screen import screen as screen_command

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Kyumei Relay (救命リレー)")
app.command("screen")(screen_command)
app.add_typer(bench_app, name="bench")


def main() -> None:
    """Entry point of the console script."""
    app()
