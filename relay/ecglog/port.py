"""What the relay may rely on when it keeps a frame of ECG: exactly as it left the tablet.

Adapters do not inherit; a contract test runs every adapter against these words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from relay.protocol.ranges import RangeSet


@dataclass(frozen=True, slots=True)
class LoggedFrame:
    """One frame as the log keeps it.

    Attributes:
        seq: position of the frame in its stream.
        first_sample / n_samples: the samples it covers.
        data: the wire frame, checksum included, byte for byte.
    """

    seq: int
    first_sample: int
    n_samples: int
    data: bytes

    @property
    def end_sample(self) -> int:
        """One past the last sample."""
        return self.first_sample + self.n_samples


class EcgLog(Protocol):
    """An append-only log of ECG frames."""

    async def append(self, stream: UUID, frames: Sequence[LoggedFrame]) -> None:
        """Return once every frame is on disk and will survive a power cut.

        Idempotent by ``(stream, seq)``: a frame already in the log, or on its way into it, is not
        written twice; the call still returns only when that frame is on disk.

        Raises:
            Unavailable: the disk is full or failing. Nothing may be acknowledged; the same frames
                may be appended again later.
        """

    def stored(self, stream: UUID) -> RangeSet:
        """Sequence numbers on disk, as a copy. Empty for a stream the log has never seen."""

    def newest_sample(self, stream: UUID) -> int:
        """One past the newest sample on disk, 0 for an unknown stream."""

    def covered(self, stream: UUID) -> RangeSet:
        """Sample positions on disk, as a copy."""

    async def read(self, stream: UUID, from_sample: int, to_sample: int) -> list[LoggedFrame]:
        """Frames on disk that touch ``[from_sample, to_sample)``, ascending by first sample.

        A frame whose bytes have rotted on disk is left out and reported in the log: the reader
        draws it as missing. Nothing damaged is ever returned.

        Raises:
            Unavailable: the disk is failing.
        """

    def streams(self) -> list[UUID]:
        """Every stream the log knows."""

    def sealed(self) -> Mapping[str, int]:
        """Parts of the log that no append changes any more: their names and sizes in bytes."""

    async def seal(self, older_than_s: float) -> None:
        """Close the part that is being written, where it was begun so long ago.

        Raises:
            Unavailable: the disk is failing.
        """

    def never_again(self, names: Iterable[str]) -> None:
        """Give none of these names to a new part: the audit tells of them, be they lost or not."""

    async def sha256_of(self, name: str) -> str:
        """The SHA-256 of a closed part as it lies on disk, hex.

        Raises:
            Unavailable: it cannot be read, or is gone.
        """

    @property
    def failing(self) -> str | None:
        """Why it did not write the last time, None while it writes."""

    async def ping(self) -> None:
        """Return when the log can write; where it failed before, it tries.

        Raises:
            Unavailable: it cannot, with the reason in one sentence.
        """

    async def close(self) -> None:
        """Write what is pending, then release the files. Further calls raise ``Unavailable``."""
