"""Cases as pages see them: rows and details in the shape of ``docs/http.md``, and what people do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from relay.ecglog.port import EcgLog, LoggedFrame
from relay.errors import BadInput, NotFound, Unavailable
from relay.model.decision import Opening
from relay.model.incident import Incident, IncidentState
from relay.model.people import Person, sees
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.stream import EcgStream
from relay.model.timeline import Stage
from relay.protocol.answers import EarlierEntries, EcgDetail, IncidentDetail, IncidentRow, Json
from relay.protocol.calling import call_of
from relay.protocol.receipts import Line, ReceiptFold, folded
from relay.records.port.cases import CaseFacts, CasesAsked
from relay.records.port.records import RecordReads
from relay.services.alarm.alerting import Alerting
from relay.services.alarm.unstored import UnstoredItem, Untold
from relay.services.cabin.cabin_board import CabinBoard
from relay.services.cases.render import (
    entry_json,
    report_json,
    row_json,
    snapshot_json,
    story_json,
)
from relay.services.ground.gathered import Gathered
from relay.services.ground.journal import CaseChange, Journal
from relay.services.ground.presence import Presence
from relay.services.ground.witness import AccessWitness
from relay.services.recordings.live import LiveHub
from relay.services.recordings.stream_ages import Ages
from relay.services.screening.screener import live_message
from relay.services.screening.work import Screening

MAX_FRAMES_S = 60.0
ROWS_AT_ONCE = 200
ENTRIES_SHOWN = 10_000
MAX_ENTRY = 2**31 - 1
MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Boards:
    """What is so at this moment and stands in no database."""

    hub: LiveHub
    cabins: CabinBoard
    presence: Presence
    ages: Ages
    witness: AccessWitness


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows, and what is not among them.

    Attributes:
        more: how many cases there are beyond, that no row shows.
        beyond: the case to ask on from, None where nothing is left.
    """

    rows: list[IncidentRow]
    more: int
    beyond: UUID | None


