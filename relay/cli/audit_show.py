"""``kyumei audit show``: who has seen or done what."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from relay.cli.ending import DataDir, data_option, run, settings_of

if TYPE_CHECKING:
    from relay.services.evidence.audit_trail import Found

AGO = re.compile(r"(\d{1,6})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def show(
    case: Annotated[UUID | None, typer.Option(help="A case or a 119 call, by its id.")] = None,
    person: Annotated[str, typer.Option(help="An account or a unit.")] = "",
    since: Annotated[
        str,
        typer.Option(
            help="A day or a moment (2026-11-30T08:00, local), or so long ago: 90m, 24h, 7d."
        ),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many rows.")] = 1_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Annotated[DataDir, data_option()] = None,
) -> None:
    """Show who has seen or done what: of a case, by a person, since a moment; all that are named must be so.

    Example: kyumei audit show --case 3f2c… --since 24h --json
    """
    since_us, at = moment_of(since, datetime.now().astimezone()), settings_of(data_dir=data)

    async def work() -> Found:
        from relay.office import open_records
        from relay.services.evidence.audit_trail import AuditQuestion, asked

        async with open_records(at) as (records, _):
            return await asked(records, AuditQuestion(case, person, since_us, limit))

    found = run(work(), at)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
        return
    for row in found.rows:
        moment = datetime.fromtimestamp(row.at_us / 1e6).astimezone()
        about = json.dumps(dict(row.data), ensure_ascii=False, sort_keys=True)
        typer.echo(f"{moment:%Y-%m-%d %H:%M:%S}\t{row.who}\t{row.action}\t{row.subject}\t{about}")
    if found.left_out:
        typer.echo(f"… and {found.left_out} older rows; raise --limit to see them.", err=True)
    if not found.rows:
        typer.echo("The audit has no such row.", err=True)


def moment_of(text: str, now: datetime) -> int:
    """A moment in µs since 1970; 0 for no text.

    Raises:
        typer.BadParameter: it is neither a moment nor a stretch of time.
    """
    if not text:
        return 0
    ago = AGO.fullmatch(text.strip())
    if ago:
        return round((now - timedelta(**{UNITS[ago[2]]: int(ago[1])})).timestamp() * 1e6)
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no moment; write 2026-11-30, 2026-11-30T08:00, 90m, 24h or 7d.",
            param_hint="--since",
        ) from None
    aware = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
    return round(aware.astimezone(UTC).timestamp() * 1e6)
