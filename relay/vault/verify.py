"""A whole data folder against its own audit: nothing is written, a running relay need not stop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from relay.data_folder import ECG_LOG
from relay.ecglog.segment_folder import SegmentFolder, read_folder
from relay.errors import Unavailable
from relay.model.audit import Head
from relay.model.clock import SystemClock
from relay.model.evidence import ACKNOWLEDGED
from relay.office import anchors_of, database_of
from relay.records.sqlite import SqlRecords, known_sqlite, read_sqlite
from relay.services.evidence.anchors import ALONE
from relay.services.evidence.verifying import (
    EvidenceVerdict,
    Seal,
    acknowledged_in,
    seals_of,
    verify_audit,
    verify_file,
    verify_files,
    verify_recordings,
)
from relay.settings import Settings


async def verify_folder(
    settings: Settings, *, deep: bool, brought: Iterable[Head] = ()
) -> list[EvidenceVerdict]:
    """The verdict on each part of a data folder.

    Args:
        settings: which name the folder and the places of heads.
        deep: also read every file of ECG whole and every page of the database.
        brought: heads of the audit from elsewhere.

    Raises:
        NotFound: there is no relay in the folder.
        Conflict: its database is of another version.
        Unavailable: its database is lost, or cannot be opened.
    """
    file, anchors = database_of(settings), anchors_of(settings)
    async with _read(file) as (records, verdicts):
        if deep:
            verdicts.append(await _database(records))
        verdicts += await verify_audit(records, anchors, brought)
        if anchors.alone:
            verdicts[-2].notes.append(ALONE)
        log = await read_folder(file.parent / ECG_LOG)
        seals = await seals_of(records)
        verdicts.append(verify_files(seals, log.sealed()))
        if deep:
            verdicts.append(await verify_contents(seals, log))
        verdicts.append(await verify_recordings(records, log))
        known = await acknowledged_in(records)
        verdicts[:] = [verdict.without(known) for verdict in verdicts]
    return verdicts


async def acknowledge(settings: Settings, faults: list[str], reason: str, by: str) -> None:
    """Write into the audit that a person knows of these faults; from then on they are notes.

    Raises:
        RelayError: it cannot be written.
    """
    records = await known_sqlite(database_of(settings))
    try:
        async with records.begin() as tx:
            about = {"faults": faults}
            await tx.evidence.audit(SystemClock().now_us(), by, ACKNOWLEDGED, reason[:200], about)
        await anchors_of(settings).write(records)
    finally:
        await records.close()


@asynccontextmanager
async def _read(file: Path) -> AsyncIterator[tuple[SqlRecords, list[EvidenceVerdict]]]:
    """The records, and the list of verdicts, to which a database that breaks while it is read adds its own."""
    verdicts: list[EvidenceVerdict] = []
    async with read_sqlite(file) as records:
        try:
            yield records, verdicts
        except Unavailable as error:
            verdicts.append(EvidenceVerdict("database", faults=[str(error)]))


async def _database(records: SqlRecords) -> EvidenceVerdict:
    found = await records.integrity()
    faults = [f"The database is damaged: {text}." for text in found]
    return EvidenceVerdict("database", "Every page of the database is sound.", faults)


async def verify_contents(seals: dict[str, Seal], log: SegmentFolder) -> EvidenceVerdict:
    """Every closed file by its hash, every other by the checksums of its frames."""
    faults = [
        f"The ECG file {name} holds no whole frame from byte {first} to {end}."
        for name, damaged in log.damaged.items()
        for first, end in damaged
    ]
    n_bytes = 0
    for name, seal in seals.items():
        if log.sealed().get(name) == seal.n_bytes:
            n_bytes += seal.n_bytes
            fault = await verify_file(seal, log)
            faults += [fault] if fault else []
    return EvidenceVerdict(
        "ecg content", f"{n_bytes / 1e6:.1f} MB of ECG are as they were closed.", faults
    )
