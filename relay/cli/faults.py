"""``kyumei faults``: break it on purpose, count every sample, print the table."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from relay.cli.ending import run, said_in_one_sentence


def faults(
    full: Annotated[bool, typer.Option("--full", help="The published doses (hours).")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this experiment; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 119,
) -> None:
    """Run a relay and a tablet with a bad radio between them; exit 1 if a sample was lost.

    Example: kyumei faults --only tunnel --only cuts
    """
    with said_in_one_sentence():
        from relay.faults.experiments import FAULTS

    names = [fault.name for fault in FAULTS]
    unknown = sorted(set(only or ()) - set(names))
    if unknown:
        typer.echo(f"There is no experiment {unknown[0]}; there are {', '.join(names)}.", err=True)
        raise typer.Exit(2)
    chosen = [fault for fault in FAULTS if not only or fault.name in only]
    typer.echo(
        f"seed {seed}\n| fault | samples made | missing | altered | figures |\n|---|---|---|---|---|"
    )
    lost = [fault.name for fault in chosen if not run(_one(fault.name, full, seed))]
    if lost:
        typer.echo(f"NOT exact: {', '.join(lost)}", err=True)
        raise typer.Exit(1)


async def _one(name: str, full: bool, seed: int) -> bool:
    from relay.faults.experiments import FAULTS
    from relay.faults.lab import open_lab

    fault = next(f for f in FAULTS if f.name == name)
    dose = fault.full if full else fault.small
    with tempfile.TemporaryDirectory(prefix="kyumei-faults-") as folder:
        async with open_lab(Path(folder) / fault.name, seed) as lab:
            outcome = await fault.run(lab, dose, random.Random(seed))  # noqa: S311 - repeatable
    figures = ", ".join(f"{key} {value:g}" for key, value in outcome.figures.items())
    typer.echo(
        f"| {fault.says.format(n=dose)} | {outcome.made} | {outcome.missing} | {outcome.altered} "
        f"| {figures} |"
    )
    return outcome.exact
