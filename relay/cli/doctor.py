"""``kyumei doctor``: whether this machine, this data folder and these settings can carry a relay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from relay.cli.ending import DataDir, data_option, named, settings_of
from relay.cli.verify import Deep

if TYPE_CHECKING:
    from relay.doctor.finding import CheckResult
    from relay.settings import Settings


def doctor(
    data: Annotated[DataDir, data_option()] = None,
    deep: Deep = False,
    ntp: Annotated[
        str | None, typer.Option("--ntp", help="Compare the clock with this NTP server.")
    ] = None,
) -> None:
    """Look at disk, clock, limits, port, certificate and everything that was kept; exit 1 where something is wrong.

    Changes nothing. Example: kyumei doctor --data /var/lib/kyumei --ntp ntp.nict.jp
    """
    from relay.doctor.finding import CheckMark

    settings = settings_of(data_dir=data)
    wrong = 0
    for finding in findings(settings, deep=deep, ntp=ntp):
        typer.echo(f"{finding.mark.value} {finding.name}: {finding.text}")
        wrong += finding.mark is CheckMark.BAD
    if wrong:
        typer.echo(named(f"{wrong} things are wrong.", settings), err=True)
        raise typer.Exit(1)
    typer.echo(named("Nothing that was looked at is wrong.", settings))


def findings(settings: Settings, *, deep: bool, ntp: str | None) -> Iterator[CheckResult]:
    """Everything that is looked at, in the order in which it matters."""
    from relay.doctor import disk, doors, kept
    from relay.doctor.finding import looked
    from relay.doctor.time_source import clock
    from relay.errors import RelayError

    path = settings.data_dir.absolute()
    yield from looked("data folder", lambda: disk.folder(path))
    yield from looked("disk space", lambda: disk.space(path))
    yield from looked("open files", lambda: disk.files(path))
    yield from looked("database", lambda: kept.verdicts(settings, deep=deep))
    try:
        told = kept.told(settings)
    except (RelayError, OSError):
        told = None  # why was said above
    newest_us = told.newest_row_us if told else None
    yield from looked("clock", lambda: clock(ntp, newest_us))
    if told is not None:
        yield from looked("backup", lambda: kept.backups(told))
        yield from looked("readers", lambda: kept.readers(settings))
    yield from looked("port", lambda: doors.port(settings))
    yield from looked("certificate", lambda: doors.certificate(settings))
    yield from looked("turn", lambda: doors.turn(settings))
