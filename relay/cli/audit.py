"""``kyumei audit``: whether what was written down is still what was written down."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.cli.audit_show import show
from relay.cli.ending import DataDir, data_option, say, settings_of
from relay.cli.verify import Heads, first_fault, verdicts_of

app = typer.Typer(no_args_is_help=True, help="The audit.")


app.command("show")(show)


@app.callback()
def _group() -> None:
    """The audit."""


@app.command()
def verify(data: Annotated[DataDir, data_option()] = None, heads: Heads = None) -> None:
    """Check the audit's chain, its heads, and every row and ECG file it tells of; name the first wrong row.

    Example: kyumei audit verify --data /var/lib/kyumei --heads /mnt/other/heads
    """
    at = settings_of(data_dir=data)
    verdicts = verdicts_of(at, deep=True, heads=heads)
    fault = first_fault(verdicts, at)
    if fault is not None:
        typer.echo(fault, err=True)
        raise typer.Exit(1)
    for verdict in verdicts:
        for note in verdict.notes:
            typer.echo(note, err=True)
    say(" ".join(verdict.said for verdict in verdicts), at)
