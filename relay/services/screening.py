"""Screening: every snapshot once its samples are kept, every live stream every few seconds.

The work runs in a few threads. When they cannot keep up the cadence of live screening falls by
itself, because a stream waits in the queue only once and snapshots go first; storage never waits.
A screener that fails makes the analysis unavailable and leaves the waveform alone.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import structlog

from ecg.leads import leads_of_mask
from ecg.standstill import StandstillWatch
from ecg.values import EcgSegment
from relay.errors import RelayError
from relay.model.report import UNREADABLE_TIER, Report
from relay.model.st_point import StPoint, point_of
from relay.model.stream import EcgStream
from relay.protocol import feed
from relay.services.alerting import Alerting, record_report
from relay.services.assemble import assemble, longest
from relay.services.journal import Journal
from relay.services.live import Channel, LiveHub
from relay.services.rhythm import stands, with_standstill
from relay.store.port import EcgLog, LoggedFrame

log = structlog.get_logger(__name__)
WINDOW_S = 10.0
TICK_S = 0.5
FLUSH_EVERY_S = 5.0
MOST_POINTS_WAITING = 100_000
"""Points of the trend that wait for a database that is away; the newest are kept."""
UNAVAILABLE_JA = "解析を利用できません。波形をご確認ください。"
UNAVAILABLE_EN = "Analysis unavailable; read the waveform."


@dataclass(frozen=True, slots=True)
class Screened:
    """What a screener says of one stretch."""

    tier: str
    statement_ja: str
    statement_en: str
    body: Mapping[str, object]


class Screener(Protocol):
    """Reads ten seconds of ECG. Pure and blocking; called in a thread."""

    def __call__(self, segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
        """The screening of this segment for a patient of this age and sex, as far as known."""


UNAVAILABLE = Screened(
    UNREADABLE_TIER,
    UNAVAILABLE_JA,
    UNAVAILABLE_EN,
    {
        "tier": UNREADABLE_TIER,
        "unavailable": True,
        "statement_ja": UNAVAILABLE_JA,
        "statement_en": UNAVAILABLE_EN,
    },
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What to screen: a range of a stream, with the frames that hold it."""

    frames: tuple[LoggedFrame, ...]
    stream: EcgStream
    first_sample: int
    n_samples: int


@dataclass(slots=True)
class Turn:
    """When a live stream is due, how far it was screened, and who watches its beats."""

    due_s: float
    screened_to: int = 0
    queued: bool = False
    watch: StandstillWatch = field(default_factory=StandstillWatch)


