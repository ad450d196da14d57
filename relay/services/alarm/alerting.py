"""When the relay rings, and what humans then did about it.

The relay rings in three cases: a snapshot has tier A; tier A has held for ten seconds on the live
stream; ST has changed against the patient's own first minute (``live_trends``). In one case only one
alert waits for a decision at a time. After a decision only something new rings (``rules.may_ring``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

import structlog

from relay.errors import Unavailable
from relay.model.alert import Alert, can
from relay.model.incident import Incident
from relay.model.people import Person
from relay.model.report import ALARM_TIER, Report
from relay.model.snapshot import Snapshot, SnapshotState
from relay.model.stream import EcgStream
from relay.model.timeline import Stage
from relay.services.alarm.hold import LiveHold
from relay.services.alarm.lines import raised_line, record_report, screened_line
from relay.services.alarm.live_trends import LiveTrends
from relay.services.alarm.rules import close_decided, may_ring, step
from relay.services.alarm.unstored import Unstored, UnstoredItem, Untold
from relay.services.ground.journal import CaseChange, Journal
from relay.services.recordings.snapshots import SnapshotKeeper, SnapshotWithSamples, stored_data

Reads = Callable[[UUID | None], bool]
"""Whether a look or a decision reaches the ECG of a snapshot (None: an alert without one)."""
log = structlog.get_logger(__name__)


async def _nothing_else(_change: CaseChange, _alert: Alert) -> None:
    """Nothing more is stored with an alarm."""


class Alerting:
    """Raises alerts and records every human step."""

    def __init__(
        self, journal: Journal, keeper: SnapshotKeeper, *, st_trend_alarm: bool = True
    ) -> None:
        self._journal = journal
        self._keeper = keeper
        self._hold = LiveHold()
        self._trends = LiveTrends() if st_trend_alarm else None
        self.unstored = Unstored()
        self.on_raise: Callable[[CaseChange, Alert], Awaitable[None]] = _nothing_else
        """Called inside the transaction that stores an alarm: what else is to be on disk with it."""
        self.on_rang_unstored: Callable[[Alert], None] = lambda _alert: None
        """Called once an alarm rings from memory. ``on_raise`` follows where it can be stored later."""

    # raising

    async def snapshot_screened(
        self, change: CaseChange, snapshot: Snapshot, report: Report
    ) -> None:
        """A snapshot has a report; ring at once on tier A. Inside the report's transaction."""
        if report.tier == ALARM_TIER and await may_ring(change, snapshot.taken_at_us):
            await self._raise(change, report, snapshot.id)

    async def snapshot_waits(self, snapshot: Snapshot, report: Report) -> None:
        """A snapshot's report cannot be stored now: ring from memory; whoever stores it later rings no second time."""
        incident = await self._rings_unstored(snapshot.incident)
        if report.tier != ALARM_TIER or incident is None:
            return
        alert = self._alert(report, snapshot.id, self._journal.clock.now_us())
        lines = (screened_line(report, snapshot.id, alert.raised_at_us), raised_line(alert))
        self.unstored.add(("alert", alert.incident), UnstoredItem(alert.incident, lines, alert))
        self._journal.touched(incident)
        self.on_rang_unstored(alert)

    def snapshot_stored(self, snapshot: Snapshot) -> None:
        """A snapshot's report is on disk: what rang from memory for this case stands there too."""
        self.unstored.stored(("alert", snapshot.incident))

    async def live_screened(self, stream: EcgStream, report: Report) -> Snapshot | None:
        """Take a new report of the live stream; ring when tier A has held, or when ST has changed for a minute.

        The relay keeps the ten seconds that made it ring as a snapshot, and returns it. If it cannot keep them,
        the change of ST is told again with the next report.
        """
        risen = await self._changed(stream, report)
        try:
            return await self._ring(stream, report, risen)
        except BaseException:
            if risen is not None and self._trends is not None:
                self._trends.forget(stream.id)
            raise

    async def _changed(self, stream: EcgStream, report: Report) -> Report | None:
        """The report to ring with if ST has changed for a minute; None if it has not."""
        if self._trends is None:
            return None
        if not self._trends.knows(stream.id):
            async with self._journal.records.read() as records:
                points = await records.recordings.st_points(stream=stream.id)
            self._trends.begin(stream.id, points, stream.fs_hz)
        return self._trends.taken(report, stream.fs_hz)

    async def _ring(
        self, stream: EcgStream, report: Report, risen: Report | None
    ) -> Snapshot | None:
        if not self._hold.held(report, stream.fs_hz):
            if risen is None:
                return None
            report = risen
        async with self._journal.records.read() as records:
            if await records.alerts.open_alert(stream.incident) is not None:
                return None
        if ("alert", stream.incident) in self.unstored:
            return None
        snapshot = self._automatic(stream, report)
        kept = await self._keeper.collect(snapshot, "keep-all")
        report = replace(report, snapshot=snapshot.id)
        try:
            return kept.snapshot if await self._store_ring(kept, report) else None
        except Unavailable:
            await self._ring_unstored(kept, report)
            return kept.snapshot

    async def _store_ring(self, kept: SnapshotWithSamples, report: Report) -> bool:
        """Keep what rings and ring; False where the case must not ring now."""
        snapshot = kept.snapshot
        async with self._journal.change(snapshot.incident) as change:
            if not await may_ring(change, None):
                return False
            await change.tx.recordings.add_snapshot(snapshot)
            await self._keeper.store(change, kept)
            await record_report(change, report)
            await self._raise(change, report, snapshot.id)
        return True

    async def _ring_unstored(self, kept: SnapshotWithSamples, report: Report) -> None:
        """The database takes nothing now: ring from memory, and store it as soon as that is possible."""
        snapshot, incident = kept.snapshot, await self._rings_unstored(kept.snapshot.incident)
        if incident is None:
            return
        alert = self._alert(report, snapshot.id, self._journal.clock.now_us())
        lines = (
            Untold(Stage.SNAPSHOT_STORED, "", alert.raised_at_us, stored_data(snapshot)),
            screened_line(report, snapshot.id, alert.raised_at_us),
            raised_line(alert),
        )
        key = ("alert", alert.incident)
        self.unstored.add(key, UnstoredItem(alert.incident, lines, alert))
        log.error("alarm-rings-unstored", incident=str(alert.incident), alert=str(alert.id))

        async def store() -> None:
            await self._store_ring(kept, report)
            self.unstored.stored(key)
            self._journal.touched(incident)

        self._journal.late.again(key, store)
        self._journal.touched(incident)
        self.on_rang_unstored(alert)

    async def _rings_unstored(self, incident: UUID) -> Incident | None:
        """The case, where it may ring from memory: by what can be read of it."""
        async with self._journal.records.read() as records:
            case = await records.cases.incident(incident)
            last, decision = (
                await records.alerts.last_alert(incident),
                await records.cases.last_decision(incident),
            )
            calm = decision is None or await records.recordings.was_calm_since(
                incident, decision.at_us
            )
        may = last is None or (not last.is_open and calm)
        return case if may and ("alert", incident) not in self.unstored else None

    def _automatic(self, stream: EcgStream, report: Report) -> Snapshot:
        return Snapshot(
            id=uuid4(),
            incident=stream.incident,
            stream=stream.id,
            first_sample=report.first_sample,
            n_samples=report.n_samples,
            reason="st-change",
            taken_at_us=self._journal.clock.now_us(),
            lead_mask=stream.lead_mask,
            fs_hz=stream.fs_hz,
            uv_per_lsb=stream.uv_per_lsb,
            state=SnapshotState.AWAITED,
        )

    async def _raise(self, change: CaseChange, report: Report, snapshot: UUID) -> None:
        await close_decided(change)
        rang = self.unstored.alert_of(report.incident)
        alert = rang or self._alert(report, snapshot, change.now_us)
        await change.tx.alerts.put_alert(alert)
        line = raised_line(alert)
        await change.entry(line.stage, line.who, line.data, line.at_us)
        await change.audit("relay", "alert-raised", alert.id, {"tier": alert.tier})
        await self.on_raise(change, alert)

    def _alert(self, report: Report, snapshot: UUID, now_us: int) -> Alert:
        return Alert(
            id=uuid4(),
            incident=report.incident,
            stream=report.stream,
            snapshot=snapshot,
            tier=report.tier,
            statement_ja=report.statement_ja,
            statement_en=report.statement_en,
            raised_at_us=now_us,
        )

    # what humans do

    async def opened(self, change: CaseChange, person: Person, reads: Reads) -> bool:
        """A person has a trace on screen; whether that moved the alert: only its own ECG does.

        ``reads`` says whether this look has read the ECG of a snapshot.
        """
        alert = await change.tx.alerts.open_alert(change.incident)
        if alert is None or not can(alert, "open") or not reads(alert.snapshot):
            return False
        await step(change, alert, "open", person)
        return True

    async def decided(self, change: CaseChange, person: Person, answers: Reads) -> None:
        """A person has decided; the alert is answered where the decision speaks of its ECG."""
        alert = await change.tx.alerts.open_alert(change.incident)
        if alert is not None and answers(alert.snapshot):
            await step(change, alert, "decide", person)
