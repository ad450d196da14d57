"""The closed files of a segment log: what each holds of which stream, and where its frames lie."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from uuid import UUID

from relay.ecglog.segment_file import read_index
from relay.ecglog.segment_index import IndexEntry, SegmentIndex, Summary

CACHED_INDEXES = 8


class SealedSegments:
    """Summaries of every closed file, and the indexes of those that were read last."""

    def __init__(self) -> None:
        self._summaries: dict[Path, Summary] = {}
        self._sizes: dict[Path, int] = {}
        self._cache: OrderedDict[Path, SegmentIndex] = OrderedDict()

    def add(self, path: Path, summary: Summary) -> None:
        """A file to which nothing is appended any more."""
        self._summaries[path] = summary

    def closed_for_good(self, path: Path, n_bytes: int) -> None:
        """Its bytes are what they will be: its size and its hash may be told."""
        self._sizes[path] = n_bytes

    def sizes(self) -> dict[str, int]:
        """The sizes in bytes of the files that are closed for good, by name."""
        return {path.name: size for path, size in sorted(self._sizes.items())}

    def touching(
        self, stream: UUID, from_sample: int, to_sample: int
    ) -> dict[int, tuple[IndexEntry, Path]]:
        """Where the frames lie that touch ``[from_sample, to_sample)``, by sequence number."""
        found: dict[int, tuple[IndexEntry, Path]] = {}
        for path, summary in list(self._summaries.items()):
            holding = summary.get(stream)
            if holding is None:
                continue
            if any(a < to_sample and b > from_sample for a, b in holding.samples):
                entries = self._index(path).touching(stream, from_sample, to_sample)
                found |= {entry.seq: (entry, path) for entry in entries}
        return found

    def _index(self, path: Path) -> SegmentIndex:
        cached = self._cache.get(path)
        if cached is None:
            cached = self._cache[path] = read_index(path)
            while len(self._cache) > CACHED_INDEXES:
                self._cache.popitem(last=False)
        return cached
