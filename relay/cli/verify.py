"""``kyumei verify``: whether everything a relay kept is still as it was kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relay.cli.ending import BY, DataDir, data_option, named, run, say, settings_of
from relay.errors import BadInput

if TYPE_CHECKING:
    from relay.services.evidence.verifying import EvidenceVerdict
    from relay.settings import Settings

Heads = Annotated[
    Path | None,
    typer.Option(
        "--heads",
        help="File with heads of the audit from elsewhere (a log, a copied file); - for stdin.",
    ),
]
Deep = Annotated[
    bool, typer.Option("--deep", help="Read every file of ECG and every page of the database.")
]


def verify(
    data: Annotated[DataDir, data_option()] = None,
    deep: Deep = False,
    heads: Heads = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    acknowledge: Annotated[
        str | None,
        typer.Option(
            "--acknowledge",
            help="Write into the audit, with this reason, that what is found wrong is known.",
        ),
    ] = None,
) -> None:
    """Compare database, audit, snapshots, photos and ECG files by their hashes, and name what is gone.

    Changes nothing, but with --acknowledge; a running relay need not stop. Exit 1 where anything is missing or altered.

    Example: kyumei verify --deep --data /var/lib/kyumei
    """
    at = settings_of(data_dir=data)
    verdicts = verdicts_of(at, deep=deep, heads=heads)
    faults = sum(len(verdict.faults) for verdict in verdicts)
    if as_json:
        typer.echo(json.dumps(_as_json(at, verdicts), ensure_ascii=False, indent=2))
    else:
        tell(verdicts)
        if faults == 0:
            say("Everything is as it was kept.", at)
        else:
            say(f"{faults} things are missing or altered.", at, err=True)
    if faults and acknowledge:
        _acknowledge(at, [fault for v in verdicts for fault in v.faults], acknowledge)
    elif faults:
        raise typer.Exit(1)


def _acknowledge(at: Settings, faults: list[str], reason: str) -> None:
    """Known faults are notes from now on, here and on the relay's pages."""

    async def work() -> None:
        from relay.vault.verify import acknowledge

        await acknowledge(at, faults, reason, BY)

    run(work(), at)
    say(f"{len(faults)} faults are acknowledged; the audit says so.", at, err=True)


def verdicts_of(at: Settings, *, deep: bool, heads: Path | None = None) -> list[EvidenceVerdict]:
    """The verdict on each part of a data folder; a failure ends the command in one sentence."""

    async def work() -> list[EvidenceVerdict]:
        from relay.services.evidence.anchors import heads_in
        from relay.vault.verify import verify_folder

        return await verify_folder(at, deep=deep, brought=list(heads_in(_lines(heads))))

    return run(work(), at)


def _lines(heads: Path | None) -> list[str]:
    if heads is None:
        return []
    if str(heads) == "-":
        return typer.get_text_stream("stdin").read().splitlines()
    try:
        return heads.read_text(errors="replace").splitlines()
    except OSError as error:
        raise BadInput(
            f"The heads {heads} cannot be read ({error.strerror}); check --heads."
        ) from error


def tell(verdicts: list[EvidenceVerdict]) -> None:
    """A line for each part, and what should be known beside."""
    for verdict in verdicts:
        typer.echo(
            f"{'BAD' if verdict.faults else 'ok '} {verdict.part}: {verdict.fault or verdict.said}"
        )
    for verdict in verdicts:
        for note in verdict.notes:
            typer.echo(f"    {verdict.part}: {note}")


def _as_json(at: Settings, verdicts: list[EvidenceVerdict]) -> dict[str, object]:
    return {
        "data_dir": str(at.data_dir.absolute()),
        "ok": not any(verdict.faults for verdict in verdicts),
        "parts": [
            {"part": v.part, "said": v.said, "faults": v.faults, "notes": v.notes} for v in verdicts
        ],
    }


def first_fault(verdicts: list[EvidenceVerdict], at: Settings) -> str | None:
    """The first thing that is wrong, with the number of the others, None where nothing is."""
    faults = [fault for verdict in verdicts for fault in verdict.faults]
    if not faults:
        return None
    more = f" And {len(faults) - 1} more: see kyumei verify." if len(faults) > 1 else ""
    return named(f"{faults[0]}{more}", at)
