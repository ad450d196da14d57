"""Diagnostic snapshots: kept as soon as every sample of their range is on disk, then never changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

import structlog

from relay.ecglog.port import EcgLog
from relay.errors import RelayError
from relay.model.snapshot import Ranges, Snapshot, advance, digest
from relay.model.stream import EcgStream, RecordingState
from relay.model.timeline import Stage
from relay.services.ground.journal import CaseChange, Journal
from relay.services.recordings.assemble import assemble
from relay.turns.effort import Effort, counted
from relay.turns.fair_lock import works_for
from relay.turns.order import Turns, Waiting
from relay.turns.rests import Rests

log = structlog.get_logger(__name__)
CHECK_EVERY_S = 1.0
WORKERS = 2
MOST_DUE = 100_000
"""Every one of them is awaited in the database too, and has its turn again at the next look."""


@dataclass(frozen=True, slots=True)
class SnapshotWithSamples:
    """A snapshot ready to be stored with its samples."""

    snapshot: Snapshot
    samples: bytes


@dataclass(frozen=True, slots=True)
class Awaited:
    """A snapshot whose samples are not kept yet, and the ambulance it is from."""

    snapshot: Snapshot
    unit: str


def is_whole(stream: EcgStream, ecg_log: EcgLog) -> bool:
    """Whether a recording has ended and nothing of it is still to come."""
    if stream.state is not RecordingState.ENDED or stream.end_seq is None:
        return False
    return not any(ecg_log.stored(stream.id).missing(0, stream.end_seq))


class SnapshotKeeper:
    """Watches what is asked for and what is on disk."""

    def __init__(
        self, journal: Journal, ecg_log: EcgLog, patience_s: float, rests: Rests | None = None
    ) -> None:
        self._journal = journal
        self._rests = rests or Rests(journal.clock)
        self._log = ecg_log
        self._patience_s = patience_s
        self._awaited: dict[UUID, dict[UUID, Awaited]] = {}
        self._due: Turns[UUID, Awaited] = Turns(
            most=MOST_DUE, most_each=MOST_DUE, at_once_each=WORKERS - 1
        )
        self._wake, self._more = asyncio.Event(), asyncio.Event()
        self.on_kept: Callable[[Snapshot, str], None] | None = None
        """Called with what was kept and the ambulance it is from."""

    def expect(self, snapshot: Snapshot, unit: str) -> None:
        """A request of this ambulance is on disk; keep its samples when they are there."""
        self._awaited.setdefault(snapshot.stream, {})[snapshot.id] = Awaited(snapshot, unit)
        self._wake.set()

    def n_awaited(self, stream: UUID) -> int:
        """How many of this recording are awaited now."""
        return len(self._awaited.get(stream, ()))

    def frames_stored(self, stream: UUID) -> None:
        """New frames of this stream are on disk."""
        if stream in self._awaited:
            self._wake.set()

    async def run(self) -> None:
        """Keep what can be kept, until cancelled. Begins with what an earlier run left waiting."""
        await self._recover()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            for _ in range(WORKERS):
                group.create_task(self._work())

    async def _look(self) -> None:
        """Everything awaited has its turn when frames came, and every second."""
        while True:
            self._wake.clear()
            now_s = self._journal.clock.monotonic_s()
            for waiting in self._awaited.values():
                for key, one in waiting.items():
                    asked = Waiting(key, one.unit, one.snapshot.incident, 0, now_s, one)
                    self._due.ask(asked)
            self._more.set()
            try:
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _work(self) -> None:
        """Keep one after the other, ambulances in turn, of each the newest first."""
        while True:
            while (due := self._due.next()) is None:
                self._more.clear()
                await self._more.wait()
            effort = Effort()
            try:
                if due.key in self._awaited.get(due.work.snapshot.stream, {}):
                    with works_for(due.client):
                        await effort.of(self._try(due.work.snapshot))
            finally:
                self._rests.ended(due.client, effort.cpu_s, partial(self._end, due.key))

    def _end(self, key: UUID) -> None:
        self._due.done(key)
        self._more.set()

    async def _recover(self) -> None:
        async with self._journal.records.read() as records:
            for snapshot in await records.recordings.awaited_snapshots():
                case = await records.cases.incident(snapshot.incident)
                self.expect(snapshot, case.unit if case else "")

    async def _try(self, snapshot: Snapshot) -> None:
        try:
            step = await self._ready(snapshot)
            if step is None:
                return
            kept = await self.collect(snapshot, step)
            async with self._journal.change(snapshot.incident) as change:
                await self.store(change, kept)
                unit = (await change.case()).unit
        except RelayError as error:
            log.warning("snapshot-not-kept", snapshot=str(snapshot.id), reason=str(error))
            return
        self._forget(snapshot)
        if self.on_kept is not None:
            self.on_kept(kept.snapshot, unit)

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
            stream = await records.recordings.stream(snapshot.stream)
        if stream is not None and is_whole(stream, self._log):
            return "keep-what-exists"
        waited_us = self._journal.clock.now_us() - snapshot.taken_at_us
        return "keep-what-exists" if waited_us > self._patience_s * 1e6 else None

    async def collect(self, snapshot: Snapshot, step: str) -> SnapshotWithSamples:
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

        samples, present, sha256 = await asyncio.to_thread(counted(make))
        kept = replace(
            snapshot,
            state=advance(snapshot.state, step),
            stored_at_us=self._journal.clock.now_us(),
            present=present,
            sha256=sha256,
        )
        return SnapshotWithSamples(kept, samples)

    async def store(self, change: CaseChange, kept: SnapshotWithSamples) -> None:
        """Keep it inside the caller's transaction, with its line on the timeline."""
        await change.tx.recordings.keep_samples(kept.snapshot, kept.samples)
        await change.entry(Stage.SNAPSHOT_STORED, "", stored_data(kept.snapshot))


def stored_data(snapshot: Snapshot) -> dict[str, object]:
    """What the timeline tells of a snapshot that is kept."""
    return {
        "snapshot": str(snapshot.id),
        "reason": snapshot.reason,
        "sha256": snapshot.sha256,
        "complete": snapshot.complete,
    }
