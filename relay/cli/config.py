"""``kyumei config``: what can be set."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.cli.ending import settings_of


def config(
    reference: Annotated[
        bool, typer.Option("--reference", help="Print every setting with its default, commented.")
    ] = False,
) -> None:
    """Print the settings in force, or all there are.

    Example: kyumei config --reference > kyumei.env
    """
    if reference:
        from relay.settings import reference as text

        typer.echo(text())
        return
    for name, value in settings_of().model_dump(mode="json").items():
        shown = ",".join(sorted(value)) if isinstance(value, list) else value
        typer.echo(f"KYUMEI_{name.upper()}={shown}")
