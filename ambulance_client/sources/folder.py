"""A folder where an ECG cart or another program puts finished records.

Every WFDB record that comes after the start is a recording of the present case. Files that were there before may be
another patient's; they are left alone until somebody writes them again. A record that was taken moves into ``sent/``. A
file that cannot be read, or has another format, moves into ``unreadable/`` when nobody has written to it for ten seconds
(a slow copy pauses). Nothing is ever deleted. Every refusal is one sentence. A bad file does not stop the next one.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from ambulance_client.sources.port import Source, SourceInfo
from ambulance_client.sources.wfdb_replay import read_record
from ecg.files.foreign import HEAD_BYTES, foreign_format, foreign_words
from ecg.files.record import RecordedEcg
from ecg.files.record_header import found_name, signal_files
from ecg.values import EcgSegment
from relay.errors import BadInput
from relay.protocol.messages import FileOrigin

log = structlog.get_logger()

POLL_S = 0.5
UNREADABLE_AFTER_S = 10.0
ALONE_AFTER_S = 60.0
"""A header whose signal file does not come, or the other way round, is told after so long."""
CHUNK_S = 1.0
SENT, UNREADABLE = "sent", "unreadable"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A record's files as they looked at one poll: name, bytes, and time of the last change."""

    files: tuple[tuple[str, int, int], ...]
    is_whole: bool = True


