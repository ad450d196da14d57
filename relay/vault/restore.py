"""From a backup to a data folder that a relay can be started on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from relay.data_folder import DATABASE, LOCK
from relay.errors import BadInput, Conflict, Unavailable
from relay.model.clock import SystemClock
from relay.model.evidence import RESTORED
from relay.office import anchors_of
from relay.records.sqlite import known_sqlite
from relay.settings import Settings
from relay.vault.copying import copy_file
from relay.vault.manifest import Manifest, backups_in, read_manifest


def chosen_backup(source: Path) -> Path:
    """The backup that a folder is, or the newest of those it holds.

    Raises:
        BadInput: it is none and holds none.
    """
    source = source.absolute()
    held = backups_in(source)
    if held:
        return held[-1]
    read_manifest(source)
    return source


def restore_files(backup: Path, to: Path) -> list[str]:
    """Copy a backup's files into a folder that is absent or empty; what differs from its manifest.

    What is damaged is copied all the same: a person may need the rest of it.

    Raises:
        Conflict: the folder holds something.
        Unavailable: something cannot be read or written.
    """
    manifest, to = read_manifest(backup), to.absolute()
    _check_empty(to)
    part = to.with_name(f".{to.name}.restoring")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700, parents=True)
        faults = _copied(manifest, backup, part)
        if to.exists():
            _move_into(part, to)
        else:
            part.rename(to)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise Unavailable(f"Nothing was restored to {to} ({error.strerror or error}).") from error
    return faults


def _copied(manifest: Manifest, backup: Path, part: Path) -> list[str]:
    faults = []
    for name, mark in manifest.files.items():
        if not (backup / name).is_file():
            faults.append(f"{name} is gone from the backup.")
        elif copy_file(backup / name, part / name) != mark:
            faults.append(f"{name} in the backup is not as it was copied.")
    return faults


def _check_empty(to: Path) -> None:
    if to.is_file():
        raise BadInput(f"{to} is a file, not a data folder; choose another with --data.")
    held = (
        [path.name for path in to.iterdir() if path.name not in {LOCK, "lost+found"}]
        if to.is_dir()
        else []
    )
    if held:
        raise Conflict(f"{to} is not empty ({held[0]}, …); move it away, nothing was restored.")


def _move_into(part: Path, to: Path) -> None:
    """Into a folder that must stay, such as a mounted disk: the database last, it makes the relay."""
    names = sorted((path.name for path in part.iterdir()), key=lambda name: name == DATABASE)
    for name in names:
        if os.stat(part).st_dev == os.stat(to).st_dev:  # noqa: PTH116  both at once
            (part / name).rename(to / name)
        else:
            shutil.move(part / name, to / name)
    part.rmdir()


async def tell_restored(settings: Settings, backup: Path) -> None:
    """Write down in the restored audit from which backup it was restored.

    Raises:
        Conflict: the database is of another version; migrate it first.
    """
    manifest = read_manifest(backup)
    records = await known_sqlite(settings.data_dir / DATABASE)
    try:
        async with records.begin() as tx:
            about = {"made_at_us": manifest.made_at_us, "from": manifest.source}
            now_us = SystemClock().now_us()
            await tx.evidence.audit(now_us, "command line", RESTORED, backup.name[:200], about)
        await anchors_of(settings).write(records)
    finally:
        await records.close()
