"""The part of ``Records`` that keeps recordings, the ECGs taken from them (snapshots), and what screening said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream


class RecordingReads(Protocol):
    """What can be asked of recordings, snapshots and reports."""

    async def stream(self, stream: UUID) -> EcgStream | None:
        """One recording."""

    async def snapshot(self, snapshot: UUID) -> Snapshot | None:
        """One snapshot, without its samples."""

    async def same_samples(self, fingerprint: str, incident: UUID) -> int | None:
        """When a file with these samples first came for another case than this, None: never."""

    async def snapshot_samples(self, snapshot: UUID) -> bytes | None:
        """Its samples (int16 little-endian, lead after lead), None before they are kept."""

    async def awaited_snapshots(self) -> list[Snapshot]:
        """Snapshots whose samples are not kept yet."""

    async def kept_snapshots(self, incident: UUID) -> list[Snapshot]:
        """Snapshots of a case whose samples are kept, oldest first."""

    async def unscreened_snapshots(self) -> list[Snapshot]:
        """Kept snapshots that have no report."""

    async def snapshot_report(self, snapshot: UUID) -> Report | None:
        """The newest report of a snapshot."""

    async def was_calm_since(self, incident: UUID, at_us: int) -> bool:
        """Whether a screening after that moment was of a calm tier (C, D or E)."""

    async def st_points(
        self, *, incident: UUID | None = None, stream: UUID | None = None
    ) -> list[StPoint]:
        """Points of the ST trend of a case or of one recording, in the order they were kept."""


class RecordingWrites(RecordingReads, Protocol):
    """Changes of recordings, snapshots and reports, inside one transaction of ``Records``."""

    async def put_stream(self, stream: EcgStream) -> None:
        """Add a recording, or set what can change of a known one (not its epoch)."""

    async def raise_epoch(self, stream: UUID) -> int:
        """The next fencing number of a known recording, from 1, never given twice."""

    async def set_clock_offset(self, stream: UUID, offset_us: int) -> None:
        """The relay's clock minus the tablet's, as the tablet last measured it."""

    async def add_snapshot(self, snapshot: Snapshot) -> bool:
        """Keep a request, with its origin where it has one; False where that snapshot is already known."""

    async def keep_samples(self, snapshot: Snapshot, samples: bytes) -> None:
        """Keep a snapshot's samples, once; nothing can change or remove them afterwards."""

    async def add_report(self, report: Report) -> None:
        """Keep a screening for good."""

    async def put_live(self, reports: Sequence[Report]) -> None:
        """Keep the newest screening of each live stream, in place of the one before."""

    async def add_st_points(self, points: Sequence[StPoint]) -> None:
        """Keep points of the ST trend for good."""
