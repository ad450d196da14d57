"""``kyumei evaluate DIR``: the screen against a folder of labelled records."""

from __future__ import annotations

import json as json_module
import os
from pathlib import Path
from typing import Annotated

import typer

from relay.cli.ending import said_in_one_sentence

RECORDS_A_JOB = 20
"""A process of its own takes two seconds to start; fewer records than this are not worth it."""


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder of labelled WFDB records.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Folder to write tables and pictures into.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes at the same time; one a core by default.")
    ] = None,
) -> None:
    """Score beats, fiducials, ST and tiers against the labels of a folder.

    Reads MANIFEST.csv where there is one, else every record below the folder; beat and wave
    annotations and truth files beside a record are used where they are found.

    Example: kyumei evaluate sample_records --report out
    """
    with said_in_one_sentence():
        from relay.bench.evaluate import evaluate as judge
        from relay.bench.evaluation_tables import as_text, tables
        from relay.bench.labelled import find_labelled

        records = find_labelled(folder)
        with _Progress(len(records)) as told:
            evaluation = judge(
                records,
                told,
                min(jobs or os.cpu_count() or 1, max(1, len(records) // RECORDS_A_JOB)),
            )
        result = tables(evaluation)
        if report is not None:
            from relay.bench.evaluation_report import write_report

            with _Progress(None) as told:
                write_report(report, evaluation, result, told)
    if as_json:
        typer.echo(json_module.dumps(result, ensure_ascii=False, allow_nan=False))
    else:
        typer.echo(as_text(result), nl=False)


class _Progress:
    """A progress bar on the error stream; silent where that is no terminal."""

    def __init__(self, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._bar = Progress(console=console, disable=not console.is_terminal, transient=True)
        self._total = total

    def __enter__(self) -> _Progress:
        self._bar.start()
        self._task = self._bar.add_task("evaluating", total=self._total)
        return self

    def __call__(self, name: str) -> None:
        self._bar.update(self._task, advance=1, description=name[:40].ljust(40))

    def __exit__(self, *_exc: object) -> None:
        self._bar.stop()
