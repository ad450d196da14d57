"""``kyumei audit``: whether what was written down is still what was written down."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.cli.ending import DataDir, data_option, run, settings_of

app = typer.Typer(no_args_is_help=True, help="The audit.")


@app.callback()
def _group() -> None:
    """The audit."""


@app.command()
def verify(data: Annotated[DataDir, data_option()] = None) -> None:
    """Check every row of the audit against the row before it and against the anchors.

    Example: kyumei audit verify --data /var/lib/kyumei
    """

    async def work() -> tuple[int, str | None]:
        from relay.services.upkeep import verify_audit
        from relay.wiring import open_records

        async with open_records(settings_of(data_dir=data)) as (records, anchors):
            check = await verify_audit(records, anchors)
            return check.rows, check.fault

    rows, fault = run(work())
    if fault is not None:
        typer.echo(fault, err=True)
        raise typer.Exit(1)
    typer.echo(f"The audit holds: {rows} rows.")