class Screening:
    """Decides what is screened when, and keeps what came out.

    Attributes:
        prepare: makes the screener fast, or says why it stays slow; None where there is nothing (more) to do.
    """

    prepare: Callable[[], str | None] | None = None

    def __init__(
        self,
        journal: Journal,
        ecg_log: EcgLog,
        hub: LiveHub,
        alerting: Alerting,
        screener: Screener | None,
        *,
        every_s: float = 5.0,
        threads: int = 2,
    ) -> None:
        self._journal = journal
        self._log = ecg_log
        self._hub = hub
        self._alerting = alerting
        self._screener = screener
        self._every_s = every_s
        self._n_workers = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="screen")
        self._queue: asyncio.PriorityQueue[tuple[int, int, UUID]] = asyncio.PriorityQueue()
        self._number = itertools.count()
        self._turns: dict[UUID, Turn] = {}
        self._latest: dict[UUID, Report] = {}
        self._unsaved: dict[UUID, Report] = {}
        self._points: list[StPoint] = []

    @property
    def enabled(self) -> bool:
        """Whether this site screens at all."""
        return self._screener is not None

    @property
    def preparing(self) -> bool:
        """Whether the screener is still making itself fast; it answers already."""
        return self.enabled and self.prepare is not None

    def latest(self, stream: UUID) -> Report | None:
        """The newest screening of a stream that is live now."""
        return self._latest.get(stream)

    def submit_snapshot(self, snapshot: UUID) -> None:
        """Screen a kept snapshot, before all live streams."""
        if self.enabled:
            self._queue.put_nowait((0, next(self._number), snapshot))

    async def card_changed(self, incident: UUID) -> None:
        """Age or sex is different: screen the case's snapshots and live stream again."""
        async with self._journal.records.read() as records:
            for facts in await records.cases([incident]):
                for snapshot in facts.snapshots:
                    if snapshot.stored_at_us is not None:
                        self.submit_snapshot(snapshot.id)
                for stream in facts.streams:
                    turn = self._turns.get(stream.id)
                    if turn is not None:
                        turn.due_s, turn.screened_to = 0.0, 0

    async def run(self) -> None:
        """Screen until cancelled. Begins with snapshots an earlier run left unscreened."""
        if not self.enabled:
            return
        async with self._journal.records.read() as records:
            for snapshot in await records.unscreened_snapshots():
                self.submit_snapshot(snapshot.id)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._get_ready())
            for _ in range(self._n_workers):
                group.create_task(self._work())
            group.create_task(self._schedule())
            group.create_task(self._keep_live())

    async def _get_ready(self) -> None:
        """Make the screener fast; ``/readyz`` waits for it, no patient does.

        In a daemon thread: a relay that is told to end while it compiles must not wait for the compiler.
        """
        prepare, loop = self.prepare, asyncio.get_running_loop()
        if prepare is None:
            return
        done: asyncio.Future[str | None] = loop.create_future()

        def tell(refused: str | None) -> None:
            if not done.done():
                done.set_result(refused)

        def work() -> None:
            refused = prepare()
            with suppress(RuntimeError):  # the relay has ended meanwhile
                loop.call_soon_threadsafe(tell, refused)

        threading.Thread(target=work, name="screen-prepare", daemon=True).start()
        refused = await done
        self.prepare = None
        if refused is not None:
            log.warning("screen-stays-slow", reason=refused)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    # live streams: when

    async def _schedule(self) -> None:
        while True:
            now_s = self._journal.clock.monotonic_s()
            live = {channel.stream.id: channel for channel in self._hub.live()}
            for stream in self._turns.keys() - live.keys():
                del self._turns[stream]
                self._latest.pop(stream, None)
            for stream, channel in live.items():
                turn = self._turns.setdefault(stream, Turn(now_s + self._stagger_s(stream)))
                if now_s >= turn.due_s and not turn.queued:
                    self._ask(stream, channel, turn, now_s)
            await asyncio.sleep(TICK_S)

    def _stagger_s(self, stream: UUID) -> float:
        """A part of the period that differs from stream to stream."""
        return self._every_s * (stream.int % 997) / 997

    def _ask(self, stream: UUID, channel: Channel, turn: Turn, now_s: float) -> None:
        fresh = channel.newest_sample - turn.screened_to
        if fresh < channel.stream.samples(min(1.0, self._every_s / 2)):
            return
        turn.due_s = max(turn.due_s + self._every_s, now_s + self._every_s / 2)
        turn.queued = True
        self._queue.put_nowait((1, next(self._number), stream))

    async def _work(self) -> None:
        while True:
            kind, _, subject = await self._queue.get()
            try:
                await (self._screen_live(subject) if kind else self._screen_snapshot(subject))
            except RelayError as error:
                log.warning("not-screened", subject=str(subject), reason=str(error))
                if kind == 0:
                    asyncio.get_running_loop().call_later(5.0, self.submit_snapshot, subject)
            except Exception:  # one stream's fault must not stop the others'
                log.exception("screening-broke", subject=str(subject))
            finally:
                if kind and subject in self._turns:
                    self._turns[subject].queued = False

    # live streams: what

    async def _screen_live(self, stream_id: UUID) -> None:
        async with self._journal.records.read() as records:
            stream = await records.stream(stream_id)
        if stream is None:
            return
        stretch = await self._newest(stream)
        if stretch is None:
            return
        turn = self._turns.get(stream_id)
        if turn is not None:
            turn.screened_to = stretch.first_sample + stretch.n_samples
        report = await self._screen(stretch, None, turn.watch if turn else None)
        before = self._latest.get(stream_id)
        self._latest[stream_id] = self._unsaved[stream_id] = report
        self._hub.tell_watchers(stream_id, feed.to_text(live_message(report)))
        if before is None or (before.tier, stands(before)) != (report.tier, stands(report)):
            async with self._journal.change(stream.incident) as change:
                await change.tx.add_report(report)
                await change.tx.put_live([report])
        kept = await self._alerting.live_screened(stream, report)
        if kept is not None:
            log.info("alert-raised", incident=str(stream.incident), snapshot=str(kept.id))
        # only now: a point on disk means that whatever it had to ring has rung
        self._points.append(point_of(report))

    async def _newest(self, stream: EcgStream) -> Stretch | None:
        """The newest ten seconds without a hole, None where there are none."""
        *_, (first, end) = [(0, 0), *self._log.covered(stream.id)]
        n_samples = stream.samples(WINDOW_S)
        if end - first < n_samples:
            return None
        start = end - n_samples
        frames = self._hub.channel(stream).recent(start, end)
        if sum(f.n_samples for f in frames) < n_samples:
            frames = await self._log.read(stream.id, start, end)
        return Stretch(tuple(frames), stream, start, n_samples)

    async def _keep_live(self) -> None:
        """Write the newest report of every live stream and the trend's points, now and then."""
        try:
            while True:
                await asyncio.sleep(FLUSH_EVERY_S)
                await self._flush()
        finally:
            await self._flush()

    async def _flush(self) -> None:
        """One transaction; points wait for the next where the database is away."""
        reports, self._unsaved = list(self._unsaved.values()), {}
        points, self._points = self._points[-MOST_POINTS_WAITING:], []
        if not (reports or points):
            return
        try:
            async with self._journal.records.begin() as tx:
                await tx.put_live(reports)
                await tx.add_st_points(points)
        except RelayError as error:
            self._points = [*points, *self._points]
            log.warning("live-reports-not-kept", reason=str(error))

    # snapshots

    async def _screen_snapshot(self, snapshot_id: UUID) -> None:
        async with self._journal.records.read() as records:
            snapshot = await records.snapshot(snapshot_id)
            stream = await records.stream(snapshot.stream) if snapshot else None
            before = await records.snapshot_report(snapshot_id)
        if snapshot is None or stream is None or snapshot.stored_at_us is None:
            return
        first, end = longest(snapshot.present)
        frames = await self._log.read(stream.id, first, end) if end > first else []
        report = await self._screen(
            Stretch(tuple(frames), stream, first, end - first), snapshot=snapshot_id
        )
        if before is not None and _same(before, report):
            return
        async with self._journal.change(snapshot.incident) as change:
            await record_report(change, report)
            await self._alerting.snapshot_screened(change, snapshot, report)

    # one screening

    async def _screen(
        self, stretch: Stretch, snapshot: UUID | None, watch: StandstillWatch | None = None
    ) -> Report:
        stream = stretch.stream
        async with self._journal.records.read() as records:
            card = await records.card(stream.incident) or {}
        loop = asyncio.get_running_loop()
        said = await loop.run_in_executor(self._pool, self._run_screener, stretch, card, watch)
        return Report(
            incident=stream.incident,
            stream=stream.id,
            snapshot=snapshot,
            first_sample=stretch.first_sample,
            n_samples=stretch.n_samples,
            tier=said.tier,
            statement_ja=said.statement_ja,
            statement_en=said.statement_en,
            body=said.body,
            at_us=self._journal.clock.now_us(),
        )

    def _run_screener(
        self, stretch: Stretch, card: Mapping[str, object], watch: StandstillWatch | None
    ) -> Screened:
        """In a thread: frames to integers to words. Whatever breaks becomes "unavailable"."""
        if self._screener is None or stretch.n_samples <= 0:
            return UNAVAILABLE
        stream, age, sex = stretch.stream, card.get("age_years"), card.get("sex")
        try:
            adc, _ = assemble(
                stretch.frames,
                stream.lead_mask.bit_count(),
                stretch.first_sample,
                stretch.n_samples,
            )
            segment = EcgSegment(
                adc,
                leads_of_mask(stream.lead_mask),
                stream.fs_hz,
                stream.uv_per_lsb,
                stretch.first_sample,
            )
            said = self._screener(
                segment,
                age if isinstance(age, int) else None,
                sex if isinstance(sex, str) else None,
            )
            return said if watch is None else with_standstill(said, watch, segment)
        except Exception:  # the waveform goes on without the analysis
            log.exception("screener-failed", stream=str(stream.id))
            return UNAVAILABLE


def live_message(report: Report) -> feed.LiveReport:
    """A live screening as pages get it."""
    return feed.LiveReport(
        stream=report.stream,
        incident=report.incident,
        first_sample=report.first_sample,
        n_samples=report.n_samples,
        statement_ja=report.statement_ja,
        statement_en=report.statement_en,
        report=dict(report.body),
    )


def _same(before: Report, after: Report) -> bool:
    return (before.tier, before.statement_en) == (after.tier, after.statement_en)
