"""Kept ECGs as files in other formats."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from uuid import UUID

import numpy as np

from ecg.leads import leads_of_mask
from relay.errors import NotFound
from relay.exports.port import Export, KeptEcg
from relay.model.people import Person
from relay.records.port.records import RecordReads, Records
from relay.services.cases.cases import visible


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes the file: this site and its version, as they stand in it."""

    site: str
    version: str


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is handed out."""

    name: str
    media_type: str
    content: bytes


class Exporting:
    """Makes files of what a person may see."""

    def __init__(self, records: Records, exports: Sequence[Export], maker: Maker) -> None:
        self._records, self._exports, self._maker = records, exports, maker

    async def file(self, person: Person, snapshot: UUID, name: str) -> File:
        """The snapshot in the format of this name.

        Raises:
            NotFound: there is no such format, the snapshot is not theirs to see, or not kept yet.
            BadInput: the format cannot carry this ECG.
        """
        export = export_named(self._exports, name)
        async with self._records.read() as reads:
            found = await reads.recordings.snapshot(snapshot)
            if found is None:
                raise NotFound("There is no such snapshot.")
            await visible(reads, person, found.incident)
            ecg = await kept_ecg(reads, snapshot, self._maker)
        return await made(export, ecg)


def export_named(exports: Sequence[Export], name: str) -> Export:
    """The export of this name.

    Raises:
        NotFound: there is none; the sentence says which there are.
    """
    known = {export.name: export for export in exports}
    if name in known:
        return known[name]
    close = get_close_matches(name, known, 1)
    meant = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}."
    raise NotFound(f"There is no export {name[:40]}; {meant}")


async def kept_ecg(reads: RecordReads, snapshot_id: UUID, maker: Maker) -> KeptEcg:
    """All that is kept of a snapshot.

    Raises:
        NotFound: there is no such snapshot, or it is not kept yet.
    """
    snapshot = await reads.recordings.snapshot(snapshot_id)
    samples = await reads.recordings.snapshot_samples(snapshot_id) if snapshot else None
    stream = await reads.recordings.stream(snapshot.stream) if snapshot else None
    if snapshot is None or stream is None:
        raise NotFound("There is no such snapshot.")
    if samples is None:
        raise NotFound("The samples of this snapshot have not all arrived; try again shortly.")
    leads = leads_of_mask(snapshot.lead_mask)
    return KeptEcg(
        site=maker.site,
        version=maker.version,
        unit=stream.unit,
        source=stream.source,
        snapshot=snapshot,
        leads=leads,
        samples_lsb=np.frombuffer(samples, "<i2").reshape(len(leads), snapshot.n_samples),
        t0_us=stream.started_at_us + round(snapshot.first_sample * 1e6 / snapshot.fs_hz),
        clock_offset_us=stream.clock_offset_us,
        report=await reads.recordings.snapshot_report(snapshot_id),
        patient=await reads.cases.card(snapshot.incident) or {},
    )


async def made(export: Export, ecg: KeptEcg) -> File:
    """The file, written in a thread; its name tells neither who nor where.

    Raises:
        BadInput: the format cannot carry this ECG.
    """
    content = await asyncio.to_thread(export.write, ecg)
    return File(f"ecg-{ecg.snapshot.id}{export.suffix}", export.media_type, content)
