"""One file of the segment log: records one after another, and a sealed file's index.

A record is the length of a wire frame as u32 little-endian, then the frame. The frame carries its
own checksum, so a scan tells a whole record from a torn one. A sealed segment has an index beside it
(``.idx``): one JSON line that says which sequence numbers and samples of which streams are inside,
then one packed entry a frame. The index is a copy of what a scan finds and may be deleted.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from relay.errors import RemoteProtocolError
from relay.protocol.ranges import RangeSet
from relay.protocol.wire import KIND_ECG, MAX_FRAME_BYTES, VERSION, unpack
from relay.store.segment_index import ON_DISK, Entry, Holding, SegmentIndex, Summary

LENGTH = struct.Struct("<I")
INDEX_VERSION = 1
_FRAME_START = bytes((VERSION, KIND_ECG))


@dataclass(slots=True)
class Scan:
    """What a scan found.

    Attributes:
        entries: the whole records.
        end: the offset just after the last of them; bytes beyond are a torn write.
        damaged: byte ranges before ``end`` that hold no whole record (bit rot).
    """

    entries: list[Entry]
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


def _next_entry(data: bytes, offset: int) -> Entry | None:
    """The first whole record at or after ``offset``."""
    while (start := data.find(_FRAME_START, offset + LENGTH.size)) >= 0:
        entry = _entry_at(data, start)
        if entry is not None:
            return entry
        offset = start - LENGTH.size + 1
    return None


def _entry_at(data: bytes, start: int) -> Entry | None:
    (size,) = LENGTH.unpack_from(data, start - LENGTH.size)
    if not 0 < size <= MAX_FRAME_BYTES or start + size > len(data):
        return None
    try:
        frame = unpack(data[start : start + size])
    except RemoteProtocolError:
        return None
    return Entry(frame.stream, frame.seq, frame.first_sample, frame.n_samples, size, start)


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
