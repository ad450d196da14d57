"""A diagnostic snapshot: ten seconds kept apart, hashed, never changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from relay.errors import Conflict

Ranges = tuple[tuple[int, int], ...]


class SnapshotState(StrEnum):
    """Whether its samples are kept."""

    AWAITED = "awaited"
    COMPLETE = "complete"
    PARTIAL = "partial"


TRANSITIONS: dict[SnapshotState, dict[str, SnapshotState]] = {
    SnapshotState.AWAITED: {
        "keep-all": SnapshotState.COMPLETE,
        "keep-what-exists": SnapshotState.PARTIAL,
    },
    SnapshotState.COMPLETE: {},
    SnapshotState.PARTIAL: {},
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a recorded file said of itself (``relay.protocol.messages.FileOrigin``), as it is kept.

    Attributes:
        other_case_at_us: when the same samples came for another case, to the tablet or to this relay.
    """

    recorded_at: str | None = None
    recorded_ago_s: int | None = None
    age_years: int | None = None
    sex: str | None = None
    fingerprint: str | None = None
    other_case_at_us: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was asked for, and once kept, what was kept.

    Attributes:
        first_sample / n_samples: the range asked for, in the stream's sample counter.
        taken_at_us: when the crew pressed, by the tablet's clock.
        present: sample ranges ``[first, end)`` that exist; everything else in the range was never
            received and its place in the blob is meaningless filling, drawn as missing.
        sha256: over ``header_of`` and the samples, hex.
        origin: of a file; None for a live recording.
    """

    id: UUID
    incident: UUID
    stream: UUID
    first_sample: int
    n_samples: int
    reason: str
    taken_at_us: int
    lead_mask: int
    fs_hz: float
    uv_per_lsb: float
    state: SnapshotState = SnapshotState.AWAITED
    stored_at_us: int | None = None
    present: Ranges = ()
    sha256: str | None = None
    origin: Origin | None = None

    @property
    def end_sample(self) -> int:
        """One past the last sample asked for."""
        return self.first_sample + self.n_samples

    @property
    def complete(self) -> bool:
        """Whether every sample asked for is there."""
        return self.state is SnapshotState.COMPLETE


def advance(state: SnapshotState, step: str) -> SnapshotState:
    """The state after a step.

    Raises:
        Conflict: a kept snapshot never changes.
    """
    try:
        return TRANSITIONS[state][step]
    except KeyError:
        raise Conflict("A snapshot that is kept never changes.") from None


def digest(snapshot: Snapshot, present: Ranges, samples: bytes) -> str:
    """The SHA-256 of a snapshot's header and samples, hex."""
    return hashlib.sha256(header_of(snapshot, present) + samples).hexdigest()


def header_of(snapshot: Snapshot, present: Ranges) -> bytes:
    """The canonical JSON line that is hashed before the samples, so that nothing can be relabelled."""
    fields = {
        "snapshot": str(snapshot.id),
        "incident": str(snapshot.incident),
        "stream": str(snapshot.stream),
        "first_sample": snapshot.first_sample,
        "n_samples": snapshot.n_samples,
        "lead_mask": snapshot.lead_mask,
        "fs_hz": snapshot.fs_hz,
        "uv_per_lsb": snapshot.uv_per_lsb,
        "present": [list(r) for r in present],
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"
