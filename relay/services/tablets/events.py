"""What a tablet says of its case, applied: one transaction an event, and each event once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Protocol
from uuid import UUID

import structlog

from relay.ecglog.port import EcgLog
from relay.errors import Conflict, NotFound, TooMany, UnknownRecording
from relay.model import stream as stream_model
from relay.model.incident import Incident
from relay.model.people import Device, Withdrawal, owns
from relay.model.snapshot import Origin, Snapshot
from relay.model.stream import EcgStream, RecordingState
from relay.model.timeline import Stage
from relay.protocol import messages as m
from relay.records.port.records import RecordReads
from relay.services.cases.render import origin_json
from relay.services.ground.disk_shares import ENTRY_BYTES, REPORT_BYTES, DiskShares, snapshot_bytes
from relay.services.ground.journal import CaseChange, Journal
from relay.services.ground.reopening import reopen
from relay.services.people.devices import withdrawal
from relay.services.recordings.live import LiveHub
from relay.services.recordings.snapshots import SnapshotKeeper, is_whole
from relay.services.screening.work import Screening
from relay.turns.credit import Credits

log = structlog.get_logger(__name__)
MOST_AWAITED = 200
"""ECGs of one recording that are asked for and whose samples have not come."""


class ClockOf(Protocol):
    """What is known of a tablet's clock."""

    def relay_time(self, tablet_us: int) -> int:
        """A moment of the tablet's clock on the relay's clock."""


@dataclass(frozen=True, slots=True)
class OpenedStream:
    """A recording that this connection may now send.

    Attributes:
        finished: it has ended and is stored whole; nothing of it can follow.
    """

    stream: EcgStream
    epoch: int
    finished: bool = False


