"""Screens every snapshot when its samples are kept, and every live stream every few seconds.

A few threads do the work; what waits for them waits in turn (``turns``). If they are too slow, live streams are
screened less often, because each waits only once. Storage never waits for screening. If the screener fails, the
page says that there is no analysis; the waveform stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog

from ecg.detecting.standstill import StandstillWatch
from ecg.leads import leads_of_mask
from ecg.values import EcgSegment
from relay.ecglog.port import EcgLog
from relay.errors import RelayError, Unavailable
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint, point_of
from relay.model.stream import EcgStream
from relay.protocol import feed
from relay.services.alarm.alerting import Alerting
from relay.services.alarm.lines import record_report
from relay.services.ground.journal import Journal
from relay.services.recordings.assemble import assemble, longest
from relay.services.recordings.live import Channel, LiveHub
from relay.services.screening.rhythm import stands, with_standstill
from relay.services.screening.screener import UNAVAILABLE, Screened, Screener, Stretch, live_message
from relay.services.screening.turns import Due, Lane, ScreeningQueue, Subject
from relay.services.screening.warm_up import WarmUp
from relay.turns.effort import Effort, counted
from relay.turns.fair_lock import works_for

log = structlog.get_logger(__name__)
WINDOW_S = 10.0
TICK_S = 0.5
FLUSH_EVERY_S = 5.0
AGAIN_AFTER_S = 5.0
MOST_POINTS_WAITING = 100_000
"""Points of the trend that wait for a database that is away; the newest are kept."""


@dataclass(slots=True)
class StreamTurn:
    """When a live stream is due, how far it was screened, and who watches its beats."""

    due_s: float
    screened_to: int = 0
    queued: bool = False
    watch: StandstillWatch = field(default_factory=StandstillWatch)


class Screening:
    """Decides what is screened when, and keeps what came out.

    Attributes:
        warm_up: makes the screener fast.
        queue: what waits.
    """

    def __init__(
        self,
        journal: Journal,
        ecg_log: EcgLog,
        hub: LiveHub,
        alerting: Alerting,
        screener: Screener | None,
        *,
        every_s: float = 5.0,
        queue: ScreeningQueue,
    ) -> None:
        self._journal = journal
        self._log = ecg_log
        self._hub = hub
        self._alerting = alerting
        self._screener = screener
        self._every_s = every_s
        self._pool = ThreadPoolExecutor(queue.workers, thread_name_prefix="screen")
        self.queue = queue
        self._turns: dict[UUID, StreamTurn] = {}
        self._latest: dict[UUID, Report] = {}
        self._unsaved: dict[UUID, Report] = {}
        self._points: list[StPoint] = []
        self.warm_up = WarmUp()

    @property
    def enabled(self) -> bool:
        """Whether this site screens at all."""
        return self._screener is not None

    @property
    def preparing(self) -> bool:
        """Whether the screener is still making itself fast and that takes long; it answers already."""
        return self.enabled and self.warm_up.holds_up

    def latest(self, stream: UUID) -> Report | None:
        """The newest screening of a stream that is live now."""
        return self._latest.get(stream)

    def submit_snapshot(self, snapshot: Snapshot, unit: str, lane: Lane = Lane.FIRST) -> None:
        """Screen a kept snapshot of this ambulance."""
        if self.enabled:
            self.warm_up.wanted()
            self._left(self.queue.ask(Subject(snapshot.id, snapshot.incident, unit), lane))

    async def card_changed(self, incident: UUID) -> None:
        """Age or sex is different: screen the case's snapshots and live stream again."""
        async with self._journal.records.read() as records:
            case = await records.cases.incident(incident)
            snapshots = await records.recordings.kept_snapshots(incident)
        for snapshot in snapshots:
            self.submit_snapshot(snapshot, case.unit if case else "", Lane.AGAIN)
        for channel in self._hub.live():
            turn = self._turns.get(channel.stream.id)
            if turn is not None and channel.stream.incident == incident:
                turn.due_s, turn.screened_to = 0.0, 0

    async def run(self) -> None:
        """Screen until cancelled. Begins with snapshots an earlier run left unscreened."""
        if not self.enabled:
            return
        await self._read_unscreened()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.warm_up.run())
            for _ in range(self.queue.workers):
                group.create_task(self._work())
            group.create_task(self._schedule())
            group.create_task(self._keep_live())

    async def _read_unscreened(self) -> None:
        """What an earlier run left, or what had to make room in the queue."""
        self.queue.left_out = False
        async with self._journal.records.read() as records:
            for snapshot in await records.recordings.unscreened_snapshots():
                case = await records.cases.incident(snapshot.incident)
                self.submit_snapshot(snapshot, case.unit if case else "")

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
            if live:
                self.warm_up.wanted()
            for stream, channel in live.items():
                turn = self._turns.setdefault(stream, StreamTurn(now_s + self._stagger_s(stream)))
                if now_s >= turn.due_s and not turn.queued:
                    self._ask(stream, channel, turn, now_s)
            self.queue.say_if_late()
            if self.queue.left_out and not self.queue.backlog().waiting:
                await self._read_unscreened()
            await asyncio.sleep(TICK_S)

    def _stagger_s(self, stream: UUID) -> float:
        """A part of the period that differs from stream to stream."""
        return self._every_s * (stream.int % 997) / 997

    def _ask(self, stream: UUID, channel: Channel, turn: StreamTurn, now_s: float) -> None:
        fresh = channel.newest_sample - turn.screened_to
        if fresh < channel.stream.samples(min(1.0, self._every_s / 2)):
            return
        turn.due_s = max(turn.due_s + self._every_s, now_s + self._every_s / 2)
        turn.queued = True
        self._left(self.queue.stream(channel.stream))

    def _left(self, subject: UUID | None) -> None:
        """A stream that does not wait any more may be asked for again."""
        if subject is not None and subject in self._turns:
            self._turns[subject].queued = False

    async def _work(self) -> None:
        while True:
            due, effort = await self.queue.take(), Effort()
            screen = self._screen_live if due.lane == Lane.LIVE else self._screen_snapshot
            try:
                with works_for(due.client):
                    await effort.of(screen(due.key))
            except RelayError as error:
                log.warning("not-screened", subject=str(due.key), reason=str(error))
                self._later(due)
            except Exception:  # one stream's fault must not stop the others'
                log.exception("screening-broke", subject=str(due.key))
            finally:
                self.queue.done(due, effort.cpu_s)
                self._left(due.key)

    def _later(self, due: Due) -> None:
        """A snapshot is tried again soon; a stream comes by itself."""
        if due.lane != Lane.LIVE:
            loop = asyncio.get_running_loop()
            loop.call_later(AGAIN_AFTER_S, self.queue.ask, due.work, Lane(due.lane))

    # live streams: what

    async def _screen_live(self, stream_id: UUID) -> None:
        async with self._journal.records.read() as records:
            stream = await records.recordings.stream(stream_id)
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
            await self._tell_changed(stream, report)
        kept = await self._alerting.live_screened(stream, report)
        if kept is not None:
            log.info("alert-raised", incident=str(stream.incident), snapshot=str(kept.id))
        # only now: a point on disk means that whatever it had to ring has rung
        self._points.append(point_of(report))

    async def _tell_changed(self, stream: EcgStream, report: Report) -> None:
        """Keep a report of another tier; a database that is away must not keep the alarm from ringing."""
        try:
            async with self._journal.change(stream.incident) as change:
                await change.tx.recordings.add_report(report)
                await change.tx.recordings.put_live([report])
        except Unavailable as error:
            log.warning("report-waits", stream=str(stream.id), reason=str(error))
            key = ("report", stream.id, report.end_sample)
            await self._journal.late.do(key, lambda tx: tx.recordings.add_report(report))

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
                await tx.recordings.put_live(reports)
                await tx.recordings.add_st_points(points)
        except RelayError as error:
            self._points = [*points, *self._points]
            log.warning("live-reports-not-kept", reason=str(error))

    # snapshots

    async def _screen_snapshot(self, snapshot_id: UUID) -> None:
        async with self._journal.records.read() as records:
            snapshot = await records.recordings.snapshot(snapshot_id)
            stream = await records.recordings.stream(snapshot.stream) if snapshot else None
            before = await records.recordings.snapshot_report(snapshot_id)
        if snapshot is None or stream is None or snapshot.stored_at_us is None:
            return
        first, end = longest(snapshot.present)
        frames = await self._log.read(stream.id, first, end) if end > first else []
        report = await self._screen(
            Stretch(tuple(frames), stream, first, end - first), snapshot=snapshot_id
        )
        if before is not None and _same(before, report):
            return
        try:
            async with self._journal.change(snapshot.incident) as change:
                await record_report(change, report)
                await self._alerting.snapshot_screened(change, snapshot, report)
        except Unavailable:
            await self._alerting.snapshot_waits(snapshot, report)
            raise
        self._alerting.snapshot_stored(snapshot)

    # one screening

    async def _screen(
        self, stretch: Stretch, snapshot: UUID | None, watch: StandstillWatch | None = None
    ) -> Report:
        stream = stretch.stream
        async with self._journal.records.read() as records:
            card = await records.cases.card(stream.incident) or {}
        loop = asyncio.get_running_loop()
        run = counted(partial(self._run_screener, stretch, card, watch))
        said = await loop.run_in_executor(self._pool, run)
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


def _same(before: Report, after: Report) -> bool:
    return (before.tier, before.statement_en) == (after.tier, after.statement_en)