class Cases:
    """What a signed-in person may ask and do. What is not theirs to see is not found."""

    def __init__(
        self,
        journal: Journal,
        ecg_log: EcgLog,
        alerting: Alerting,
        screening: Screening,
        now: Boards,
    ) -> None:
        self._journal = journal
        self._log = ecg_log
        self._alerting = alerting
        self._screening = screening
        self._now = now
        self._witness = now.witness
        self._recordings = Gathered(self._found)

    # looking

    async def row(self, incident: UUID) -> IncidentRow | None:
        """The case's row, for those to whom it is addressed."""
        addressed = await self.addressed_row(incident)
        return addressed[1] if addressed else None

    async def addressed_row(self, incident: UUID) -> tuple[frozenset[str], IncidentRow] | None:
        """The hospitals the case is addressed to, and its row."""
        async with self._journal.records.read() as records:
            facts = await records.cases.facts([incident])
        return (facts[0].incident.hospitals, self._row(facts[0])) if facts else None

    async def rows(
        self, hospital: str | None, state: IncidentState | None, beyond: UUID | None = None
    ) -> Listing:
        """Rows of the cases addressed to a hospital: the newest, and however old every open one that asks for a human.

        With ``beyond`` those that come after this case, newest first.
        """
        if hospital is None:
            return Listing([], 0, None)
        asked = CasesAsked(hospital, state, beyond=beyond)
        async with self._journal.records.read() as records:
            found = await records.cases.incidents(asked, at_most=ROWS_AT_ONCE)
            asking: list[UUID] = []
            more = 0
            if len(found) == ROWS_AT_ONCE:
                asked = replace(asked, beyond=found[-1].id)
                more = await records.cases.count_incidents(asked)
                if beyond is None and state is not IncidentState.CLOSED:
                    asking = await asking_beyond(records, asked)
            facts = await records.cases.facts([*(case.id for case in found), *asking])
        rows = [self._row(fact) for fact in facts]
        return Listing(rows, more - len(asking), asked.beyond if more else None)

    async def ids(self, asked: CasesAsked) -> list[UUID]:
        """The next cases in the order asked for."""
        async with self._journal.records.read() as records:
            return [case.id for case in await records.cases.incidents(asked, at_most=ROWS_AT_ONCE)]

    async def rows_of(self, ids: Sequence[UUID]) -> list[IncidentRow]:
        """Rows of kept cases in this order, without what is so only now; who may see them was asked before."""
        async with self._journal.records.read() as records:
            facts = await records.cases.facts(ids)
        over = self._alerting.unstored.over
        return [row_json(over(one), None, None) for one in facts]

    def _row(self, facts: CaseFacts) -> IncidentRow:
        facts = self._alerting.unstored.over(facts)
        stream = facts.streams[-1] if facts.streams else None
        incident, state = facts.incident.id, self._now.hub.state(stream) if stream else None
        if stream is not None:
            self._now.ages.belongs(stream.id, facts.incident.hospitals)
        cabin, looking = self._now.cabins.json(incident), self._now.presence.looking(incident)
        return row_json(facts, stream, state, cabin, looking)

    async def detail(self, person: Person, incident: UUID) -> Json:
        """The whole case."""
        async with self._journal.records.read() as records:
            await visible(records, person, incident)
            facts = (await records.cases.facts([incident]))[0]
            timeline = await records.cases.newest_entries(incident, MAX_ENTRY, ENTRIES_SHOWN)
            told = await records.cases.story(incident)
        newest = facts.streams[-1].id if facts.streams else None
        live = (self._screening.latest(newest) or facts.live.get(newest)) if newest else None
        rest: IncidentDetail = {
            "snapshots": [
                snapshot_json(s, facts.snapshot_reports.get(s.id), facts.card)
                for s in facts.snapshots
            ],
            "timeline": [entry_json(entry) for entry in timeline],
            "earlier_entries": timeline[0].entry - 1 if timeline else 0,
            **story_json(facts, told),
            "report": report_json(live_message(live)) if live else None,
        }
        return {**self._row(facts), **rest}

    async def entries(self, person: Person, incident: UUID, before: int) -> EarlierEntries:
        """Entries of the timeline before one, and how many there are before these."""
        async with self._journal.records.read() as records:
            await visible(records, person, incident)
            timeline = await records.cases.newest_entries(incident, before, ENTRIES_SHOWN)
        return {
            "timeline": [entry_json(entry) for entry in timeline],
            "earlier_entries": timeline[0].entry - 1 if timeline else 0,
        }

    async def check(self, person: Person, incident: UUID) -> Incident:
        """The case, where this person may see it."""
        async with self._journal.records.read() as records:
            return await visible(records, person, incident)

    async def snapshot(self, person: Person, snapshot_id: UUID) -> Snapshot:
        """A snapshot this person may see."""
        return (await self._snapshot(person, snapshot_id))[0]

    async def snapshot_detail(self, person: Person, snapshot_id: UUID) -> EcgDetail:
        """One snapshot with its report."""
        snapshot, report, _ = await self._snapshot(person, snapshot_id)
        body = dict(report.body) if report else None
        async with self._journal.records.read() as records:
            card = await records.cases.card(snapshot.incident)
        return {**snapshot_json(snapshot, report, card), "report": body}

    async def samples(self, person: Person, snapshot_id: UUID) -> tuple[Snapshot, bytes]:
        """One snapshot's raw integers.

        Raises:
            NotFound: not theirs, or its samples are not kept yet.
        """
        snapshot, _, samples = await self._snapshot(person, snapshot_id, with_samples=True)
        if samples is None:
            raise NotFound("The samples of this snapshot have not all arrived; try again shortly.")
        return snapshot, samples

    async def watch(self, person: Person, stream_id: UUID) -> EcgStream:
        """A recording this person begins to watch; written down."""
        stream = await self.stream(person, stream_id)
        await self._witness.look("watched", str(stream.incident), stream=str(stream_id))
        return stream

    async def _snapshot(
        self, person: Person, snapshot_id: UUID, *, with_samples: bool = False
    ) -> tuple[Snapshot, Report | None, bytes | None]:
        async with self._journal.records.read() as records:
            snapshot = await records.recordings.snapshot(snapshot_id)
            if snapshot is None:
                raise NotFound("There is no such snapshot.")
            await visible(records, person, snapshot.incident)
            samples = (
                await records.recordings.snapshot_samples(snapshot_id) if with_samples else None
            )
            return snapshot, await records.recordings.snapshot_report(snapshot_id), samples

    async def stream(self, person: Person, stream_id: UUID) -> EcgStream:
        """A recording this person may watch."""
        found = await self._recordings.ask(stream_id)
        if found is None:
            raise NotFound("There is no such recording.")
        stream, incident = found
        if incident is None or not sees(person, incident):
            raise NotFound("There is no such case.")
        return stream

    async def _found(
        self, streams: Sequence[UUID]
    ) -> Mapping[UUID, tuple[EcgStream, Incident | None]]:
        found = {}
        async with self._journal.records.read() as records:
            for asked in set(streams):
                if (stream := await records.recordings.stream(asked)) is not None:
                    found[asked] = stream, await records.cases.incident(stream.incident)
        return found

    async def frames(
        self, person: Person, stream_id: UUID, from_sample: int, to_sample: int
    ) -> list[LoggedFrame]:
        """Stored frames that touch the range.

        Raises:
            BadInput: the range is reversed or longer than a minute.
        """
        stream = await self.stream(person, stream_id)
        if not 0 <= to_sample - from_sample <= stream.samples(MAX_FRAMES_S):
            raise BadInput(f"Ask for at most {MAX_FRAMES_S:.0f} s of samples at a time.")
        return await self._log.read(stream_id, from_sample, to_sample)

    # doing

    async def open_trace(self, person: Person, incident: UUID, snapshot: UUID | None) -> bool:
        """A person has the trace on the screen. Return True if nobody had opened this case before.

        The crew is told if this is the person's first look at it, or if nobody had read this ECG before.
        """
        try:
            return await self._open_trace(person, incident, snapshot)
        except Unavailable:
            await self._looks_unstored(person, incident, snapshot)
            return False

    async def _looks_unstored(self, person: Person, incident: UUID, snapshot: UUID | None) -> None:
        """The look counts at once, and is stored as soon as that is possible."""
        async with self._journal.records.read() as records:
            case = await visible(records, person, incident)
        key = ("look", incident, person.name, snapshot)
        data = {"snapshot": str(snapshot) if snapshot else None}
        line = Untold(Stage.TRACE_OPENED, person.display_name, self._journal.clock.now_us(), data)
        unstored = self._alerting.unstored
        unstored.add(key, UnstoredItem(incident, (line,)))

        async def store() -> None:
            await self._open_trace(person, incident, snapshot, line.at_us)
            unstored.stored(key)
            self._journal.touched(case)

        self._journal.late.again(key, store)
        self._journal.touched(case)

    async def _open_trace(
        self, person: Person, incident: UUID, snapshot: UUID | None, at_us: int | None = None
    ) -> bool:
        shown = str(snapshot) if snapshot else None
        async with self._journal.change(incident) as change:
            await visible(change.tx, person, incident)
            if snapshot is not None:
                await check_snapshot(change, snapshot)
            fold = folded(await change.tx.cases.receipt_entries(incident))
            earlier = await change.tx.cases.openings(incident)
            is_new = not any(o.user == person.name and o.snapshot == snapshot for o in earlier)
            moved = await self._alerting.opened(
                change, person, lambda about: reaches(fold, about, lambda x: fold.reads(shown, x))
            )
            if is_new:
                opening = Opening(
                    incident, snapshot, person.display_name, person.name, at_us or change.now_us
                )
                await change.tx.cases.add_opening(opening)
            told = is_new or moved or fold.reads_any(shown)
            if told:
                about = {"snapshot": shown}
                await change.entry(Stage.TRACE_OPENED, person.display_name, about, at_us)
                late = {"happened_at_us": at_us} if at_us else {}
                await change.audit(person.name, "trace-opened", incident, {**about, **late})
        if not told:
            await self._witness.look("trace-opened", str(incident), str(shown), snapshot=shown)
        return not earlier