class TabletEvents:
    """Applies a tablet's words to the records."""

    def __init__(
        self,
        journal: Journal,
        ecg_log: EcgLog,
        hub: LiveHub,
        keeper: SnapshotKeeper,
        screening: Screening,
        new_cases: Credits,
        disk: DiskShares,
    ) -> None:
        self._disk = disk
        self._new_cases = new_cases
        self._journal = journal
        self._log = ecg_log
        self._hub = hub
        self._keeper = keeper
        self._screening = screening

    async def open_stream(
        self, device: Device, asked: m.OpenStream, clock: ClockOf
    ) -> OpenedStream:
        """Take note of a recording and give its connection the next fencing number, on disk.

        One that is finished needs none: nothing is written, and a closed case stays closed.

        Raises:
            NotFound: the case or the recording is another ambulance's.
            Conflict: the recording is known with other leads, rate or step size.
        """
        async with self._journal.records.read() as records:
            stream = await records.recordings.stream(asked.stream)
        if stream is None:
            return await self._begin(device, asked, clock)
        _check_same(stream, device, asked)
        if is_whole(stream, self._log):
            return OpenedStream(stream, stream.epoch, finished=True)
        async with self._journal.records.begin() as tx:
            await _as_it_stands(tx, device)
            return OpenedStream(stream, await tx.recordings.raise_epoch(stream.id))

    async def _begin(self, device: Device, asked: m.OpenStream, clock: ClockOf) -> OpenedStream:
        """A recording the relay did not know."""
        async with self._journal.change(asked.incident) as change:
            await reopen(change, await self._case(change, device), "recording")
            stream = _new_stream(
                device, asked, min(clock.relay_time(asked.started_at_us), change.now_us)
            )
            await change.tx.recordings.put_stream(stream)
            data = {"stream": str(stream.id), "source": stream.source}
            await change.entry(Stage.STREAM_STARTED, device.unit, data, stream.started_at_us)
            return OpenedStream(stream, await change.tx.recordings.raise_epoch(asked.stream))

    async def apply(self, device: Device, event: m.Event, clock: ClockOf) -> None:
        """Apply an event and note that it is applied, in one transaction. Harmless when repeated.

        Raises:
            NotFound: the case or what the event names is another ambulance's.
            UnknownRecording: it names a recording that was not opened yet; nothing is applied.
        """
        at_us = min(clock.relay_time(event.at_us), self._journal.clock.now_us())
        after: Snapshot | None = None
        facts_changed = False
        async with self._journal.change(event.incident) as change:
            case = await self._case(change, device)
            is_new = await change.tx.cases.mark_event(event.event, event.incident, change.now_us)
            if not is_new or await self._is_known(change, event.body):
                return
            await reopen(change, case, "entry")
            await self._takes_disk(change, device, ENTRY_BYTES)
            match event.body:
                case m.PatientCard():
                    facts_changed = await self._card(change, device, event.body, at_us)
                case m.Mark():
                    await change.entry(
                        Stage.MARK, device.unit, _told(event, at_us, mark=event.body.mark), at_us
                    )
                case m.CrewNote():
                    text = event.body.text
                    await change.tx.cases.add_note(
                        event.incident, text, device.unit, f"unit:{device.unit}"[:64], at_us
                    )
                    await change.entry(Stage.NOTE, device.unit, {"text": text}, at_us)
                case m.DecisionUnderstood():
                    data = {"entry": event.body.entry}
                    await change.entry(Stage.DECISION_UNDERSTOOD, device.unit, data, at_us)
                case m.SnapshotRequest():
                    after = await self._snapshot(change, device, event.body, at_us)
                case m.StreamEnd():
                    await self._end(change, device, event.body, at_us)
        await self._follow_up(device.unit, event, after, facts_changed=facts_changed)

    async def _follow_up(
        self, unit: str, event: m.Event, after: Snapshot | None, *, facts_changed: bool
    ) -> None:
        """What other services do once the event is on disk."""
        if after is not None:
            self._keeper.expect(after, unit)
        if facts_changed:
            await self._screening.card_changed(event.incident)
        if isinstance(event.body, m.StreamEnd):
            self._hub.ended(event.body.stream)
            self._keeper.frames_stored(event.body.stream)

    async def _case(self, change: CaseChange, device: Device) -> Incident:
        """The tablet's case: made and addressed on first use.

        Raises:
            NotFound: it is another ambulance's.
            TooMany: it has opened very many one after the other: a program that starts again and again.
        """
        known = await change.tx.cases.incident(change.incident)
        device = await _as_it_stands(change.tx, device)
        if known is None:
            self._check_not_too_many(device)
            made = Incident(change.incident, device.unit, change.now_us, device.hospitals)
            await change.tx.cases.put_incident(made)
            await change.entry(Stage.OPENED_CASE, device.unit, {"unit": device.unit})
            data = {"hospitals": sorted(device.hospitals)}
            await change.audit(device.unit, "case-opened", made.id, data)
            return made
        if not owns(device, known):
            raise NotFound("There is no such case of this unit.")
        return known

    def _check_not_too_many(self, device: Device) -> None:
        now_s = self._journal.clock.monotonic_s()
        if self._new_cases.may(device.unit, 1, now_s):
            return
        wait_s = self._new_cases.again_in_s(device.unit, 1, now_s)
        log.warning("too-many-cases", unit=device.unit, wait_s=round(wait_s))
        raise TooMany(
            "This ambulance has opened very many cases one after the other. Go on in the open case, or wait "
            f"{wait_s:.0f} s; the ECG is kept on the tablet until then."
        )

    async def _is_known(self, change: CaseChange, body: m.EventBody) -> bool:
        """Whether it says again, under a new id, what is on disk: a tablet that died ends a recording twice."""
        if not isinstance(body, m.StreamEnd):
            return False
        stream = await change.tx.recordings.stream(body.stream)
        return (
            stream is not None
            and stream.incident == change.incident
            and (stream.state, stream.end_seq) == (RecordingState.ENDED, body.end_seq)
        )

    async def _card(
        self, change: CaseChange, device: Device, card: m.PatientCard, at_us: int
    ) -> bool:
        before = await change.tx.cases.card(change.incident) or {}
        body = {k: v for k, v in asdict(card).items() if k != "type"}
        await change.tx.cases.put_card(change.incident, card.rev, body, at_us)
        await change.entry(Stage.PATIENT, device.unit, body, at_us)
        newest = await change.tx.cases.card(change.incident) or {}
        if all(before.get(k) == newest.get(k) for k in ("age_years", "sex")):
            return False
        again = await change.tx.recordings.kept_snapshots(change.incident)
        await self._takes_disk(change, device, len(again) * REPORT_BYTES)
        return True

    async def _takes_disk(self, change: CaseChange, device: Device, n_bytes: float) -> None:
        """Count what will be kept for this ambulance; where little is left the administrator is told before it is none."""
        if self._disk.take(device.unit, n_bytes):
            left = {"left_mb": round(self._disk.left_mb(device.unit))}
            await change.audit("relay", "disk-share-low", device.unit, left)

    async def _snapshot(
        self, change: CaseChange, device: Device, asked: m.SnapshotRequest, at_us: int
    ) -> Snapshot | None:
        stream = await self._own_stream(change, device, asked.stream)
        if self._keeper.n_awaited(stream.id) >= MOST_AWAITED:
            raise TooMany(
                f"{MOST_AWAITED} ECGs of this recording wait for their samples; ask again when some are kept."
            )
        snapshot = Snapshot(
            id=asked.snapshot,
            incident=change.incident,
            stream=stream.id,
            first_sample=asked.first_sample,
            n_samples=asked.n_samples,
            reason=asked.reason,
            taken_at_us=at_us,
            lead_mask=stream.lead_mask,
            fs_hz=stream.fs_hz,
            uv_per_lsb=stream.uv_per_lsb,
            origin=await _origin(change, asked.origin),
        )
        if not await change.tx.recordings.add_snapshot(snapshot):
            return None
        await self._takes_disk(change, device, snapshot_bytes(stream.lead_mask, asked.n_samples))
        if snapshot.origin is not None:
            card = await change.tx.cases.card(change.incident)
            data = {"snapshot": str(snapshot.id), **origin_json(snapshot.origin, card)}
            await change.entry(Stage.FILE_ORIGIN, device.unit, data, at_us)
        return snapshot

    async def _end(self, change: CaseChange, device: Device, end: m.StreamEnd, at_us: int) -> None:
        stream = await self._own_stream(change, device, end.stream)
        await change.tx.recordings.put_stream(
            stream_model.advance(stream, "end", end_seq=end.end_seq)
        )
        await change.entry(Stage.STREAM_ENDED, device.unit, {"stream": str(stream.id)}, at_us)

    async def _own_stream(self, change: CaseChange, device: Device, stream_id: UUID) -> EcgStream:
        stream = await change.tx.recordings.stream(stream_id)
        if stream is None:
            raise UnknownRecording(
                "The event names a recording that is not open yet; open it first."
            )
        if stream.unit != device.unit or stream.incident != change.incident:
            raise NotFound("There is no such recording in this case.")
        return stream


