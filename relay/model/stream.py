"""A recording: one run of one ECG source, numbered samples from 0."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from relay.errors import Conflict


class RecordingState(StrEnum):
    """Where a recording stands."""

    RECORDING = "recording"
    ENDED = "ended"


TRANSITIONS: dict[RecordingState, dict[str, RecordingState]] = {
    RecordingState.RECORDING: {"end": RecordingState.ENDED},
    RecordingState.ENDED: {"end": RecordingState.ENDED},
}
"""Frames of an ended recording are still taken: they are its backlog."""


@dataclass(frozen=True, slots=True)
class EcgStream:
    """One recording as the tablet announced it.

    Attributes:
        epoch: the fencing number of the newest connection that opened it.
        lead_mask: bits of ``ecg.leads.ALL_LEADS``; the rows of its frames.
        end_seq: frames made in all, once the tablet has said so.
        clock_offset_us: the relay's clock minus the tablet's, None before it is known.
    """

    id: UUID
    incident: UUID
    unit: str
    lead_mask: int
    fs_hz: float
    uv_per_lsb: float
    started_at_us: int
    source: str
    epoch: int = 0
    state: RecordingState = RecordingState.RECORDING
    end_seq: int | None = None
    clock_offset_us: int | None = None

    def samples(self, seconds: float) -> int:
        """How many samples that many seconds are."""
        return round(seconds * self.fs_hz)


def advance(stream: EcgStream, step: str, *, end_seq: int | None = None) -> EcgStream:
    """The recording after a step.

    Raises:
        Conflict: the table has no such step.
    """
    try:
        state = TRANSITIONS[stream.state][step]
    except KeyError:
        raise Conflict(f"A recording that is {stream.state} cannot {step}.") from None
    return replace(stream, state=state, end_seq=stream.end_seq if end_seq is None else end_seq)
