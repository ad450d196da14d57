"""When the relay rings, and what humans then did about it.

Rings on tier A of a snapshot at once, on tier A of the live stream once it has held for ten
seconds, and where ST has changed against the patient's own first minute (``live_trends``). One alert per case waits for a decision at a time; after a decision it rings again only for
something new (see ``may_ring``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid4

import structlog

from relay.errors import NotFound, Unavailable
from relay.model.alert import Alert, AlertState, advance, can
from relay.model.decision import ASKS_FOR_ANOTHER
from relay.model.incident import Incident
from relay.model.people import Person, sees
from relay.model.report import ALARM_TIER, Report
from relay.model.snapshot import Snapshot, SnapshotState
from relay.model.stream import EcgStream
from relay.model.timeline import Stage
from relay.records.port.records import RecordReads
from relay.services.alarm.hold import LiveHold
from relay.services.alarm.live_trends import LiveTrends
from relay.services.alarm.unstored import Unstored, Untold, Waiting
from relay.services.ground.journal import Change, Journal
from relay.services.ground.late import Act
from relay.services.ground.seen import Seen
from relay.services.recordings.snapshots import Kept, SnapshotKeeper, stored_data

Reads = Callable[[UUID | None], bool]
"""Whether a look or a decision reaches the ECG of a snapshot (None: an alert without one)."""
Part = TypeVar("Part", Alert, Snapshot)
"""Something that belongs to a case."""
log = structlog.get_logger(__name__)


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
        self.unstored = Unstored()
        self.on_rang: Callable[[Alert], None] = lambda _alert: None
        """Called once an alarm rings, on disk or from memory; again where that one is stored later."""

    # raising

    async def snapshot_screened(self, change: Change, snapshot: Snapshot, report: Report) -> None:
        """A snapshot has a report; ring at once on tier A. Inside the report's transaction."""
        if report.tier == ALARM_TIER and await may_ring(change, snapshot.taken_at_us):
            await self._raise(change, report, snapshot.id)

    async def snapshot_waits(self, snapshot: Snapshot, report: Report) -> None:
        """A snapshot's report cannot be stored now: ring from memory; whoever stores it later rings no second time."""
        incident = await self._rings_unstored(snapshot.incident)
        if report.tier != ALARM_TIER or incident is None:
            return
        alert = _new_alert(report, snapshot.id, self._journal.clock.now_us())
        lines = (_screened_line(report, snapshot.id, alert.raised_at_us), _raised_line(alert))
        self.unstored.add(("alert", alert.incident), Waiting(alert.incident, lines, alert))
        self._journal.touched(incident)
        self.on_rang(alert)

    def snapshot_stored(self, snapshot: Snapshot) -> None:
        """A snapshot's report is on disk: what rang from memory for this case stands there too."""
        self.unstored.stored(("alert", snapshot.incident))

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

    async def _store_ring(self, kept: Kept, report: Report) -> bool:
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

    async def _ring_unstored(self, kept: Kept, report: Report) -> None:
        """The database takes nothing now: ring from memory, and store it as soon as that is possible."""
        snapshot, incident = kept.snapshot, await self._rings_unstored(kept.snapshot.incident)
        if incident is None:
            return
        alert = _new_alert(report, snapshot.id, self._journal.clock.now_us())
        lines = (
            Untold(Stage.SNAPSHOT_STORED, "", alert.raised_at_us, stored_data(snapshot)),
            _screened_line(report, snapshot.id, alert.raised_at_us),
            _raised_line(alert),
        )
        key = ("alert", alert.incident)
        self.unstored.add(key, Waiting(alert.incident, lines, alert))
        log.error("alarm-rings-unstored", incident=str(alert.incident), alert=str(alert.id))

        async def store() -> None:
            await self._store_ring(kept, report)
            self.unstored.stored(key)
            self._journal.touched(incident)

        self._journal.late.again(key, store)
        self._journal.touched(incident)
        self.on_rang(alert)

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

    async def _raise(self, change: Change, report: Report, snapshot: UUID) -> None:
        await close_decided(change)
        rang = self.unstored.alert_of(report.incident)
        alert = rang or _new_alert(report, snapshot, change.now_us)
        await change.tx.alerts.put_alert(alert)
        line = _raised_line(alert)
        await change.entry(line.stage, line.who, line.data, line.at_us)
        await change.audit("relay", "alert-raised", alert.id, {"tier": alert.tier})
        change.after_commit.append(partial(self.on_rang, alert))

    # what humans do

    async def delivered(self, alert_id: UUID, person: Person, console: str) -> None:
        """A page has drawn the alert: the crew may be told where, as soon as that can be stored.

        Raises:
            NotFound: no such alert, or not addressed to this person's hospital.
        """
        await self._now_or_later(
            ("delivered", alert_id, person.name, console),
            lambda: self._store_delivered(alert_id, person, console),
        )

    async def _now_or_later(self, key: Hashable, act: Act) -> None:
        try:
            await act()
        except Unavailable:
            self._journal.late.again(key, act)

    async def _store_delivered(self, alert_id: UUID, person: Person, console: str) -> None:
        async with self._journal.records.read() as records:
            found = await records.alerts.alert(alert_id)
            if found is None and self.unstored.has_alert(alert_id):
                raise Unavailable("This alert is not stored yet.")
            alert = await theirs(records, person, found, "alert")
        key = (alert_id, person.name, console)
        if key in self._delivered:
            return
        async with self._journal.change(alert.incident) as change:
            current = await change.tx.alerts.alert(alert_id)
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
        await self._now_or_later(
            ("shown", snapshot_id, person.name, console),
            lambda: self._store_shown(snapshot_id, person, console),
        )

    async def _store_shown(self, snapshot_id: UUID, person: Person, console: str) -> None:
        async with self._journal.records.read() as records:
            found = await records.recordings.snapshot(snapshot_id)
            snapshot = await theirs(records, person, found, "snapshot")
        key = (snapshot_id, person.name, console)
        if key in self._delivered:
            return
        async with self._journal.change(snapshot.incident) as change:
            told = await change.tx.cases.receipt_entries(snapshot.incident)
            data: dict[str, object] = {"snapshot": str(snapshot_id), "console": console}
            if not any(
                e.stage is Stage.DELIVERED and e.data.get("snapshot") == data["snapshot"]
                for e in told
            ):
                await change.entry(Stage.DELIVERED, person.display_name, data)
            await change.audit(person.name, "snapshot-shown", snapshot_id, {"console": console})
        self._delivered.add(key)

    async def opened(self, change: Change, person: Person, reads: Reads) -> bool:
        """A person has a trace on screen; whether that moved the alert: only its own ECG does.

        ``reads`` says whether this look has read the ECG of a snapshot.
        """
        alert = await change.tx.alerts.open_alert(change.incident)
        if alert is None or not can(alert, "open") or not reads(alert.snapshot):
            return False
        await self._step(change, alert, "open", person)
        return True

    async def decided(self, change: Change, person: Person, answers: Reads) -> None:
        """A person has decided; the alert is answered where the decision speaks of its ECG."""
        alert = await change.tx.alerts.open_alert(change.incident)
        if alert is not None and answers(alert.snapshot):
            await self._step(change, alert, "decide", person)

    async def _step(self, change: Change, alert: Alert, step: str, person: Person) -> None:
        moved = advance(alert, step, who=person.display_name, at_us=change.now_us)
        await change.tx.alerts.put_alert(moved)


