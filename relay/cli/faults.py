"""``kyumei faults``: break it on purpose, count every sample, print the table."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relay.cli.ending import said_in_one_sentence

if TYPE_CHECKING:
    from relay.faults.dose import Dose
    from relay.faults.table import Fault
    from relay.faults.verdict import Outcome


def faults(
    full: Annotated[bool, typer.Option("--full", help="The published doses (hours).")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this experiment; repeatable.")
    ] = None,
    rows: Annotated[str, typer.Option(help="Only these rows of the table, such as 4,5,12.")] = "",
    times: Annotated[
        int | None, typer.Option(min=1, help="Repetitions, in place of the dose's own.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Seconds, in place of the dose's own.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every random choice of the lab.")] = 119,
    listing: Annotated[bool, typer.Option("--list", help="Say what would run, and stop.")] = False,
) -> None:
    """Run real processes with a fault between or under them; exit 1 if a row missed its mark.

    Example: kyumei faults --rows 4,5 --full --times 3
    """
    with said_in_one_sentence():
        chosen = [(fault, _dose(fault, full, times, seconds)) for fault in _chosen(only, rows)]
    total_s = sum(fault.wall_s(dose) for fault, dose in chosen)
    typer.echo(f"{len(chosen)} experiments, about {total_s / 60:.0f} min; seed {seed}", err=True)
    if listing:
        for fault, dose in chosen:
            typer.echo(f"{fault.row:>2}  {fault.name:<16}{fault.words(dose)}")
        return
    typer.echo(
        "| row | fault | samples made | missing | altered | twice | figures | mark |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    missed = [fault.name for fault, dose in chosen if not _one(fault, dose, seed)]
    if missed:
        typer.echo(f"Missed their mark: {', '.join(missed)}", err=True)
        raise typer.Exit(1)


def _chosen(only: list[str] | None, rows: str) -> list[Fault]:
    from relay.errors import BadInput
    from relay.faults.table import FAULTS

    names, numbers = {fault.name for fault in FAULTS}, {str(fault.row) for fault in FAULTS}
    asked = {row.strip() for row in rows.split(",") if row.strip()}
    if unknown := sorted(set(only or ()) - names):
        raise BadInput(
            f"There is no experiment {unknown[0]}; there are {', '.join(sorted(names))}."
        )
    if unknown := sorted(asked - numbers):
        raise BadInput(
            f"There is no row {unknown[0]}; there are {', '.join(sorted(numbers, key=int))}."
        )
    if not only and not asked:
        return list(FAULTS)
    return [f for f in FAULTS if f.name in (only or ()) or str(f.row) in asked]


def _dose(fault: Fault, full: bool, times: int | None, seconds: float | None) -> Dose:
    dose = fault.full if full else fault.small
    if times is not None:
        dose = replace(dose, times=times)
    return dose if seconds is None else replace(dose, seconds=seconds)


def _one(fault: Fault, dose: Dose, seed: int) -> bool:
    """Run one row and print it; True where it met its mark or cannot be built here."""
    from relay.errors import RelayError

    if reason := fault.bench.why_not():
        typer.echo(f"| {fault.row} | {fault.words(dose)} | | | | | not run: {reason} | – |")
        return True
    try:
        outcome = asyncio.run(_outcome(fault, dose, seed))
    except RelayError as error:  # said in its row; the other rows go on
        typer.echo(f"| {fault.row} | {fault.words(dose)} | | | | | | failed: {error} |")
        return False
    figures = ", ".join(f"{key} {value:g}" for key, value in outcome.figures.items())
    c, missed = outcome.count, fault.missed(outcome)
    typer.echo(
        f"| {fault.row} | {fault.words(dose)} | {c.made} | {c.missing} | {c.altered} | {c.twice} "
        f"| {figures} | {'; '.join(missed) or 'met'} |"
    )
    return not missed


async def _outcome(fault: Fault, dose: Dose, seed: int) -> Outcome:
    from relay.faults.lab import open_lab

    with tempfile.TemporaryDirectory(prefix="kyumei-faults-") as folder:
        async with open_lab(Path(folder) / fault.name, seed, fault.bench) as lab:
            return await fault.run(lab, dose)