class FileRecord:
    """One complete record, given as fast as the spool takes it."""

    def __init__(self, header: Path) -> None:
        segment, record = read_record(header)
        self.header = header
        self._segment = segment
        self.info = SourceInfo(
            name="12-lead file",
            leads=segment.leads,
            fs_hz=segment.fs_hz,
            uv_per_lsb=segment.uv_per_lsb,
            age_years=record.patient.age_years,
            sex=record.patient.sex,
            live=False,
            recorded=True,
            origin=_origin(segment, record),
            file=header.stem,
            left_out=record.skipped,
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


def _origin(segment: EcgSegment, record: RecordedEcg) -> FileOrigin:
    at = record.recorded_at
    now = datetime.now()  # noqa: DTZ005 - the recorder's clock has no zone; it shows the wall's time
    head = f"{segment.leads} {segment.fs_hz} {segment.uv_per_lsb}\n".encode()
    return FileOrigin(
        recorded_at=None if at is None else at.isoformat(),
        recorded_ago_s=None if at is None else round((now - at).total_seconds()),
        age_years=record.patient.age_years,
        sex=record.patient.sex,
        fingerprint=hashlib.sha256(head + segment.adc.tobytes()).hexdigest(),
    )


class WatchedFolder:
    """``Recordings`` of a folder.

    Raises:
        BadInput: there is no such folder, or it cannot be read.
    """

    waiting_cause = ""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise BadInput(f"There is no folder {folder}; make it, or choose another.")
        self._folder = folder
        self._old = self._look()
        left = sum(seen.is_whole for seen in self._old.values())
        self.waiting_for = "Waiting for a file of the ECG device." + (
            f" {left} older left alone; move them out and in again to send them." if left else ""
        )
        self._last: dict[str, tuple[_Seen, float]] = {}

    async def next(self) -> Source | None:
        """The next record that has arrived whole, oldest first."""
        while True:
            for path, quiet_s in await asyncio.to_thread(self._arrived):
                if self._last[path.name][0].is_whole:
                    source = await self._taken(path, quiet_s)
                    if source is not None:
                        return source
                else:
                    await self._judged(path, quiet_s)
            await asyncio.sleep(POLL_S)

    async def _taken(self, header: Path, quiet_s: float) -> Source | None:
        """The record of a header, None while it may still be written.

        Raises:
            BadInput: it cannot be read and was put away.
        """
        try:
            return await asyncio.to_thread(FileRecord, header)
        except BadInput:
            if quiet_s < UNREADABLE_AFTER_S:
                return None
            await asyncio.to_thread(self._put_away, header, UNREADABLE)
            raise
        except Exception as error:  # whatever one file does, the next one is taken
            log.exception("file_unusable", file=header.name)
            await asyncio.to_thread(self._put_away, header, UNREADABLE)
            raise BadInput(
                f"{header.stem} cannot be read and was put into {UNREADABLE}/; export it again.",
                "file-unusable",
                file=header.stem,
            ) from error

    async def _judged(self, path: Path, quiet_s: float) -> None:
        """Says what a file is that is no whole record, once it is at rest.

        Raises:
            BadInput: it is of another format and was put away, or it lies alone and stays.
        """
        if quiet_s < UNREADABLE_AFTER_S:
            return
        what = await asyncio.to_thread(_foreign, path)
        if what is not None:
            await asyncio.to_thread(self._put_away, path, UNREADABLE)
            text = foreign_words(path.name, what)
            raise BadInput(text, "file-other-format", file=path.name, what=what)
        if quiet_s >= ALONE_AFTER_S:
            self._old[path.name] = self._last[path.name][0]  # told once; a change makes it new
            raise BadInput(
                f"{path.name} lies alone: the file that belongs to it has not come; export it again.",
                "file-alone",
                file=path.name,
            )

    async def finished(self, source: Source) -> None:
        """Move the record's files into ``sent/``."""
        if isinstance(source, FileRecord):
            await asyncio.to_thread(self._put_away, source.header, SENT)

    def _look(self) -> dict[str, _Seen]:
        """Every record by its header's name, and every other file by its own, oldest first."""
        try:
            there = [p for p in self._folder.iterdir() if p.is_file() and p.name[0] != "."]
            stats = {p.name: (p.name, (s := p.stat()).st_size, s.st_mtime_ns) for p in there}
            in_order = sorted(stats, key=lambda name: (stats[name][2], name))
            found, owned = {}, set[str]()
            for name in (n for n in in_order if n.lower().endswith(".hea")):
                files = _files_of(self._folder / name, stats)
                held = tuple(stats[f] for f in files.values() if f is not None)
                owned |= {f for f, _, _ in held}
                found[name] = _Seen(held, None not in files.values())
            others = {n: _Seen((stats[n],), is_whole=False) for n in in_order if n not in owned}
            return found | {n: seen for n, seen in others.items() if n not in found}
        except OSError as error:
            raise BadInput(
                f"The folder {self._folder.name} cannot be read ({error.strerror}); "
                "check its drive and its rights.",
                "folder-unreadable",
                file=self._folder.name,
            ) from error

    def _arrived(self) -> list[tuple[Path, float]]:
        """Files that did not change since the last look, and for how many seconds."""
        now_s, last = time.monotonic(), self._last
        self._last = {}
        for name, seen in self._look().items():
            if self._old.get(name) != seen:
                before = last.get(name)
                since_s = before[1] if before is not None and before[0] == seen else now_s
                self._last[name] = (seen, since_s)
        return [
            (self._folder / name, now_s - since_s)
            for name, (_, since_s) in self._last.items()
            if since_s < now_s
        ]

    def _put_away(self, path: Path, place: str) -> None:
        seen = self._last.get(path.name, (_Seen(()), 0.0))[0]
        self._old[path.name] = seen  # also where it cannot be moved: it is taken once
        target = self._folder / place
        try:
            target.mkdir(exist_ok=True)
            for name, _, _ in seen.files:
                if (self._folder / name).is_file():
                    (self._folder / name).rename(_free_name(target / name))
            self._old.pop(path.name)
        except OSError as error:
            raise BadInput(
                f"{path.stem} cannot be moved into {place}/ ({error.strerror}); "
                "it was taken and will not be taken again: make the folder writable.",
                "file-not-moved",
                file=path.name,
            ) from error


def _files_of(header: Path, names: dict[str, tuple[str, int, int]]) -> dict[str, str | None]:
    """The header and the signal files it speaks of, by the name they have here; None where missing."""
    wanted = signal_files(header.read_bytes())
    return {header.name: header.name, **{w: found_name(names, w) for w in wanted}}


def _foreign(path: Path) -> str | None:
    """Which other format a file is of, None where it may be part of a record."""
    try:
        with path.open("rb") as file:
            return foreign_format(path.name, file.read(HEAD_BYTES))
    except OSError:  # it went away meanwhile
        return None


def _free_name(path: Path) -> Path:
    """The path, with a number where it is taken: a name used twice must not overwrite."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