def _new_alert(report: Report, snapshot: UUID, now_us: int) -> Alert:
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


async def theirs(records: RecordReads, person: Person, found: Part | None, name: str) -> Part:
    """What was found of a case, where that is addressed to the person's hospital.

    Raises:
        NotFound: it is not, or there is none; the two look alike.
    """
    incident = await records.cases.incident(found.incident) if found is not None else None
    if found is None or incident is None or not sees(person, incident):
        raise NotFound(f"There is no such {name}.")
    return found


async def may_ring(change: Change, taken_at_us: int | None) -> bool:
    """Whether a new tier A may ring now.

    Never while an alert waits for a decision. After a decision: when a physician asked for another
    ECG and this snapshot was taken since, or when the criteria had not been met in between
    (tier C, D or E: a new worsening).
    """
    if await change.tx.alerts.open_alert(change.incident) is not None:
        return False
    if await change.tx.alerts.last_alert(change.incident) is None:
        return True
    decision = await change.tx.cases.last_decision(change.incident)
    if decision is None:
        return True
    asked = decision.decision in ASKS_FOR_ANOTHER
    if asked and taken_at_us is not None and taken_at_us > decision.at_us:
        return True
    return await change.tx.recordings.was_calm_since(change.incident, decision.at_us)


async def close_decided(change: Change) -> None:
    """Close the case's decided alert in the name of the person who decided it."""
    alert = await change.tx.alerts.last_alert(change.incident)
    if alert is None or alert.state is not AlertState.DECIDED:
        return
    who = alert.steps[AlertState.DECIDED].who
    await change.tx.alerts.put_alert(advance(alert, "close", who=who, at_us=change.now_us))
    await change.entry(Stage.ALERT_CLOSED, who, {"alert": str(alert.id)})


async def record_report(change: Change, report: Report) -> None:
    """Keep a snapshot's report, with its line on the timeline."""
    await change.tx.recordings.add_report(report)
    if report.snapshot is not None:
        line = _screened_line(report, report.snapshot, change.now_us)
        await change.entry(line.stage, line.who, line.data)


def _screened_line(report: Report, snapshot: UUID, at_us: int) -> Untold:
    data = {
        "snapshot": str(snapshot),
        "tier": report.tier,
        "statement_ja": report.statement_ja,
        "statement_en": report.statement_en,
    }
    return Untold(Stage.SCREENED, "", at_us, data)


def _raised_line(alert: Alert) -> Untold:
    data = {
        "alert": str(alert.id),
        "tier": alert.tier,
        "snapshot": str(alert.snapshot),
        "statement_ja": alert.statement_ja,
        "statement_en": alert.statement_en,
    }
    return Untold(Stage.ALERT_RAISED, "", alert.raised_at_us, data)
