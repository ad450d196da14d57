"""Diagnostic snapshots: kept as soon as every sample of their range is on disk, then never changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from relay.errors import RelayError
from relay.model.snapshot import Ranges, Snapshot, advance, digest
from relay.model.stream import EcgStream, StreamState
from relay.model.timeline import Stage
from relay.services.assemble import assemble
from relay.services.journal import Change, Journal
from relay.store.port import EcgLog

log = structlog.get_logger(__name__)
CHECK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot ready to be stored with its samples."""

    snapshot: Snapshot
    samples: bytes


class SnapshotKeeper:
    """Watches what is asked for and what is on disk."""

    def __init__(self, journal: Journal, ecg_log: EcgLog, patience_s: float) -> None:
        self._journal = journal
        self._log = ecg_log
        self._patience_s = patience_s
        self._awaited: dict[UUID, dict[UUID, Snapshot]] = {}
        self._wake = asyncio.Event()
        self.on_kept: Callable[[UUID], None] | None = None

    def expect(self, snapshot: Snapshot) -> None:
        """A request is on disk; keep its samples when they are there."""
        self._awaited.setdefault(snapshot.stream, {})[snapshot.id] = snapshot
        self._wake.set()

    def frames_stored(self, stream: UUID) -> None:
        """New frames of this stream are on disk."""
        if stream in self._awaited:
            self._wake.set()

    async def run(self) -> None:
        """Keep what can be kept, until cancelled. Begins with what an earlier run left waiting."""
        await self._recover()
        while True:
            self._wake.clear()
            for waiting in list(self._awaited.values()):
                for snapshot in list(waiting.values()):
                    await self._try(snapshot)
            try:
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _recover(self) -> None:
        async with self._journal.records.read() as records:
            for snapshot in await records.awaited_snapshots():
                self.expect(snapshot)

    async def _try(self, snapshot: Snapshot) -> None:
        try:
            step = await self._ready(snapshot)
            if step is None:
                return
            kept = await self.collect(snapshot, step)
            async with self._journal.change(snapshot.incident) as change:
                await self.store(change, kept)
        except RelayError as error:
            log.warning("snapshot-not-kept", snapshot=str(snapshot.id), reason=str(error))
            return
        self._forget(snapshot)
        if self.on_kept is not None:
            self.on_kept(kept.snapshot.id)

    def _forget(self, snapshot: Snapshot) -> None:
        waiting = self._awaited.get(snapshot.stream, {})
        waiting.pop(snapshot.id, None)
        if not waiting:
            self._awaited.pop(snapshot.stream, None)

    async def _ready(self, snapshot: Snapshot) -> str | None:
        """``keep-all`` or ``keep-what-exists``, None while it is worth waiting."""
        covered = self._log.covered(snapshot.stream)
        if not any(covered.missing(snapshot.first_sample, snapshot.end_sample)):
            return "keep-all"
        async with self._journal.records.read() as records:
            stream = await records.stream(snapshot.stream)
        if stream is not None and self._is_whole(stream):
            return "keep-what-exists"
        waited_us = self._journal.clock.now_us() - snapshot.taken_at_us
        return "keep-what-exists" if waited_us > self._patience_s * 1e6 else None

    def _is_whole(self, stream: EcgStream) -> bool:
        """Whether the recording has ended and nothing of it is still to come."""
        if stream.state is not StreamState.ENDED or stream.end_seq is None:
            return False
        return not any(self._log.stored(stream.id).missing(0, stream.end_seq))

    async def collect(self, snapshot: Snapshot, step: str) -> Kept:
        """The snapshot with its samples, hash and presence list, read from disk.

        Raises:
            Unavailable: the disk cannot be read.
        """
        frames = await self._log.read(snapshot.stream, snapshot.first_sample, snapshot.end_sample)
        n_leads = snapshot.lead_mask.bit_count()

        def make() -> tuple[bytes, Ranges, str]:
            block, present = assemble(frames, n_leads, snapshot.first_sample, snapshot.n_samples)
            samples = block.astype("<i2", copy=False).tobytes()
            return samples, present, digest(snapshot, present, samples)

        samples, present, sha256 = await asyncio.to_thread(make)
        kept = replace(
            snapshot,
            state=advance(snapshot.state, step),
            stored_at_us=self._journal.clock.now_us(),
            present=present,
            sha256=sha256,
        )
        return Kept(kept, samples)

    async def store(self, change: Change, kept: Kept) -> None:
        """Keep it inside the caller's transaction, with its line on the timeline."""
        snapshot = kept.snapshot
        await change.tx.keep_samples(snapshot, kept.samples)
        data = {
            "snapshot": str(snapshot.id),
            "reason": snapshot.reason,
            "sha256": snapshot.sha256,
            "complete": snapshot.complete,
        }
        await change.entry(Stage.SNAPSHOT_STORED, "", data)
