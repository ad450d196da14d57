"""When the relay rings, and what humans then did about it.

Rings on tier A of a snapshot at once, on tier A of the live stream once it has held for ten
seconds, and where ST has changed against the patient's own first minute (``live_trends``). One alert per case waits for a decision at a time; after a decision it rings again only for
something new (see ``may_ring``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID, uuid4

from relay.errors import NotFound
from relay.model.alert import Alert, AlertState, advance, can
from relay.model.decision import ASKS_FOR_ANOTHER
from relay.model.people import Person, sees
from relay.model.report import ALARM_TIER, CALM_TIERS, Report
from relay.model.snapshot import Snapshot, SnapshotState
from relay.model.stream import EcgStream
from relay.model.timeline import Stage
from relay.services.journal import Change, Journal
from relay.services.live_trends import LiveTrends
from relay.services.seen import Seen
from relay.services.snapshots import SnapshotKeeper
from relay.store.port import RecordReads

Part = TypeVar("Part", Alert, Snapshot)
"""Something that belongs to a case."""
HOLD_S = 10.0
MAX_GAP_S = 30.0
RAISED_TOLERANCE_S = 0.5
MOST_STREAKS = 1_000
"""Streams that ended in tier A are let go in time."""


@dataclass(slots=True)
class Streak:
    """Tier A on the live stream: from the end of its first window to the end of its newest."""

    first_end: int
    newest_end: int


class LiveHold:
    """Whether tier A has held on each live stream.

    Stretches that are unreadable, or that meet the criteria with a doubt (tier B), neither break
    nor lengthen a streak; a tier below those ends it, and so does a hole of thirty seconds.
    """

    def __init__(self) -> None:
        self._streaks: dict[UUID, Streak] = {}

    def held(self, report: Report, fs_hz: float) -> bool:
        """Take the newest screening of a stream; True once tier A has held for ten seconds."""
        streak = self._streaks.get(report.stream)
        if streak and report.end_sample - streak.newest_end > MAX_GAP_S * fs_hz:
            streak = None
        if report.tier in CALM_TIERS:
            self._streaks.pop(report.stream, None)
        if report.tier != ALARM_TIER:
            return False
        if streak is None:
            self._keep(report.stream, Streak(report.end_sample, report.end_sample))
            return False
        streak.newest_end = max(streak.newest_end, report.end_sample)
        self._keep(report.stream, streak)
        return streak.newest_end - streak.first_end >= (HOLD_S - RAISED_TOLERANCE_S) * fs_hz

    def _keep(self, stream: UUID, streak: Streak) -> None:
        """Keep it as the newest; one that nothing was added to for longest makes room."""
        self._streaks.pop(stream, None)
        self._streaks[stream] = streak
        if len(self._streaks) > MOST_STREAKS:
            del self._streaks[next(iter(self._streaks))]


class Alerting:
    """Raises alerts and records every human step."""

    def __init__(
        self, journal: Journal, keeper: SnapshotKeeper, *, st_trend_alarm: bool = True
    ) -> None:
        self._journal = journal
        self._keeper = keeper
        self._hold = LiveHold()
        self._trends = LiveTrends() if st_trend_alarm else None
        self._delivered = Seen()

    # raising

    async def snapshot_screened(self, change: Change, snapshot: Snapshot, report: Report) -> None:
        """A snapshot has a report; ring at once on tier A. Inside the report's transaction."""
        if report.tier == ALARM_TIER and await may_ring(change, snapshot.taken_at_us):
            await self._raise(change, report, snapshot.id)

    async def live_screened(self, stream: EcgStream, report: Report) -> Snapshot | None:
        """The live stream has a new report; ring once tier A has held, or ST has risen for a minute.

        The ten seconds that made it ring are kept as a snapshot and come back where it rang. Where that
        fails the change of ST is told again at the next report.
        """
        risen = await self._changed(stream, report)
        try:
            return await self._ring(stream, report, risen)
        except BaseException:
            if risen is not None and self._trends is not None:
                self._trends.forget(stream.id)
            raise

    async def _changed(self, stream: EcgStream, report: Report) -> Report | None:
        """The report to ring with where ST has changed for a minute, None where it has not."""
        if self._trends is None:
            return None
        if not self._trends.knows(stream.id):
            async with self._journal.records.read() as records:
                points = await records.st_points(stream=stream.id)
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
            if await records.open_alert(stream.incident) is not None:
                return None
        snapshot = self._automatic(stream, report)
        kept = await self._keeper.collect(snapshot, "keep-all")
        async with self._journal.change(stream.incident) as change:
            if not await may_ring(change, None):
                return None
            await change.tx.add_snapshot(snapshot)
            await self._keeper.store(change, kept)
            await record_report(change, replace(report, snapshot=snapshot.id))
            await self._raise(change, report, snapshot.id)
        return kept.snapshot

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

    async def _raise(self, change: Change, report: Report, snapshot: UUID) -> None:
        await close_decided(change)
        alert = Alert(
            id=uuid4(),
            incident=report.incident,
            stream=report.stream,
            snapshot=snapshot,
            tier=report.tier,
            statement_ja=report.statement_ja,
            statement_en=report.statement_en,
            raised_at_us=change.now_us,
        )
        await change.tx.put_alert(alert)
        data = {
            "alert": str(alert.id),
            "tier": alert.tier,
            "snapshot": str(snapshot),
            "statement_ja": alert.statement_ja,
            "statement_en": alert.statement_en,
        }
        await change.entry(Stage.ALERT_RAISED, "", data)
        await change.audit("relay", "alert-raised", alert.id, {"tier": alert.tier})

    # what humans do

    async def delivered(self, alert_id: UUID, person: Person, console: str) -> None:
        """A page has drawn the alert: the crew may be told where.

        Raises:
            NotFound: no such alert, or not addressed to this person's hospital.
        """
        async with self._journal.records.read() as records:
            alert = await theirs(records, person, await records.alert(alert_id), "alert")
        key = (alert_id, person.name, console)
        if key in self._delivered:
            return
        async with self._journal.change(alert.incident) as change:
            current = await change.tx.alert(alert_id)
            data = {"alert": str(alert_id), "console": console}
            if current is not None and can(current, "deliver"):
                await self._step(change, current, "deliver", person)
                await change.entry(Stage.DELIVERED, person.display_name, data)
            await change.audit(person.name, "alert-delivered", alert_id, {"console": console})
        self._delivered.add(key)

    async def shown(self, snapshot_id: UUID, person: Person, console: str) -> None:
        """A page has drawn the case of a snapshot that rang nowhere; the first screen is told to the crew.

        Raises:
            NotFound: no such snapshot, or not addressed to this person's hospital.
        """
        async with self._journal.records.read() as records:
            found = await records.snapshot(snapshot_id)
            snapshot = await theirs(records, person, found, "snapshot")
        key = (snapshot_id, person.name, console)
        if key in self._delivered:
            return
        async with self._journal.change(snapshot.incident) as change:
            told = await change.tx.timeline(snapshot.incident)
            data: dict[str, object] = {"snapshot": str(snapshot_id), "console": console}
            if not any(
                e.stage is Stage.DELIVERED and e.data.get("snapshot") == data["snapshot"]
                for e in told
            ):
                await change.entry(Stage.DELIVERED, person.display_name, data)
            await change.audit(person.name, "snapshot-shown", snapshot_id, {"console": console})
        self._delivered.add(key)

    async def opened(self, change: Change, person: Person) -> bool:
        """A person has the trace on screen; whether that moved the alert."""
        alert = await change.tx.open_alert(change.incident)
        if alert is None or not can(alert, "open"):
            return False
        await self._step(change, alert, "open", person)
        return True

    async def decided(self, change: Change, person: Person) -> None:
        """A person has decided; the alert, if one waits, is answered."""
        alert = await change.tx.open_alert(change.incident)
        if alert is not None:
            await self._step(change, alert, "decide", person)

    async def _step(self, change: Change, alert: Alert, step: str, person: Person) -> None:
        moved = advance(alert, step, who=person.display_name, at_us=change.now_us)
        await change.tx.put_alert(moved)


