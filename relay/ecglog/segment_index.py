"""Where the frames of one segment lie, in memory: 30 bytes a frame, whatever the frame.

A segment of 64 MB holds some hundred thousand frames, and a relay runs for months: an object a frame
would be the largest thing in the process.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from relay.protocol.ranges import RangeSet

ON_DISK = struct.Struct("<16sQQHIQ")
_PLACE = struct.Struct("<QQHIQ")


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """Where one frame lies in its segment: ``size`` bytes from byte ``offset``."""

    stream: UUID
    seq: int
    first_sample: int
    n_samples: int
    size: int
    offset: int

    @property
    def end_sample(self) -> int:
        """One past the last sample."""
        return self.first_sample + self.n_samples


@dataclass(slots=True)
class Holding:
    """What a segment holds of one stream."""

    seqs: RangeSet
    samples: RangeSet


Summary = dict[UUID, Holding]


class SegmentIndex:
    """Entries of one segment by stream, each stream's in the order they were written.

    One thread adds; others may read at the same time and see whole entries.
    """

    def __init__(self, entries: Iterable[IndexEntry] = ()) -> None:
        self.summary: Summary = {}
        self._places: dict[UUID, bytearray] = {}
        self.add(entries)

    def __len__(self) -> int:
        """How many frames."""
        return sum(len(places) for places in self._places.values()) // _PLACE.size

    def add(self, entries: Iterable[IndexEntry]) -> None:
        """Take these frames in, after those that are there."""
        for e in entries:
            places = self._places.setdefault(e.stream, bytearray())
            places += _PLACE.pack(e.seq, e.first_sample, e.n_samples, e.size, e.offset)
            holding = self.summary.setdefault(e.stream, Holding(RangeSet(), RangeSet()))
            holding.seqs.add(e.seq)
            holding.samples.add(e.first_sample, e.end_sample)

    def touching(self, stream: UUID, from_sample: int, to_sample: int) -> list[IndexEntry]:
        """Frames of a stream with a sample in ``[from_sample, to_sample)``."""
        places = bytes(self._places.get(stream, b""))  # a copy: the writer may be adding
        return [
            IndexEntry(stream, seq, first, n, size, offset)
            for seq, first, n, size, offset in _PLACE.iter_unpack(places)
            if first < to_sample and first + n > from_sample
        ]

    def on_disk(self) -> Iterator[bytes]:
        """Every entry as the index file keeps it, one stream after another: no moment holds the whole."""
        for stream, places in self._places.items():
            body = bytearray()
            for at in range(0, len(places), _PLACE.size):
                body += stream.bytes
                body += places[at : at + _PLACE.size]
            yield bytes(body)

    @classmethod
    def from_disk(cls, body: bytes) -> SegmentIndex:
        """The index of an index file's entries."""
        return cls(
            IndexEntry(UUID(bytes=stream), *place) for stream, *place in ON_DISK.iter_unpack(body)
        )
