"""``kyumei export``: a kept ECG as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from relay.cli.ending import BY, DataDir, data_option, run, say, settings_of

if TYPE_CHECKING:
    from relay.services.cases.exporting import File
    from relay.settings import Settings


def export(
    snapshot: Annotated[UUID, typer.Argument(help="The snapshot's id.")],
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="Such as json (docs/ways-out.md).")],
    into: Annotated[Path, typer.Option("--into", help="Folder that gets the file.")] = Path(),
    data: Annotated[DataDir, data_option()] = None,
) -> None:
    """Write a kept ECG into a file of another format, while the relay runs. The audit says so.

    Example: kyumei export 0f8c3a52-7c1b-4f0e-9d8e-2a6b5c4d3e2f json --into /tmp
    """
    at = settings_of(data_dir=data)
    file = run(_made(at, snapshot, form), at)
    path = into / file.name
    run(_written(path, file.content), at)
    say(f"Written: {path}", at)


async def _written(path: Path, content: bytes) -> None:
    with path.open("xb") as out:
        out.write(content)


async def _made(at: Settings, snapshot: UUID, form: str) -> File:
    """The file; nothing leaves before the audit says so.

    Raises:
        NotFound: there is no such format, or no such snapshot.
        Unavailable: the audit takes no row.
    """
    from relay.model.clock import SystemClock
    from relay.office import database_of
    from relay.records.sqlite import known_sqlite
    from relay.services.cases.exporting import Maker, export_named, kept_ecg, made
    from relay.wiring.this_site import this_version
    from relay.wiring.ways_out import EXPORTS

    chosen = export_named(EXPORTS, form)
    records = await known_sqlite(database_of(at))
    try:
        async with records.begin() as tx:
            ecg = await kept_ecg(tx, snapshot, Maker(at.site_name, this_version()))
            about = {"snapshot": str(snapshot), "export": chosen.name}
            subject = str(ecg.snapshot.incident)
            await tx.evidence.audit(SystemClock().now_us(), BY, "snapshot-exported", subject, about)
    finally:
        await records.close()
    return await made(chosen, ecg)
