"""What a source of ECG promises: who it is, and its samples as they come.

A source never invents a sample. Where samples went missing (a cable pulled out and put back), its
counter jumps; where the device has become another one, it raises ``BadInput`` with one sentence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from ecg.values import EcgSegment
from relay.protocol.messages import FileOrigin


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a stream of this source looks like.

    Attributes:
        name: shown to the crew and the hospital; no patient's name.
        leads: as they travel.
        age_years / sex: where the source itself knows them (a replayed record), else None.
        live: samples come as the heart beats; False for a file that is complete already.
        recorded: made before it is played; its end is the end of the ECG.
        origin: what a file says of itself, None for a device.
        file: its name without suffix, for the crew only (it may hold a patient's name); "" for a device.
        left_out: signals beside the leads that are not sent.
    """

    name: str
    leads: tuple[str, ...]
    fs_hz: float
    uv_per_lsb: float
    age_years: int | None = None
    sex: str | None = None
    live: bool = True
    recorded: bool = False
    origin: FileOrigin | None = None
    file: str = ""
    left_out: tuple[str, ...] = ()


class Source(Protocol):
    """One recording, opened and ready."""

    info: SourceInfo

    def segments(self) -> AsyncIterator[EcgSegment]:
        """Consecutive segments; of a live source each when its last sample has happened."""


class Recordings(Protocol):
    """What a specification names: one recording after another.

    Attributes:
        waiting_for: one sentence for the crew while ``next`` waits.
        waiting_cause: the row of ``relay.causes`` where it waits for a reason, else "".
    """

    waiting_for: str
    waiting_cause: str

    async def next(self) -> Source | None:
        """The next recording, waited for as long as it takes; None after the last.

        Raises:
            BadInput: it cannot be taken; what to do stands in the sentence. Asking again goes on.
        """

    async def finished(self, source: Source) -> None:
        """Every sample of this recording is in the spool."""
