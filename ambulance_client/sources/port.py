"""What a source of ECG promises: who it is, and its samples as they come, in real time.

A source that vanishes (cable pulled, file gone) ends its iterator or raises ``BadInput`` with one
sentence; it never invents a sample. After a hole it goes on at the right place of its counter.
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
    """

    name: str
    leads: tuple[str, ...]
    fs_hz: float
    uv_per_lsb: float
    age_years: int | None = None
    sex: str | None = None


class Source(Protocol):
    """A source, opened and ready."""

    info: SourceInfo

    def segments(self) -> AsyncIterator[EcgSegment]:
        """Consecutive segments, each yielded when its last sample has happened."""
