"""``kyumei cases``: every case that was kept, listed and shown while a relay runs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from relay.cli.audit_show import moment_of
from relay.cli.ending import BY, DataDir, data_option, run, say, settings_of

if TYPE_CHECKING:
    from relay.protocol.answers import IncidentRow, Json
    from relay.records.port.cases import CaseSearch
    from relay.services.cases.looking_back import LookBack
    from relay.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Kept cases: list, show, export.")
Data = Annotated[DataDir, data_option()]
Since = Annotated[str, typer.Option(help="Opened on this day, moment, or so long ago: 24h, 30d.")]
Until = Annotated[str, typer.Option(help="Opened before this day or moment.")]
Place = Annotated[str, typer.Option(help="Id of a hospital they were addressed to.")]
Unit = Annotated[str, typer.Option(help="The ambulance.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_cases(
    since: Since = "",
    until: Until = "",
    hospital: Place = "",
    unit: Unit = "",
    limit: Limit = 1_000,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List cases, newest first, open and closed ones. The audit says so.

    Example: kyumei cases list --since 2026-11-01 --until 2026-12-01 --json
    """
    asked, at = _asked(since, until, hospital, unit), settings_of(data_dir=data)

    async def work() -> tuple[list[IncidentRow], bool]:
        async with _looking_back(at) as back:
            return await back.rows(asked, limit)

    rows, more = run(work(), at)
    if as_json:
        typer.echo(json.dumps({"cases": rows, "more": more}, ensure_ascii=False))
    else:
        for row in rows:
            typer.echo(_line(row))
    if more:
        typer.echo("… and older ones; raise --limit to see them.", err=True)
    if not rows:
        say("No case answers this.", at, err=True)


@app.command()
def show(case: Annotated[UUID, typer.Argument(help="The case's id.")], data: Data = None) -> None:
    """Print one case as JSON: its row, ECGs without samples, whole timeline. The audit says so.

    Example: kyumei cases show 3f2c1a52-7c1b-4f0e-9d8e-2a6b5c4d3e2f
    """
    at = settings_of(data_dir=data)

    async def work() -> Json:
        async with _looking_back(at) as back:
            return await back.show(case)

    typer.echo(json.dumps(run(work(), at), ensure_ascii=False, indent=1))


@app.command()
def export(
    into: Annotated[Path, typer.Option("--into", help="New folder that gets the files.")],
    since: Since = "",
    until: Until = "",
    hospital: Place = "",
    unit: Unit = "",
    limit: Limit = 1_000,
    data: Data = None,
) -> None:
    """Write each case into a JSON file of a new folder; ECGs with samples by kyumei export. The audit says so.

    Example: kyumei cases export --since 2026-11-01 --until 2026-12-01 --into november
    """
    asked, at = _asked(since, until, hospital, unit), settings_of(data_dir=data)

    async def work() -> tuple[int, bool]:
        async with _looking_back(at) as back:
            rows, more = await back.rows(asked, limit)
            into.mkdir(mode=0o700, parents=True)
            for row in rows:
                whole = await back.show(UUID(str(row["id"])))
                _keep(into / f"case-{row['id']}.json", whole)
            return len(rows), more

    count, more = run(work(), at)
    say(f"Written: {count} cases to {into}", at)
    if more:
        typer.echo("… and there are older ones; raise --limit to write them too.", err=True)
        raise typer.Exit(1)


def _keep(path: Path, whole: Json) -> None:
    with path.open("x", encoding="utf-8") as out:
        json.dump(whole, out, ensure_ascii=False)


def _line(row: Json) -> str:
    opened = datetime.fromtimestamp(int(str(row["opened_at_us"])) / 1e6).astimezone()
    highest, decision = row["highest"], row["decision"]
    tier = str(highest["tier"]) if isinstance(highest, dict) else "-"
    decided = str(decision["decision"]) if isinstance(decision, dict) else "-"
    parts = (f"{opened:%Y-%m-%d %H:%M:%S}", row["id"], row["unit"], row["state"], tier, decided)
    return "\t".join(str(part) for part in parts)


def _asked(since: str, until: str, hospital: str, unit: str) -> CaseSearch:
    from relay.records.port.cases import CaseSearch

    now = datetime.now().astimezone()
    return CaseSearch(
        hospital=hospital or None,
        from_us=moment_of(since, now) if since else None,
        to_us=moment_of(until, now) if until else None,
        unit=unit or None,
    )


@asynccontextmanager
async def _looking_back(at: Settings) -> AsyncIterator[LookBack]:
    from relay.model.clock import SystemClock
    from relay.office import database_of
    from relay.records.sqlite import known_sqlite
    from relay.services.cases.looking_back import LookBack

    records = await known_sqlite(database_of(at))
    try:
        yield LookBack(records, SystemClock(), BY)
    finally:
        await records.close()
