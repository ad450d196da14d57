"""The whole tablet: one case, one recording after another, one link, one page for the crew."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import structlog

from ambulance_client.case import TabletCase
from ambulance_client.coach import Coach
from ambulance_client.files import Files
from ambulance_client.intake import Intake
from ambulance_client.letting_go import Memories, Settled, let_go
from ambulance_client.looks import watch_electrodes
from ambulance_client.photos import PhotoOutbox
from ambulance_client.presses import NOW, Entered, Press
from ambulance_client.recorder import Reason, Recorder
from ambulance_client.refused import Refused
from ambulance_client.relay_http import RelayHttp
from ambulance_client.remarks import Remarks
from ambulance_client.segmenter import FRAME_S, NewFrame
from ambulance_client.sources import Recordings, Source, open_source
from ambulance_client.spool import Spool
from ambulance_client.spool_file import Recovery
from ambulance_client.tablet_settings import TabletSettings
from ambulance_client.true_time import TrueTime
from ambulance_client.uplink import Uplink
from ambulance_client.video import Cabin, TabletVideo
from relay.errors import BadInput, Conflict, Unavailable
from relay.protocol import messages as m
from relay.protocol.clock_estimate import ClockEstimate
from relay.protocol.sender import SenderEvent, SenderLink

log = structlog.get_logger()

SOFTWARE = "kyumei-ambulance"
__all__ = ["Tablet", "TabletSettings", "running_tablet"]


class Tablet:
    """Everything the tablet does. Build it with ``running_tablet``."""

    def __init__(
        self, settings: TabletSettings, spool: Spool, opened: Recordings | None = None
    ) -> None:
        self.settings = settings
        self.remarks = Remarks(spool, self.notify)
        self.files = Files(spool, self.remarks)
        self.true_time = TrueTime()
        self.changed: set[Callable[[], None]] = set()
        self.frame_listeners: set[Callable[[bytes], None]] = set()
        self.recorder: Recorder | None = None
        self.case = TabletCase(uuid4())
        self.coach = Coach(time.monotonic())
        self._spool = spool
        self._memories: Memories = {}
        self._frames_lost = 0
        self._relay_knows: tuple[str, ...] = ()
        self._entering = asyncio.Lock()
        self._entered = Entered()
        self._link = SenderLink(SOFTWARE)
        self._recording: asyncio.Task[None] | None = None
        self.intake = Intake(settings.source, self, opened)
        self.uplink = Uplink(
            url=settings.relay_url,
            token=settings.token,
            link=self._link,
            fetch=self._fetch,
            heard=self._heard,
            backlog_ms=lambda: round(self.backlog_s * 1000),
            tls=settings.tls,
        )
        self.video = TabletVideo(
            RelayHttp(settings.relay_url, settings.token, settings.tls),
            backlog_s=lambda: self.backlog_s,
            is_connected=lambda: self.uplink.status.state == "connected",
            notify=self.notify,
            cabin=Cabin(settings.camera, lambda: self.case.incident) if settings.camera else None,
        )
        self.not_taken = Refused(
            spool, self.remarks, self._link.event_spooled, lambda: self.photos.restore(),
            self.notify,
        )  # fmt: skip
        self.photos = PhotoOutbox(
            spool, self.video.http, lambda: self.video.budget.step,
            lambda: self.uplink.status.state == "connected", self.not_taken.photo, self.notify,
        )  # fmt: skip

    # ── life ────────────────────────────────────────────────────────────────────────────────────

    async def restore(self) -> None:
        """Take up the case and what the last life left unsent."""
        await self.remarks.restore()
        await self.files.restore()
        kept = await self._spool.get("incident")
        if isinstance(kept, str):
            self.case = TabletCase(UUID(kept))
            for event in await self._spool.case_events(self.case.incident):
                self.case.apply_event(event)
                self._entered.add(event)
            for notice in await self._spool.notices(self.case.incident):
                self.case.apply_notice(notice)
        await self._begin_case()
        for held in await self._spool.streams():
            self._link.register(held.spec, held.unstored, held.next_seq)
            if held.ended:
                self._link.ended(held.spec.stream)
            else:
                await self._end_stream(held.spec, held.next_seq)
        for event in await self._spool.events():
            self._link.event_spooled(event)
        self._link.follow(self.case.incident, self.case.last_entry)
        await self.photos.restore()
        await self.not_taken.restore()

    def start_recording(self) -> None:
        """Take what the source gives until ``stop_recording``."""
        self._recording = asyncio.create_task(self.intake.run(), name="recording")

    async def stop_recording(self) -> None:
        """End the recording under way; all of it is in the spool afterwards."""
        if self._recording is not None:
            self._recording.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._recording
            self._recording = None

    # ── what the intake asks for ────────────────────────────────────────────────────────────────

    def new_recorder(self, source: Source) -> Recorder:
        """See ``Keeper``."""
        made = Recorder(
            spool=self._spool,
            link=self._link,
            source=source,
            incident=self.case.incident,
            journal=self.settings.journal,
            on_frame=self._new_frame,
        )
        self._memories[made.spec.stream] = made.memory
        return made

    async def recording_began(self, recorder: Recorder) -> None:
        """See ``Keeper``."""
        self._frames_lost += self._dropped
        self.recorder = recorder
        self.coach = Coach(time.monotonic())
        facts = self.files.first_card(recorder.source.info, recorder.spec.incident)
        if self.case.patient.rev == 0 and facts is not None:
            await self.set_patient(facts)

    async def recording_over(self, recorder: Recorder) -> None:
        """See ``Keeper``. A file is read as soon as it is here; nobody has to press a button."""
        await recorder.memory_to_disk(len(recorder.memory))
        info, incident = recorder.source.info, recorder.spec.incident
        if recorder.is_unread and recorder.newest_sample:
            asked = replace(recorder.snapshot("file"), origin=self.files.origin(info, incident))
            await self._send_event(asked, incident)
            await self.files.taken(info, incident, self.case.patient)
        await self._end_stream(recorder.spec, self._link.frames_made(recorder.spec.stream))

    async def refused(self, error: BadInput) -> None:
        """See ``Keeper``."""
        await self.files.refused(error)

    def notify(self) -> None:
        """What the crew sees has changed."""
        for listener in list(self.changed):
            listener()

    async def _end_stream(self, spec: m.OpenStream, end_seq: int) -> None:
        said = self._event(m.StreamEnd(spec.stream, end_seq), spec.incident)
        try:
            await self._spool.end_stream(spec.stream, said)
        except Unavailable as error:  # ended again at the next start
            log.warning("end_not_spooled", why=str(error))
        self._link.event_spooled(said)
        self._link.ended(spec.stream)
        self.uplink.poke()
        self.notify()

    # ── what the crew does ──────────────────────────────────────────────────────────────────────

    async def set_patient(self, fields: dict[str, Any], incident: UUID | None = None) -> None:
        """Change fields of the patient card; fields not named stay as they are.

        One change at a time: two pages that press in the same moment both count.

        Raises:
            BadInput: an unknown field or an impossible value.
            Conflict: it was entered for ``incident``, and the tablet has begun another case.
        """
        async with self._entering:
            if incident is not None and incident != self.case.incident:
                raise Conflict("This entry belongs to the patient before; it was not written down.")
            await self._send_event(self.case.edited(fields))

    async def mark(self, mark: str, press: Press = NOW) -> None:
        """Stamp first contact, departure or the hospital's door, at the moment of the press."""
        if mark not in self.case.marks:
            raise BadInput("A mark is fmc, depart or door.")
        await self._enter(press, lambda: m.Mark(mark))  # type: ignore[arg-type]  # checked above

    async def note(self, text: str, press: Press = NOW) -> None:
        """Send a line of text to the hospital."""
        if not text.strip():
            raise BadInput("The note is empty; write something first.")
        await self._enter(press, lambda: m.CrewNote(text.strip()))

    async def understood(self, entry: int, press: Press = NOW) -> None:
        """Tell the doctor that the crew has read a decision; once for each decision."""
        known = "decision-understood" in self._relay_knows
        await self._enter(press, lambda: self.case.understood(entry) if known else None)

    async def snapshot(self, reason: Reason = "manual", press: Press = NOW) -> UUID:
        """Keep the newest ten seconds and have them read; refused without ten seconds of a recording."""

        def newest() -> m.EventBody:
            if self.recorder is None:
                raise BadInput("There is no ECG yet; connect the electrodes first.")
            request = self.recorder.snapshot(reason)
            self.coach.snapshot_taken(time.monotonic())
            return request

        asked = await self._enter(replace(press, at_us=None), newest)
        return cast(m.SnapshotRequest, asked).snapshot

    async def _enter(
        self, press: Press, make: Callable[[], m.EventBody | None]
    ) -> m.EventBody | None:
        """Enter what a press means into the case on, once, however often the page sends it.

        Raises:
            Conflict: it was pressed for another case than the one that is on.
        """
        async with self._entering:
            if known := self._entered.get(press.act):
                return known
            if press.incident not in (None, self.case.incident):
                raise Conflict("This entry belongs to the patient before; it was not written down.")
            body = make()
            if body is not None:
                await self._send_event(body, press=press)
            return body

    async def new_case(self, ends: UUID | None = None) -> None:
        """End this case (``ends``: only that one) and begin another with a fresh recording."""
        if ends is not None and ends != self.case.incident:
            return
        await self.stop_recording()
        await self.intake.open()
        async with self._entering:
            self._link.unfollow(self.case.incident)
            self.case, self.coach = TabletCase(uuid4()), Coach(time.monotonic())
            self._frames_lost = 0
            await self._begin_case()
        self._link.follow(self.case.incident, 0)
        self.start_recording()
        self.notify()

    async def _begin_case(self) -> None:
        """From now on this is the case; what only an earlier one's page needed leaves the tablet."""
        self.photos.begin_case(self.case.incident)
        try:
            await self._spool.begin_case(self.case.incident)
        except Unavailable as error:  # the next patient's ECG is still sent
            log.warning("case_not_spooled", why=str(error))

    def _event(
        self, body: m.EventBody, incident: UUID | None = None, press: Press = NOW
    ) -> m.Event:
        at_us = press.moment_us(time.time_ns() // 1000)
        about = incident or self.case.incident
        return m.checked_event(m.Event(press.act or uuid4(), about, at_us, body))

    async def _send_event(
        self, body: m.EventBody, incident: UUID | None = None, press: Press = NOW
    ) -> None:
        event = self._event(body, incident, press)
        self._entered.add(event)
        of_case = event.incident == self.case.incident
        try:
            await self._spool.add_event(event, of_case=of_case)
        except Unavailable as error:  # still sent; the relay's receipt is its durability
            log.warning("event_not_spooled", why=str(error))
        self._link.event_spooled(event)
        if event.incident == self.case.incident:
            self.case.apply_event(event)
        self.uplink.poke()
        self.notify()

    # ── what the link says ──────────────────────────────────────────────────────────────────────

    async def _fetch(self, stream: UUID, seq: int) -> bytes | None:
        held = self._memories.get(stream, {}).get(seq)
        if held is None:
            held = await self._spool.frame(stream, seq)
        if held is None and self._link.gone(stream, seq):
            self._frames_lost += 1
            self.notify()
        return held

    async def _heard(self, event: SenderEvent) -> None:
        try:
            if isinstance(event, Settled):
                await let_go(event, self._spool, self._memories)
            match event:
                case m.Notice():
                    await self._spool.add_notice(event)
                    if event.incident == self.case.incident:
                        self.case.apply_notice(event)
                    self.video.heard(event.stage)
                case m.Welcome():
                    self._relay_knows = event.knows
                    self.case.attention = None
                case m.Attention() if event.incident == self.case.incident:
                    self.case.apply_attention(event)
                case m.Refusal():
                    waits = event.event is not None and self._link.awaits(event.event)
                    await self.not_taken.heard(event, waits=waits)
        except Unavailable as error:
            log.warning("spool_failed", why=str(error))
        self.notify()

    def _new_frame(self, frame: NewFrame) -> None:
        self.uplink.poke()
        for listener in list(self.frame_listeners):
            listener(frame.data)

    # ── what the crew sees ──────────────────────────────────────────────────────────────────────

    @property
    def backlog_s(self) -> float:
        """Seconds of ECG not yet known to be on the relay's disk."""
        return self._link.unstored_frames * FRAME_S

    @property
    def lost_s(self) -> float:
        """Seconds of ECG of this case that neither the tablet nor the relay has; told to the crew."""
        return (self._frames_lost + self._dropped) * FRAME_S

    @property
    def _dropped(self) -> int:
        """Frames of this case that the newest recording could not hold."""
        newest = self.recorder
        ours = newest is not None and newest.spec.incident == self.case.incident
        return newest.frames_dropped if newest is not None and ours else 0

    @property
    def drained(self) -> bool:
        """Everything recorded and entered is on the relay's disk."""
        return self._link.unstored_frames == 0 and self._link.pending_events == 0

    @property
    def link_clock(self) -> ClockEstimate:
        """What the link knows of the relay's clock."""
        return self._link.clock

    @property
    def recovery(self) -> Recovery | None:
        """What was saved out of a damaged spool at the start, None where it was whole."""
        return self._spool.recovery


@asynccontextmanager
async def running_tablet(settings: TabletSettings) -> AsyncIterator[Tablet]:
    """A tablet that records, sends and listens until the block is left.

    Raises:
        BadInput: the source cannot be opened.
        Unavailable: the spool cannot be opened.
    """
    opened = await asyncio.to_thread(open_source, settings.source)
    spool = await Spool.open(settings.spool)
    tablet = Tablet(settings, spool, opened)
    tasks: list[asyncio.Task[None]] = []
    try:
        await tablet.restore()
        tablet.start_recording()
        tasks = [
            asyncio.create_task(tablet.uplink.run(), name="uplink"),
            asyncio.create_task(watch_electrodes(tablet), name="coach"),
            asyncio.create_task(tablet.photos.run(), name="photos"),
            *(asyncio.create_task(part, name=n) for n, part in tablet.video.work().items()),
        ]
        yield tablet
    finally:
        await tablet.stop_recording()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        tablet.video.close()
        await spool.close()