async def asking_beyond(records: RecordReads, asked: CasesAsked) -> list[UUID]:
    """Of the open cases beyond a page those that ask for a human, however many newer ones there are.

    Their receipts alone are read: a row of each would be dear where a tablet has opened hundreds.
    """
    asking: list[UUID] = []
    asked = replace(asked, state=IncidentState.OPEN)
    while some := await records.cases.incidents(asked, at_most=ROWS_AT_ONCE):
        told = await records.cases.told([case.id for case in some])
        asking += [case.id for case in some if call_of(folded(told.get(case.id, ()))) is not None]
        asked = replace(asked, beyond=some[-1].id)
    return asking


async def visible(records: RecordReads, person: Person, incident: UUID) -> Incident:
    """The case, where it is addressed to the person's hospital.

    Raises:
        NotFound: it is not, or there is none; the two look alike.
    """
    found = await records.cases.incident(incident)
    if found is None or not sees(person, found):
        raise NotFound("There is no such case.")
    return found


async def check_snapshot(change: CaseChange, snapshot: UUID) -> None:
    """Raise where the snapshot is not of this case."""
    known = await change.tx.recordings.snapshot(snapshot)
    if known is None or known.incident != change.incident:
        raise NotFound("There is no such snapshot in this case.")


def reaches(fold: ReceiptFold, about: UUID | None, reads: Callable[[Line], bool]) -> bool:
    """Whether a look or a decision reaches the ECG of an alert; an alert without one is reached."""
    line = fold.lines.get(str(about)) if about else None
    return line is None or reads(line)
