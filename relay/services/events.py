"""What a tablet says of its case, applied: one transaction an event, and each event once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol
from uuid import UUID

from relay.errors import Conflict, NotFound, Unavailable
from relay.model import incident as incident_model
from relay.model import stream as stream_model
from relay.model.incident import Incident, IncidentState
from relay.model.people import Device, owns
from relay.model.snapshot import Snapshot
from relay.model.stream import EcgStream
from relay.model.timeline import Stage
from relay.protocol import messages as m
from relay.services.journal import Change, Journal
from relay.services.live import LiveHub
from relay.services.screening import Screening
from relay.services.snapshots import SnapshotKeeper

TRUSTED_OFFSET_US = 1_000_000
"""Below this a tablet's clock counts as right, and its times are taken as they are."""


class ClockOf(Protocol):
    """What is known of a tablet's clock."""

    def relay_time(self, tablet_us: int) -> int:
        """A moment of the tablet's clock on the relay's clock."""


@dataclass(frozen=True, slots=True)
class OpenedStream:
    """A recording that this connection may now send."""

    stream: EcgStream
    epoch: int


class TabletEvents:
    """Applies a tablet's words to the records."""

    def __init__(
        self, journal: Journal, hub: LiveHub, keeper: SnapshotKeeper, screening: Screening
    ) -> None:
        self._journal = journal
        self._hub = hub
        self._keeper = keeper
        self._screening = screening

    async def open_stream(
        self, device: Device, asked: m.OpenStream, clock: ClockOf
    ) -> OpenedStream:
        """Take note of a recording and give its connection the next fencing number, on disk.

        Raises:
            NotFound: the case or the recording is another ambulance's.
            Conflict: the recording is known with other leads, rate or step size.
        """
        async with self._journal.change(asked.incident) as change:
            await self._case(change, device)
            stream = await change.tx.stream(asked.stream)
            if stream is None:
                stream = _new_stream(device, asked, clock)
                await change.tx.put_stream(stream)
                data = {"stream": str(stream.id), "source": stream.source}
                await change.entry(Stage.STREAM_STARTED, device.unit, data, stream.started_at_us)
            _check_same(stream, device, asked)
            epoch = await change.tx.raise_epoch(asked.stream)
        return OpenedStream(stream, epoch)

    async def apply(self, device: Device, event: m.Event, clock: ClockOf) -> None:
        """Apply an event and note that it is applied, in one transaction. Harmless when repeated.

        Raises:
            NotFound: the case or what the event names is another ambulance's.
            Unavailable: it names a recording that was not opened yet; nothing is applied.
        """
        at_us = min(clock.relay_time(event.at_us), self._journal.clock.now_us())
        after: Snapshot | None = None
        facts_changed = False
        async with self._journal.change(event.incident) as change:
            await self._case(change, device)
            if not await change.tx.mark_event(event.event, event.incident, change.now_us):
                return
            match event.body:
                case m.PatientCard():
                    facts_changed = await self._card(change, device, event.body, at_us)
                case m.Mark():
                    await change.entry(
                        Stage.MARK, device.unit, _told(event, at_us, mark=event.body.mark), at_us
                    )
                case m.CrewNote():
                    text = event.body.text
                    await change.tx.add_note(
                        event.incident, text, device.unit, f"unit:{device.unit}"[:64], at_us
                    )
                    await change.entry(Stage.NOTE, device.unit, {"text": text}, at_us)
                case m.SnapshotRequest():
                    after = await self._snapshot(change, device, event.body, at_us)
                case m.StreamEnd():
                    await self._end(change, device, event.body, at_us)
        await self._follow_up(event, after, facts_changed=facts_changed)

    async def _follow_up(
        self, event: m.Event, after: Snapshot | None, *, facts_changed: bool
    ) -> None:
        """What other services do once the event is on disk."""
        if after is not None:
            self._keeper.expect(after)
        if facts_changed:
            await self._screening.card_changed(event.incident)
        if isinstance(event.body, m.StreamEnd):
            self._hub.ended(event.body.stream)
            self._keeper.frames_stored(event.body.stream)

    async def _case(self, change: Change, device: Device) -> Incident:
        """The tablet's case: made and addressed on first use, reopened where it was closed.

        Raises:
            NotFound: it is another ambulance's.
        """
        known = await change.tx.incident(change.incident)
        if known is None:
            made = Incident(change.incident, device.unit, change.now_us, device.hospitals)
            await change.tx.put_incident(made)
            await change.entry(Stage.OPENED_CASE, device.unit, {"unit": device.unit})
            data = {"hospitals": sorted(device.hospitals)}
            await change.audit(device.unit, "case-opened", made.id, data)
            return made
        if not owns(device, known):
            raise NotFound("There is no such case of this unit.")
        if known.state is IncidentState.CLOSED:
            known = incident_model.advance(known, "resume")
            await change.tx.put_incident(known)
        return known

    async def _card(self, change: Change, device: Device, card: m.PatientCard, at_us: int) -> bool:
        before = await change.tx.card(change.incident) or {}
        body = {k: v for k, v in asdict(card).items() if k != "type"}
        await change.tx.put_card(change.incident, card.rev, body, at_us)
        await change.entry(Stage.PATIENT, device.unit, body, at_us)
        newest = await change.tx.card(change.incident) or {}
        return any(before.get(k) != newest.get(k) for k in ("age_years", "sex"))

    async def _snapshot(
        self, change: Change, device: Device, asked: m.SnapshotRequest, at_us: int
    ) -> Snapshot | None:
        stream = await self._own_stream(change, device, asked.stream)
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
        )
        return snapshot if await change.tx.add_snapshot(snapshot) else None

    async def _end(self, change: Change, device: Device, end: m.StreamEnd, at_us: int) -> None:
        stream = await self._own_stream(change, device, end.stream)
        await change.tx.put_stream(stream_model.advance(stream, "end", end_seq=end.end_seq))
        await change.entry(Stage.STREAM_ENDED, device.unit, {"stream": str(stream.id)}, at_us)

    async def _own_stream(self, change: Change, device: Device, stream_id: UUID) -> EcgStream:
        stream = await change.tx.stream(stream_id)
        if stream is None:
            raise Unavailable("The event names a recording that is not open yet; open it first.")
        if stream.unit != device.unit or stream.incident != change.incident:
            raise NotFound("There is no such recording in this case.")
        return stream


def _new_stream(device: Device, asked: m.OpenStream, clock: ClockOf) -> EcgStream:
    return EcgStream(
        id=asked.stream,
        incident=asked.incident,
        unit=device.unit,
        lead_mask=asked.lead_mask,
        fs_hz=asked.fs_hz,
        uv_per_lsb=asked.uv_per_lsb,
        started_at_us=clock.relay_time(asked.started_at_us),
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