async def theirs(records: RecordReads, person: Person, found: Part | None, name: str) -> Part:
    """What was found of a case, where that is addressed to the person's hospital.

    Raises:
        NotFound: it is not, or there is none; the two look alike.
    """
    incident = await records.incident(found.incident) if found is not None else None
    if found is None or incident is None or not sees(person, incident):
        raise NotFound(f"There is no such {name}.")
    return found


async def may_ring(change: Change, taken_at_us: int | None) -> bool:
    """Whether a new tier A may ring now.

    Never while an alert waits for a decision. After a decision: when a physician asked for another
    ECG and this snapshot was taken since, or when the criteria had not been met in between
    (tier C, D or E: a new worsening).
    """
    if await change.tx.open_alert(change.incident) is not None:
        return False
    if await change.tx.last_alert(change.incident) is None:
        return True
    decision = await change.tx.last_decision(change.incident)
    if decision is None:
        return True
    asked = decision.decision in ASKS_FOR_ANOTHER
    if asked and taken_at_us is not None and taken_at_us > decision.at_us:
        return True
    return await change.tx.was_calm_since(change.incident, decision.at_us)


async def close_decided(change: Change) -> None:
    """Close the case's decided alert in the name of the person who decided it."""
    alert = await change.tx.last_alert(change.incident)
    if alert is None or alert.state is not AlertState.DECIDED:
        return
    who = alert.steps[AlertState.DECIDED].who
    await change.tx.put_alert(advance(alert, "close", who=who, at_us=change.now_us))
    await change.entry(Stage.ALERT_CLOSED, who, {"alert": str(alert.id)})


async def record_report(change: Change, report: Report) -> None:
    """Keep a snapshot's report, with its line on the timeline."""
    await change.tx.add_report(report)
    data = {
        "snapshot": str(report.snapshot),
        "tier": report.tier,
        "statement_ja": report.statement_ja,
        "statement_en": report.statement_en,
    }
    await change.entry(Stage.SCREENED, "", data)
