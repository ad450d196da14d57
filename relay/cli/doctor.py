"""``kyumei doctor``: whether this machine and this data folder can carry a relay."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relay.cli.ending import DataDir, data_option, run, settings_of

if TYPE_CHECKING:
    from relay.settings import Settings

MIN_FREE_GB = 2.0
MIN_FILES = 4_096
SLOW_COMMIT_MS = 50.0
Finding = tuple[str, bool, str]


def doctor(data: Annotated[DataDir, data_option()] = None) -> None:
    """Look at the disk, the clock, the limits and the database; exit 1 where something is wrong.

    Example: kyumei doctor --data /var/lib/kyumei
    """
    settings = settings_of(data_dir=data)
    failed = False
    for name, good, text in findings(settings):
        typer.echo(f"{'ok ' if good else 'BAD'} {name}: {text}")
        failed = failed or not good
    if failed:
        raise typer.Exit(1)


def findings(settings: Settings) -> Iterator[Finding]:
    """What was looked at, whether it is good, and a sentence."""
    folder = settings.data_dir
    checks: tuple[Callable[[Path], Finding], ...] = (_folder, _space, _commit, _files, _clock)
    for check in checks:
        yield check(folder)
    yield _database(settings)


def _folder(folder: Path) -> Finding:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return "data folder", False, f"{folder} cannot be written ({error.strerror})."
    return "data folder", True, f"{folder} can be written."


def _space(folder: Path) -> Finding:
    if not folder.exists():
        return "disk space", False, "the data folder is not there."
    free_gb = shutil.disk_usage(folder).free / 1e9
    # 8 leads x 500 Hz x 2 bytes: 29 MB an hour of one ambulance
    text = f"{free_gb:.1f} GB free, about {free_gb / 0.029:.0f} hours of one ambulance."
    return "disk space", free_gb >= MIN_FREE_GB, text


def _commit(folder: Path) -> Finding:
    import os

    if not folder.exists():
        return "disk commit", False, "the data folder is not there."
    probe = folder / ".doctor"
    times = []
    with probe.open("wb", buffering=0) as file:
        for _ in range(10):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1e3)
    probe.unlink()
    middle = sorted(times)[len(times) // 2]
    return "disk commit", middle < SLOW_COMMIT_MS, f"{middle:.1f} ms for one commit."


def _files(_folder: Path) -> Finding:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return "open files", soft >= MIN_FILES, f"{soft} allowed, {MIN_FILES} wanted (ulimit -n)."


def _clock(_folder: Path) -> Finding:
    good = time.time() > 1_700_000_000
    text = "plausible; keep it right with NTP." if good else "years behind; set it right first."
    return "clock", good, text


def _database(settings: Settings) -> Finding:
    async def work() -> tuple[int, str | None]:
        from relay.services.upkeep import verify_audit
        from relay.wiring import open_records

        async with open_records(settings) as (records, anchors):
            await records.ping()
            check = await verify_audit(records, anchors)
            return check.rows, check.fault

    rows, fault = run(work())
    return "database", fault is None, fault or f"can be written; the audit holds ({rows} rows)."
