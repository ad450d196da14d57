"""Cases as pages see them: rows and details in the shape of ``docs/http.md``, and what people do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from relay.errors import BadInput, NotFound
from relay.model.decision import Decision, DecisionKind, Opening
from relay.model.incident import Incident, IncidentState
from relay.model.people import Person, sees
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.stream import EcgStream
from relay.model.timeline import Stage
from relay.services.alerting import Alerting
from relay.services.cabin_board import CabinBoard
from relay.services.gathered import Gathered
from relay.services.journal import Change, Journal
from relay.services.live import LiveHub
from relay.services.render import entry_json, report_json, row_json, snapshot_json
from relay.services.screening import Screening, live_message
from relay.store.port import CaseFacts, EcgLog, LoggedFrame, RecordReads

Json = dict[str, object]
Mark = tuple[int, str, str, str]
"""When, who, did what, with which: one line of the audit."""
MAX_FRAMES_S = 60.0
MAX_TEXT = 2_000


class Cases:
    """What a signed-in person may ask and do. What is not theirs to see is not found."""

    def __init__(
        self,
        journal: Journal,
        ecg_log: EcgLog,
        hub: LiveHub,
        alerting: Alerting,
        screening: Screening,
        cabins: CabinBoard,
    ) -> None:
        self._journal = journal
        self._log = ecg_log
        self._hub = hub
        self._alerting = alerting
        self._screening = screening
        self._cabins = cabins
        self._recordings = Gathered(self._found)
        self._marks = Gathered(self._write_down)

    # looking

    async def row(self, incident: UUID) -> Json | None:
        """The case's row, for those to whom it is addressed."""
        async with self._journal.records.read() as records:
            facts = await records.cases([incident])
        return self._row(facts[0]) if facts else None

    async def rows(self, hospital: str | None, state: IncidentState | None) -> list[Json]:
        """Rows of the cases addressed to a hospital, newest first."""
        if hospital is None:
            return []
        async with self._journal.records.read() as records:
            found = await records.incidents(hospital=hospital, state=state)
            facts = await records.cases([incident.id for incident in found])
        return [self._row(fact) for fact in facts]

    def _row(self, facts: CaseFacts) -> Json:
        stream = facts.streams[-1] if facts.streams else None
        row = row_json(facts, stream, self._hub.state(stream) if stream else None)
        return {**row, "cabin": self._cabins.json(facts.incident.id)}

    async def detail(self, person: Person, incident: UUID) -> Json:
        """The whole case."""
        async with self._journal.records.read() as records:
            await visible(records, person, incident)
            facts = (await records.cases([incident]))[0]
            timeline = await records.timeline(incident)
        newest = facts.streams[-1].id if facts.streams else None
        live = (self._screening.latest(newest) or facts.live.get(newest)) if newest else None
        return {
            **self._row(facts),
            "snapshots": [
                snapshot_json(s, facts.snapshot_reports.get(s.id)) for s in facts.snapshots
            ],
            "timeline": [entry_json(entry) for entry in timeline],
            "report": report_json(live_message(live)) if live else None,
        }

    async def check(self, person: Person, incident: UUID) -> Incident:
        """The case, where this person may see it."""
        async with self._journal.records.read() as records:
            return await visible(records, person, incident)

    async def snapshot(self, person: Person, snapshot_id: UUID) -> Snapshot:
        """A snapshot this person may see."""
        return (await self._snapshot(person, snapshot_id))[0]

    async def snapshot_detail(self, person: Person, snapshot_id: UUID) -> Json:
        """One snapshot with its report."""
        snapshot, report, _ = await self._snapshot(person, snapshot_id)
        body = dict(report.body) if report else None
        return {**snapshot_json(snapshot, report), "report": body}

    async def samples(self, person: Person, snapshot_id: UUID) -> tuple[Snapshot, bytes]:
        """One snapshot's raw integers; whoever fetches them is written down.

        Raises:
            NotFound: not theirs, or its samples are not kept yet.
        """
        snapshot, _, samples = await self._snapshot(person, snapshot_id, with_samples=True)
        if samples is not None:
            await self._wrote_down(person, "samples-read", snapshot_id)
        else:
            raise NotFound("The samples of this snapshot have not all arrived; try again shortly.")
        return snapshot, samples

    async def watch(self, person: Person, stream_id: UUID) -> EcgStream:
        """A recording this person begins to watch; written down."""
        stream = await self.stream(person, stream_id)
        await self._wrote_down(person, "watched", stream_id)
        return stream

    async def _wrote_down(self, person: Person, action: str, subject: UUID) -> None:
        """Return when it is on disk; many at a time share a transaction."""
        await self._marks.ask((self._journal.clock.now_us(), person.name, action, str(subject)))

    async def _write_down(self, marks: Sequence[Mark]) -> Mapping[Mark, None]:
        async with self._journal.records.begin() as tx:
            for mark in marks:
                await tx.audit(*mark)
        return {}

    async def _snapshot(
        self, person: Person, snapshot_id: UUID, *, with_samples: bool = False
    ) -> tuple[Snapshot, Report | None, bytes | None]:
        async with self._journal.records.read() as records:
            snapshot = await records.snapshot(snapshot_id)
            if snapshot is None:
                raise NotFound("There is no such snapshot.")
            await visible(records, person, snapshot.incident)
            samples = await records.snapshot_samples(snapshot_id) if with_samples else None
            return snapshot, await records.snapshot_report(snapshot_id), samples

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
                if (stream := await records.stream(asked)) is not None:
                    found[asked] = stream, await records.incident(stream.incident)
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
        """A person has the trace on screen; True where nobody had opened this case before."""
        async with self._journal.change(incident) as change:
            await self._mine(change, person, snapshot)
            earlier = await change.tx.openings(incident)
            is_new = not any(o.user == person.name and o.snapshot == snapshot for o in earlier)
            moved = await self._alerting.opened(change, person)
            if is_new:
                opening = Opening(
                    incident, snapshot, person.display_name, person.name, change.now_us
                )
                await change.tx.add_opening(opening)
            if is_new or moved:
                data = {"snapshot": str(snapshot) if snapshot else None}
                await change.entry(Stage.TRACE_OPENED, person.display_name, data)
            about = {"snapshot": str(snapshot) if snapshot else None}
            await change.audit(person.name, "trace-opened", incident, about)
        return not earlier

    async def decide(
        self, person: Person, incident: UUID, kind: DecisionKind, text: str, snapshot: UUID | None
    ) -> Json:
        """A person decides; the new timeline entry."""
        async with self._journal.change(incident) as change:
            await self._mine(change, person, snapshot)
            decision = Decision(
                incident=incident,
                decision=kind,
                text=text,
                snapshot=snapshot,
                who=person.display_name,
                user=person.name,
                at_us=change.now_us,
            )
            await change.tx.add_decision(decision)
            await self._alerting.decided(change, person)
            shown = str(snapshot) if snapshot else None
            data: Mapping[str, object] = {"decision": kind.value, "text": text, "snapshot": shown}
            entry = await change.entry(Stage.DECIDED, person.display_name, data)
            about = {"decision": kind.value, "snapshot": shown}
            await change.audit(person.name, "decided", incident, about)
        return entry_json(entry)

    async def note(self, person: Person, incident: UUID, text: str) -> Json:
        """A person writes a line to the crew; the new timeline entry."""
        async with self._journal.change(incident) as change:
            await self._mine(change, person, None)
            await change.tx.add_note(
                incident, text, person.display_name, person.name, change.now_us
            )
            entry = await change.entry(Stage.NOTE, person.display_name, {"text": text})
            await change.audit(person.name, "note-written", incident)
        return entry_json(entry)

    async def _mine(self, change: Change, person: Person, snapshot: UUID | None) -> None:
        await visible(change.tx, person, change.incident)
        if snapshot is not None:
            known = await change.tx.snapshot(snapshot)
            if known is None or known.incident != change.incident:
                raise NotFound("There is no such snapshot in this case.")


async def visible(records: RecordReads, person: Person, incident: UUID) -> Incident:
    """The case, where it is addressed to the person's hospital.

    Raises:
        NotFound: it is not, or there is none; the two look alike.
    """
    found = await records.incident(incident)
    if found is None or not sees(person, found):
        raise NotFound("There is no such case.")
    return found
