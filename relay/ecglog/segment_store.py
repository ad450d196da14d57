"""The segment files of one folder, and what blocks: one thread at a time writes, others read meanwhile.

A segment that saw any write error is sealed at its last good byte and a new one begun, so that a page cache
the kernel gave up on is never trusted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import structlog

from relay.ecglog.port import LoggedFrame
from relay.ecglog.sealed_segments import SealedSegments
from relay.ecglog.segment_file import (
    LENGTH,
    load,
    read_summary,
    scan,
    sha256_of,
    sync_folder,
    try_to_write,
    write_all,
    write_index,
)
from relay.ecglog.segment_index import Holding, IndexEntry, SegmentIndex, Summary
from relay.errors import Unavailable
from relay.protocol.ranges import RangeSet

log = structlog.get_logger()


@dataclass(slots=True)
class _Active:
    """The segment being written."""

    path: Path
    fd: int
    end: int
    index: SegmentIndex = field(default_factory=SegmentIndex)
    began_s: float = field(default_factory=time.monotonic)


class SegmentStore:
    """Segment files, numbered as they were begun. ``recover`` comes first."""

    def __init__(self, folder: Path, segment_bytes: int) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._sealed = SealedSegments()
        self._active: _Active | None = None
        self._next_number = 1

    def recover(self) -> Summary:
        """Read what the folder holds; set a torn tail aside. What it holds of each recording."""
        held: Summary = {}
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.glob("[0-9]*.seg")):
            known = read_summary(path)
            summary, end = known or self._rescan(path)
            self._sealed.add(path, summary)
            self._next_number = max(self._next_number, int(path.stem) + 1)
            for stream, holding in summary.items():
                of = held.setdefault(stream, Holding(RangeSet(), RangeSet()))
                of.seqs.update(holding.seqs)
                of.samples.update(holding.samples)
            if path.stat().st_size > end:
                self._set_tail_aside(path, end)
            self._sealed.closed_for_good(path, end)
        return held

    def _rescan(self, path: Path) -> tuple[Summary, int]:
        found = scan(path)
        for first, end in found.damaged:
            log.error("ecg_log_damaged", segment=path.name, first_byte=first, end_byte=end)
        index = SegmentIndex(found.entries)
        write_index(path, index, found.end)
        return index.summary, found.end

    def _set_tail_aside(self, path: Path, end: int) -> None:
        data = path.read_bytes()
        aside = path.with_suffix(f".torn-{end}")
        aside.write_bytes(data[end:])
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
        log.warning("ecg_log_torn_tail", segment=path.name, offset=end, size=len(data) - end)

    def write(self, frames: list[tuple[UUID, LoggedFrame]]) -> list[IndexEntry]:
        """Append frames in one write and one ``fdatasync``; where they lie.

        Raises:
            OSError: nothing of them is kept.
        """
        active = self._active or self._begin_segment()
        parts: list[bytes] = []
        entries: list[IndexEntry] = []
        offset = active.end
        for stream, frame in frames:
            parts += [LENGTH.pack(len(frame.data)), frame.data]
            offset += LENGTH.size
            entries.append(
                IndexEntry(
                    stream, frame.seq, frame.first_sample, frame.n_samples, len(frame.data), offset
                )
            )
            offset += len(frame.data)
        try:
            write_all(active.fd, b"".join(parts))
            os.fdatasync(active.fd)
        except OSError:
            self._abandon(active)
            raise
        active.end = offset
        active.index.add(entries)
        if active.end >= self._segment_bytes:
            self._seal(active)
        return entries

    def _begin_segment(self) -> _Active:
        path = self._folder / f"{self._next_number:010d}.seg"
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o640)
        self._next_number += 1
        sync_folder(self._folder)
        self._active = _Active(path, fd, 0)
        return self._active

    def _seal(self, active: _Active) -> None:
        self._sealed.add(
            active.path, active.index.summary
        )  # first: a reader must find it somewhere
        self._active = None
        os.close(active.fd)
        try:
            write_index(active.path, active.index, active.end)
        except OSError as error:  # the index is a copy: a scan at the next start rebuilds it
            log.error("ecg_log_index_failed", segment=active.path.name, errno=error.errno)
        self._sealed.closed_for_good(active.path, active.end)

    def _abandon(self, active: _Active) -> None:
        """After a write error: keep what was good, never write to this file again."""
        self._sealed.add(active.path, active.index.summary)
        self._active = None
        try:
            os.ftruncate(active.fd, active.end)
            os.fsync(active.fd)
            self._sealed.closed_for_good(active.path, active.end)
        except OSError as error:  # not closed for good: the next start sets the tail aside
            log.error("ecg_log_truncate_failed", segment=active.path.name, errno=error.errno)
        os.close(active.fd)

    def read(self, stream: UUID, from_sample: int, to_sample: int) -> list[LoggedFrame]:
        """Frames that touch ``[from_sample, to_sample)``, by their place; for any thread.

        Raises:
            Unavailable: the disk does not give them.
        """
        active = self._active  # first: what is closed meanwhile is found among the closed
        found = self._sealed.touching(stream, from_sample, to_sample)
        if active is not None:
            now = active.index.touching(stream, from_sample, to_sample)
            found |= {e.seq: (e, active.path) for e in now}
        try:
            loaded = [load(e, path) for e, path in found.values()]
        except OSError as error:
            raise Unavailable(f"The ECG log cannot be read ({error.strerror}).") from error
        frames = [frame for frame in loaded if frame is not None]
        return sorted(frames, key=lambda f: (f.first_sample, f.seq))

    def sealed(self) -> dict[str, int]:
        """The sizes in bytes of the files that are closed for good, by name."""
        return self._sealed.sizes()

    def never_again(self, names: Iterable[str]) -> None:
        """Give no new file one of these names."""
        taken = [int(number) for name in names if (number := Path(name).stem).isdigit()]
        self._next_number = max([self._next_number, *(number + 1 for number in taken)])

    def seal_older(self, than_s: float) -> None:
        """Close the file that is written, where it is older than this."""
        active = self._active
        if active is not None and time.monotonic() - active.began_s >= than_s:
            self._seal(active)

    def seal_last(self) -> None:
        """Close the file that is written."""
        if self._active is not None:
            self._seal(self._active)

    def sha256_of(self, name: str) -> str:
        """The SHA-256 of a file, hex; for any thread.

        Raises:
            Unavailable: it cannot be read, or is gone.
        """
        return sha256_of(self._folder / name)

    def try_to_write(self) -> None:
        """Write a frame's worth and take it away again.

        Raises:
            OSError: the disk does not take it.
        """
        try_to_write(self._folder)
