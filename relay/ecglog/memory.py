"""An ECG log in memory, for tests and drills: the same words as the one on disk, and no disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from relay.ecglog.port import LoggedFrame
from relay.errors import Unavailable
from relay.protocol.ranges import RangeSet


class MemoryEcgLog:
    """Fulfils ``EcgLog`` as long as the process lives."""

    def __init__(self) -> None:
        self._frames: dict[UUID, dict[int, LoggedFrame]] = {}
        self._seqs: dict[UUID, RangeSet] = {}
        self._samples: dict[UUID, RangeSet] = {}
        self._closed = False

    async def append(self, stream: UUID, frames: Sequence[LoggedFrame]) -> None:
        """Keep the frames."""
        await self.ping()
        kept = self._frames.setdefault(stream, {})
        seqs = self._seqs.setdefault(stream, RangeSet())
        samples = self._samples.setdefault(stream, RangeSet())
        for frame in frames:
            if frame.seq not in kept:
                kept[frame.seq] = frame
                seqs.add(frame.seq)
                samples.add(frame.first_sample, frame.end_sample)

    def stored(self, stream: UUID) -> RangeSet:
        """Sequence numbers kept."""
        return self._seqs.get(stream, RangeSet()).copy()

    def newest_sample(self, stream: UUID) -> int:
        """One past the newest sample kept."""
        return self._samples.get(stream, RangeSet()).end

    def covered(self, stream: UUID) -> RangeSet:
        """Sample positions kept."""
        return self._samples.get(stream, RangeSet()).copy()

    async def read(self, stream: UUID, from_sample: int, to_sample: int) -> list[LoggedFrame]:
        """Frames that touch the range."""
        await self.ping()
        touching = [
            frame
            for frame in self._frames.get(stream, {}).values()
            if frame.first_sample < to_sample and frame.end_sample > from_sample
        ]
        return sorted(touching, key=lambda frame: frame.first_sample)

    def sealed(self) -> dict[str, int]:
        """Nothing is ever closed."""
        return {}

    async def seal(self, older_than_s: float) -> None:
        """Nothing is ever closed."""

    def never_again(self, names: Iterable[str]) -> None:
        """Names are never given."""

    async def sha256_of(self, name: str) -> str:
        """Nothing is ever closed."""
        raise Unavailable(f"There is no part {name} of a log in memory.")

    def streams(self) -> list[UUID]:
        """Every stream known."""
        return list(self._frames)

    @property
    def failing(self) -> str | None:
        """It never fails."""
        return None

    async def ping(self) -> None:
        """Return while open."""
        if self._closed:
            raise Unavailable("The ECG log is closed; the relay is going away.")

    async def close(self) -> None:
        """Refuse further calls."""
        self._closed = True
