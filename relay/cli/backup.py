"""``kyumei backup`` and ``kyumei restore``: a copy of everything a relay keeps, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relay.cli.ending import BY, DataDir, data_option, run, said_in_one_sentence, say, settings_of
from relay.cli.verify import tell, verdicts_of
from relay.errors import RelayError

if TYPE_CHECKING:
    from relay.settings import Settings
    from relay.vault.backup import Made


def backup(
    into: Annotated[Path, typer.Argument(help="Folder for backups, on another disk.")],
    data: Annotated[DataDir, data_option()] = None,
    keep: Annotated[
        int, typer.Option(min=0, help="Delete the oldest beyond so many; 0 keeps all.")
    ] = 0,
    clips: Annotated[
        bool, typer.Option("--clips", help="Also video of 119 calls, which policy deletes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Copy database, audit and ECG while the relay runs, and verify the copy; for every day.

    Example: kyumei backup /mnt/backup --data /var/lib/kyumei --keep 30
    """
    at = settings_of(data_dir=data)
    with said_in_one_sentence(at):
        from relay.vault.backup import forget_old, make_backup

        made = make_backup(at, into, clips=clips)
    faults = _verified(made, quiet=as_json)
    noted = _noted(at, made)
    old: list[Path] = []
    if not faults and keep:
        with said_in_one_sentence(at):
            old = forget_old(into, keep)
    if as_json:
        typer.echo(json.dumps(_as_json(made, faults, old), ensure_ascii=False, indent=2))
    else:
        mb, kept_mb = made.copied_bytes / 1e6, made.kept_bytes / 1e6
        say(f"Backup {made.folder}: {mb:.1f} MB copied, {kept_mb:.1f} MB taken over.", at)
    if noted:
        typer.echo(noted, err=True)
    if faults:
        text = f"The backup {made.folder} is not whole: {faults[0]}"
        typer.echo(f"{text} Keep the older ones; see kyumei verify.", err=True)
        raise typer.Exit(1)


def _verified(made: Made, *, quiet: bool) -> list[str]:
    """Look at the copy as at any data folder; its heads alone count, for others may be newer."""
    copy = settings_of(data_dir=made.folder, audit_heads_to=())
    verdicts = verdicts_of(copy, deep=False)
    for verdict in verdicts:
        verdict.notes.clear()  # they are of the relay, not of its copy
    if not quiet:
        tell(verdicts)
    return [*made.faults, *(fault for verdict in verdicts for fault in verdict.faults)]


def _noted(at: Settings, made: Made) -> str | None:
    """Write the backup into the audit: it holds every patient. A database that takes no rows does not stop it."""

    async def work() -> None:
        from relay.model.clock import SystemClock
        from relay.office import database_of
        from relay.records.sqlite import known_sqlite

        records = await known_sqlite(database_of(at))
        try:
            async with records.begin() as tx:
                about = {"bytes": made.copied_bytes + made.kept_bytes}
                now_us = SystemClock().now_us()
                await tx.evidence.audit(now_us, BY, "backup-made", str(made.folder)[-200:], about)
        finally:
            await records.close()

    try:
        import asyncio

        asyncio.run(work())
    except (RelayError, OSError) as error:
        return f"The backup is made; that it was made could not be written down ({error})"
    return None


def _as_json(made: Made, faults: list[str], old: list[Path]) -> dict[str, object]:
    return {
        "backup": str(made.folder),
        "ok": not faults,
        "copied_bytes": made.copied_bytes,
        "kept_bytes": made.kept_bytes,
        "faults": faults,
        "deleted": [str(path) for path in old],
    }


def restore(
    source: Annotated[
        Path, typer.Argument(help="A backup, or the folder of backups: its newest is taken.")
    ],
    data: Annotated[DataDir, data_option()] = None,
) -> None:
    """Bring a backup back into an empty data folder, and verify every byte of it.

    Example: kyumei restore /mnt/backup --data /var/lib/kyumei
    """
    at = settings_of(data_dir=data)
    with said_in_one_sentence(at):
        from relay.vault.restore import chosen_backup, restore_files, tell_restored

        chosen = chosen_backup(source)
        typer.echo(f"Restoring {chosen} to {at.data_dir.absolute()} …", err=True)
        faults = restore_files(chosen, at.data_dir)
    for fault in faults:
        typer.echo(f"BAD copy: {fault}")
    run(tell_restored(at, chosen), at)
    verdicts = verdicts_of(at, deep=True)
    tell(verdicts)
    faults += [fault for verdict in verdicts for fault in verdict.faults]
    if faults:
        say(f"Restored, with {len(faults)} things missing or altered.", at, err=True)
        raise typer.Exit(1)
    say("Restored; everything is as it was kept. Start the relay on it.", at)
