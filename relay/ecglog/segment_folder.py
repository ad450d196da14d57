"""The ECG log's files as they lie, only read: of a folder that a relay may be using, or of a copy."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from relay.ecglog.segment_file import index_path, read_summary, scan, sha256_of
from relay.ecglog.segment_index import SegmentIndex
from relay.errors import Unavailable
from relay.protocol.ranges import RangeSet


class SegmentFolder:
    """What the files of a log hold. Made by ``read_folder``; nothing is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[str, int] = {}
        self._covered: dict[UUID, RangeSet] = {}
        self.open: list[str] = []
        """Files without an index: being written, or left by a relay that was killed."""
        self.damaged: dict[str, list[tuple[int, int]]] = {}
        """Byte ranges of open files that hold no whole frame."""

    def read(self) -> None:
        """Look at every file; those without an index are read whole.

        Raises:
            OSError: the folder cannot be read.
        """
        for path in sorted(self._folder.glob("*.seg")):
            known = read_summary(path)
            if known is None:
                found = scan(path)
                summary = SegmentIndex(found.entries).summary
                if found.damaged:
                    self.damaged[path.name] = found.damaged
            else:
                summary = known[0]
            self._sizes[path.name] = path.stat().st_size
            if not index_path(path).exists():
                self.open.append(path.name)
            for stream, holding in summary.items():
                self._covered.setdefault(stream, RangeSet()).update(holding.samples)

    def sealed(self) -> dict[str, int]:
        """Every file and its size in bytes."""
        return self._sizes

    async def sha256_of(self, name: str) -> str:
        """The SHA-256 of a file, hex.

        Raises:
            Unavailable: it cannot be read, or is gone.
        """
        return await asyncio.to_thread(sha256_of, self._folder / name)

    def covered(self, stream: UUID) -> RangeSet:
        """Sample positions the files hold."""
        return self._covered.get(stream, RangeSet())


async def read_folder(folder: Path) -> SegmentFolder:
    """The files of a log; an absent folder holds none.

    Raises:
        Unavailable: it cannot be read.
    """
    files = SegmentFolder(folder)
    try:
        await asyncio.to_thread(files.read)
    except OSError as error:
        raise Unavailable(
            f"The ECG log in {folder} cannot be read ({error.strerror or error})."
        ) from error
    return files
