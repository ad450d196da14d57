"""A folder that an ECG cart or another program drops finished records into.

Every WFDB record that arrives after the watch began is one recording of the present case. What lay
there before is left alone, because it may be another patient's. A record that was taken moves into
``sent/``, one that cannot be read into ``unreadable/``, once nobody has written to it for ten seconds (a
slow copy pauses); nothing is ever deleted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ambulance_client.sources.port import Source, SourceInfo
from ambulance_client.sources.wfdb_replay import read_record
from ecg.values import EcgSegment
from relay.errors import BadInput

POLL_S = 0.5
UNREADABLE_AFTER_S = 10.0
CHUNK_S = 1.0
SENT, UNREADABLE = "sent", "unreadable"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A record's files as they looked at one poll: name, bytes, and time of the last change."""

    files: tuple[tuple[str, int, int], ...]


class FileRecord:
    """One complete record, given as fast as the spool takes it."""

    def __init__(self, header: Path) -> None:
        segment, patient = read_record(header)
        self.header = header
        self._segment = segment
        self.info = SourceInfo(
            name="12-lead file",
            leads=segment.leads,
            fs_hz=segment.fs_hz,
            uv_per_lsb=segment.uv_per_lsb,
            age_years=patient.age_years,
            sex=patient.sex,
            live=False,
        )

    async def segments(self) -> AsyncIterator[EcgSegment]:
        """See ``Source.segments``."""
        for chunk in self._chunks():
            await asyncio.sleep(0)
            yield chunk

    def _chunks(self) -> Iterator[EcgSegment]:
        whole = self._segment
        step = max(1, round(CHUNK_S * whole.fs_hz))
        for at in range(0, whole.n_samples, step):
            yield replace(whole, adc=whole.adc[:, at : at + step], first_sample=at)


class WatchedFolder:
    """``Recordings`` of a folder.

    Raises:
        BadInput: there is no such folder, or it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise BadInput(f"There is no folder {folder}; make it, or choose another.")
        self._folder = folder
        self._old = set(self._look())
        left = len(self._old)
        self.waiting_for = "Waiting for a file of the ECG device." + (
            f" {left} older left alone; move them out and in again to send them." if left else ""
        )
        self._last: dict[str, tuple[_Seen, float]] = {}

    async def next(self) -> Source | None:
        """The next record that has arrived whole, oldest first."""
        while True:
            for header, quiet_s in await asyncio.to_thread(self._arrived):
                try:
                    return await asyncio.to_thread(FileRecord, header)
                except BadInput:
                    if quiet_s >= UNREADABLE_AFTER_S:
                        await asyncio.to_thread(self._put_away, header, UNREADABLE)
                        raise
            await asyncio.sleep(POLL_S)

    async def finished(self, source: Source) -> None:
        """Move the record's files into ``sent/``."""
        if isinstance(source, FileRecord):
            await asyncio.to_thread(self._put_away, source.header, SENT)

    def _look(self) -> dict[str, _Seen]:
        """Every record whose header names only files that are there, by its header's name."""
        try:
            headers = [p for p in self._folder.iterdir() if p.suffix == ".hea" and p.is_file()]
            found = {}
            for header in sorted(headers, key=lambda p: (p.stat().st_mtime_ns, p.name)):
                files = _files_of(header)
                if all(f.is_file() for f in files):
                    stats = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files]
                    found[header.name] = _Seen(tuple(stats))
            return found
        except OSError as error:
            raise BadInput(
                f"The folder {self._folder.name} cannot be read ({error.strerror}); "
                "check its drive and its rights."
            ) from error

    def _arrived(self) -> list[tuple[Path, float]]:
        """Records that did not change since the last look, and for how many seconds."""
        now_s, last = time.monotonic(), self._last
        self._last = {}
        for name, seen in self._look().items():
            if name not in self._old:
                before = last.get(name)
                since_s = before[1] if before is not None and before[0] == seen else now_s
                self._last[name] = (seen, since_s)
        return [
            (self._folder / name, now_s - since_s)
            for name, (_, since_s) in self._last.items()
            if since_s < now_s
        ]

    def _put_away(self, header: Path, place: str) -> None:
        self._old.add(header.name)  # also where it cannot be moved: it is taken once
        target = self._folder / place
        try:
            target.mkdir(exist_ok=True)
            for file in _files_of(header):
                if file.is_file():
                    file.rename(_free_name(target / file.name))
            self._old.discard(header.name)
        except OSError as error:
            raise BadInput(
                f"{header.stem} cannot be moved into {place}/ ({error.strerror}); "
                "it was taken and will not be taken again: make the folder writable."
            ) from error


def _files_of(header: Path) -> list[Path]:
    """The header and the signal files it names, inside its own folder only."""
    lines = header.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    names = {Path(row[0]).name for row in rows[1:] if row}
    return [header, *(header.parent / name for name in sorted(names) if name != "~")]


def _free_name(path: Path) -> Path:
    """The path, with a number where it is taken: a name used twice must not overwrite."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
