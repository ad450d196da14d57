"""One file of the segment log: records one after another, and a sealed file's index.

A record is the length of a wire frame as u32 little-endian, then the frame. The frame carries its
own checksum, so a scan tells a whole record from a torn one. A sealed segment has an index beside it
(``.idx``): one JSON line that says which sequence numbers and samples of which streams are inside,
then one packed entry a frame. The index is a copy of what a scan finds and may be deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from relay.ecglog.port import LoggedFrame
from relay.ecglog.segment_index import ON_DISK, Holding, IndexEntry, SegmentIndex, Summary
from relay.errors import RemoteProtocolError, Unavailable
from relay.protocol.ranges import RangeSet
from relay.protocol.wire import KIND_ECG, MAX_FRAME_BYTES, VERSION, unpack

log = structlog.get_logger(__name__)
LENGTH = struct.Struct("<I")
INDEX_VERSION = 1
PROBE = ".probe"
_FRAME_START = bytes((VERSION, KIND_ECG))


@dataclass(slots=True)
class Scan:
    """What a scan found.

    Attributes:
        entries: the whole records.
        end: the offset just after the last of them; bytes beyond are a torn write.
        damaged: byte ranges before ``end`` that hold no whole record (bit rot).
    """

    entries: list[IndexEntry]
    end: int
    damaged: list[tuple[int, int]]


def scan(path: Path) -> Scan:
    """Every whole record of a segment file, also those behind a damaged place."""
    data = path.read_bytes()
    found = Scan([], 0, [])
    offset = 0
    while (entry := _next_entry(data, offset)) is not None:
        record = entry.offset - LENGTH.size
        if record > offset:
            found.damaged.append((offset, record))
        found.entries.append(entry)
        offset = found.end = entry.offset + entry.size
    return found


def _next_entry(data: bytes, offset: int) -> IndexEntry | None:
    """The first whole record at or after ``offset``."""
    while (start := data.find(_FRAME_START, offset + LENGTH.size)) >= 0:
        entry = _entry_at(data, start)
        if entry is not None:
            return entry
        offset = start - LENGTH.size + 1
    return None


def _entry_at(data: bytes, start: int) -> IndexEntry | None:
    (size,) = LENGTH.unpack_from(data, start - LENGTH.size)
    if not 0 < size <= MAX_FRAME_BYTES or start + size > len(data):
        return None
    try:
        frame = unpack(data[start : start + size])
    except RemoteProtocolError:
        return None
    return IndexEntry(frame.stream, frame.seq, frame.first_sample, frame.n_samples, size, start)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hex, read in pieces.

    Raises:
        Unavailable: it cannot be read, or is gone.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Unavailable(f"The file {path.name} cannot be read ({error.strerror}).") from error


def index_path(path: Path) -> Path:
    """The index that lies beside a segment."""
    return path.with_suffix(".idx")


def write_index(path: Path, index: SegmentIndex, end: int) -> None:
    """Write a sealed segment's index, whole or not at all."""
    summary = {
        stream.hex: {"seqs": list(holding.seqs), "samples": list(holding.samples)}
        for stream, holding in index.summary.items()
    }
    head = json.dumps(
        {"version": INDEX_VERSION, "end": end, "entries": len(index), "streams": summary}
    )
    part = path.with_suffix(".idx.part")
    with part.open("wb") as file:
        file.write(head.encode() + b"\n")
        file.writelines(index.on_disk())
        file.flush()
        os.fsync(file.fileno())
    part.replace(index_path(path))


def read_summary(path: Path) -> tuple[Summary, int] | None:
    """A sealed segment's summary and the end of its records; None where the index is unusable."""
    try:
        with index_path(path).open("rb") as file:
            head = json.loads(file.readline())
        if head["version"] != INDEX_VERSION or head["end"] > path.stat().st_size:
            return None
        summary = {
            UUID(hex=stream): Holding(
                RangeSet((a, b) for a, b in held["seqs"]),
                RangeSet((a, b) for a, b in held["samples"]),
            )
            for stream, held in head["streams"].items()
        }
        return summary, int(head["end"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_index(path: Path) -> SegmentIndex:
    """The index of a sealed segment, from its file, else by a scan."""
    try:
        data = index_path(path).read_bytes()
        start = data.index(b"\n") + 1
        if json.loads(data[:start])["entries"] * ON_DISK.size == len(data) - start:
            return SegmentIndex.from_disk(data[start:])
    except (OSError, ValueError, KeyError):
        pass
    return SegmentIndex(scan(path).entries)


def write_all(fd: int, data: bytes) -> None:
    """Write every byte, however often the system asks for."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def try_to_write(folder: Path) -> None:
    """Write a frame's worth into a folder and take it away again.

    Raises:
        OSError: the disk does not take it.
    """
    probe = folder / PROBE
    fd = os.open(probe, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        write_all(fd, bytes(MAX_FRAME_BYTES))
        os.fdatasync(fd)
    finally:
        os.close(fd)
        probe.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def load(entry: IndexEntry, path: Path) -> LoggedFrame | None:
    """The frame of an entry, or None (and an error in the log) where its bytes have rotted."""
    with path.open("rb", buffering=0) as file:
        data = os.pread(file.fileno(), entry.size, entry.offset)
    try:
        unpack(data)
    except RemoteProtocolError:
        log.error(
            "ecg_log_damaged",
            stream=str(entry.stream),
            seq=entry.seq,
            segment=path.name,
            offset=entry.offset,
        )
        return None
    return LoggedFrame(entry.seq, entry.first_sample, entry.n_samples, data)
