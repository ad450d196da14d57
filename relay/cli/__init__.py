"""The command ``kyumei``. Commands import heavy libraries only when they run; a command that is named is read in alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from importlib import import_module
from typing import Any, Final

import typer

from relay.owner_only import make_new_files_private

COMMANDS: Final = {
    "serve": "serve:serve",
    "demo": "demo:demo",
    "faults": "faults:faults",
    "screen": "screen:screen",
    "evaluate": "evaluate:evaluate",
    "migrate": "migrate:migrate",
    "config": "config:config",
    "doctor": "doctor:doctor",
    "verify": "verify:verify",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "export": "export:export",
}
"""Each command's module in this room and its function, in the order of ``--help``."""
GROUPS: Final = {
    "users": "users:app",
    "devices": "devices:app",
    "hospitals": "devices:hospitals_app",
    "cases": "cases:app",
    "audit": "audit:app",
    "alerts": "alerts:app",
    "bench": "bench:app",
}
HELP: Final = "Kyumei Relay (救命リレー): live 12-lead ECG from the ambulance to the cardiologist."


def composed(named: Collection[str]) -> typer.Typer:
    """The command line with these commands alone."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback(help=HELP)(_root)
    for name, place in COMMANDS.items():
        if name in named:
            app.command(name)(_found(place))
    for name, place in GROUPS.items():
        if name in named:
            app.add_typer(_found(place), name=name)
    return app


def whole() -> typer.Typer:
    """The command line with all commands."""
    return composed((*COMMANDS, *GROUPS))


def main() -> None:
    """Run the command of this process; what any command writes is for its owner alone."""
    make_new_files_private()
    first = sys.argv[1:2]
    app = composed(first) if {*first} & {*COMMANDS, *GROUPS} else whole()
    app()


def _root() -> None:
    """Before any command: a ``KYUMEI_…`` name that means nothing stops it."""
    from relay.cli.ending import said_in_one_sentence
    from relay.env_names import check_names

    with said_in_one_sentence():
        check_names(os.environ)


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"relay.cli.{module}"), name)
