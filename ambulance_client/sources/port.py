"""What a source of ECG promises: who it is, and its samples as they come.

A source never invents a sample. Where samples went missing (a cable pulled out and put back), its
counter jumps; where the device has become another one, it raises ``BadInput`` with one sentence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from ecg.values import EcgSegment


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a stream of this source looks like.

    Attributes:
        name: shown to the crew and the hospital; no patient's name.
        leads: as they travel.
        age_years / sex: where the source itself knows them (a replayed record), else None.
        live: samples come as the heart beats; False for a file that is complete already.
    """

    name: str
    leads: tuple[str, ...]
    fs_hz: float
    uv_per_lsb: float
    age_years: int | None = None
    sex: str | None = None
    live: bool = True


class Source(Protocol):
    """One recording, opened and ready."""

    info: SourceInfo

    def segments(self) -> AsyncIterator[EcgSegment]:
        """Consecutive segments; of a live source each when its last sample has happened."""


class Recordings(Protocol):
    """What a specification names: one recording after another.

    Attributes:
        waiting_for: one sentence for the crew while ``next`` waits.
    """

    waiting_for: str

    async def next(self) -> Source | None:
        """The next recording, waited for as long as it takes; None after the last.

        Raises:
            BadInput: it cannot be taken; what to do stands in the sentence. Asking again goes on.
        """

    async def finished(self, source: Source) -> None:
        """Every sample of this recording is in the spool."""
