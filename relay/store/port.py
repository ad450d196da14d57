"""What the relay may rely on when it stores something. Two ports, one file.

``EcgLog`` keeps ECG frames exactly as they left the tablet. ``Records`` keeps everything else.
Adapters do not inherit; a contract test runs every adapter against these words.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    async def ping(self) -> None:
        """Return when the log can write.

        Raises:
            Unavailable: it cannot, with the reason in one sentence.
        """

    async def close(self) -> None:
        """Write what is pending, then release the files. Further calls raise ``Unavailable``."""


__all__ = ["EcgLog", "LoggedFrame"]