async def _as_it_stands(tx: RecordReads, device: Device) -> Device:
    """The tablet with the hospitals it has now: nothing is written on a right that was taken back since it dialled.

    Raises:
        TokenWithdrawn: its token was revoked, or replaced by a newer one.
    """
    entry = await tx.people.device(device.unit)
    if entry is None or entry.revoked_at_us is not None:
        raise withdrawal(Withdrawal.REVOKED)
    if device.key not in {"", entry.token_hash}:
        raise withdrawal(Withdrawal.REPLACED)
    return entry.device


async def _origin(change: CaseChange, said: m.FileOrigin | None) -> Origin | None:
    """What the file said, and what this relay knows of the same samples in other cases."""
    if said is None:
        return None
    origin = Origin(**asdict(said))
    if origin.fingerprint is None or origin.other_case_at_us is not None:
        return origin
    other = await change.tx.recordings.same_samples(origin.fingerprint, change.incident)
    return replace(origin, other_case_at_us=other)


def _new_stream(device: Device, asked: m.OpenStream, started_at_us: int) -> EcgStream:
    return EcgStream(
        id=asked.stream,
        incident=asked.incident,
        unit=device.unit,
        lead_mask=asked.lead_mask,
        fs_hz=asked.fs_hz,
        uv_per_lsb=asked.uv_per_lsb,
        started_at_us=started_at_us,
        source=asked.source,
    )


def _check_same(stream: EcgStream, device: Device, asked: m.OpenStream) -> None:
    if stream.unit != device.unit or stream.incident != asked.incident:
        raise NotFound("There is no such recording in this case.")
    known = (stream.lead_mask, stream.fs_hz, stream.uv_per_lsb)
    if known != (asked.lead_mask, asked.fs_hz, asked.uv_per_lsb):
        raise Conflict("This recording is known with other leads or another rate; begin a new one.")


def _told(event: m.Event, at_us: int, **data: object) -> dict[str, object]:
    """An entry's data, with the tablet's own time where its clock was wrong."""
    return data if at_us == event.at_us else {**data, "device_at_us": event.at_us}
