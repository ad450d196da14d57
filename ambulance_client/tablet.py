"""The whole tablet: one case, one recording after another, one link, one page for the crew."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog

from ambulance_client.case import Case
from ambulance_client.coach import Coach
from ambulance_client.intake import Intake
from ambulance_client.looks import look
from ambulance_client.photos import Photos
from ambulance_client.recorder import Reason, Recorder
from ambulance_client.relay_http import RelayHttp
from ambulance_client.segmenter import FRAME_S, NewFrame
from ambulance_client.sources import Recordings, Source, open_source
from ambulance_client.spool import Spool
from ambulance_client.spool_file import Recovery
from ambulance_client.uplink import Uplink
from ambulance_client.video import Cabin, TabletVideo
from relay.errors import BadInput, Conflict, Unavailable
from relay.protocol import messages as m
from relay.protocol.clock_estimate import ClockEstimate
from relay.protocol.sender import (
    EventStored,
    FramesStored,
    SenderEvent,
    SenderLink,
)

log = structlog.get_logger()

SOFTWARE = "kyumei-ambulance"
COACH_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class TabletSettings:
    """What one tablet is told at its start."""

    unit: str
    relay_url: str
    token: str
    source: str
    spool: Path
    drill: bool = False
    journal: Path | None = None
    tls: ssl.SSLContext | None = None
    camera: str = ""


class Tablet:
    """Everything the tablet does. Build it with ``running_tablet``."""

    def __init__(
        self, settings: TabletSettings, spool: Spool, opened: Recordings | None = None
    ) -> None:
        self.settings = settings
        self.changed: set[Callable[[], None]] = set()
        self.frame_listeners: set[Callable[[bytes], None]] = set()
        self.recorder: Recorder | None = None
        self.case = Case(uuid4())
        self.coach = Coach(time.monotonic())
        self._spool = spool
        self._old_memory: dict[UUID, dict[int, bytes]] = {}
        self._frames_lost = 0
        self._entering = asyncio.Lock()
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

        self.photos = Photos(
            spool,
            self.video.http,
            lambda: self.video.budget.step,
            lambda: self.uplink.status.state == "connected",
            self.notify,
        )

    # ── life ────────────────────────────────────────────────────────────────────────────────────

    async def restore(self) -> None:
        """Take up the case and what the last life left unsent."""
        kept = await self._spool.get("incident")
        if isinstance(kept, str):
            self.case = Case(UUID(kept))
            await self._restore_case()
        else:
            await self._spool.begin_case(self.case.incident)
        for held in await self._spool.streams():
            self._link.register(held.spec, held.unstored, held.next_seq)
            if not held.ended:
                await self._end_stream(held.spec, held.next_seq)
        for event in await self._spool.events():
            self._link.event_spooled(event)
        self._link.follow(self.case.incident, self.case.last_entry)
        await self.photos.restore()

    async def _restore_case(self) -> None:
        for event in await self._spool.case_events(self.case.incident):
            self.case.apply_event(event)
        for notice in await self._spool.notices(self.case.incident):
            self.case.apply_notice(notice)

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
        return Recorder(
            spool=self._spool,
            link=self._link,
            source=source,
            incident=self.case.incident,
            journal=self.settings.journal,
            on_frame=self._new_frame,
        )

    async def recording_began(self, recorder: Recorder) -> None:
        """See ``Keeper``."""
        self._frames_lost += self._dropped
        self.recorder = recorder
        self.coach = Coach(time.monotonic())
        info = recorder.source.info
        if self.case.patient.rev == 0 and (info.age_years or info.sex):
            await self.set_patient({"age_years": info.age_years, "sex": info.sex})

    async def recording_over(self, recorder: Recorder) -> None:
        """See ``Keeper``. A file is read as soon as it is here; nobody has to press a button."""
        await recorder.memory_to_disk(len(recorder.memory))
        self._old_memory[recorder.spec.stream] = recorder.memory
        if not recorder.source.info.live and recorder.newest_sample:
            await self._send_event(recorder.snapshot("file"), recorder.spec.incident)
        await self._end_stream(recorder.spec, self._link.frames_made(recorder.spec.stream))

    def notify(self) -> None:
        """What the crew sees has changed."""
        for listener in list(self.changed):
            listener()

    async def _end_stream(self, spec: m.OpenStream, end_seq: int) -> None:
        try:
            await self._spool.end_stream(spec.stream)
        except Unavailable as error:  # ended again at the next start
            log.warning("end_not_spooled", why=str(error))
        await self._send_event(m.StreamEnd(spec.stream, end_seq), spec.incident)

    async def watch_electrodes(self) -> None:
        """Look at the electrodes twice a second, for ever; send what is due by itself."""
        while True:
            await asyncio.sleep(COACH_EVERY_S)
            self.intake.look()
            if self.recorder is not None and self.intake.state == "running":
                await self._look_at(self.recorder, self.coach)

    async def _look_at(self, recorder: Recorder, coach: Coach) -> None:
        changed, due = await look(recorder, coach)
        if changed:
            self.notify()
        if due is not None:
            with contextlib.suppress(BadInput):  # less than ten seconds: the next look decides
                await self.snapshot(due)

    # ── what the crew does ──────────────────────────────────────────────────────────────────────

    async def set_patient(self, fields: dict[str, Any], incident: UUID | None = None) -> None:
        """Change fields of the patient card; fields not named stay as they are.

        One change at a time: two pages that press in the same moment both count.

        Raises:
            BadInput: an unknown field or an impossible value.
            Conflict: it was entered for ``incident``, and the tablet has begun another case.
        """
        known = {key for key in asdict(self.case.patient) if key not in {"rev", "type"}}
        extra = sorted(set(fields) - known)
        if extra:
            raise BadInput(f"The patient card has no field {extra[0]!r}.")
        async with self._entering:
            if incident is not None and incident != self.case.incident:
                raise Conflict("This entry belongs to the patient before; it was not written down.")
            card = replace(self.case.patient, **fields, rev=self.case.patient.rev + 1)
            await self._send_event(card)

    async def mark(self, mark: str) -> None:
        """Stamp first contact, departure or the hospital's door, now."""
        if mark not in self.case.marks:
            raise BadInput("A mark is fmc, depart or door.")
        await self._send_event(m.Mark(mark))  # type: ignore[arg-type]  # checked above

    async def note(self, text: str) -> None:
        """Send a line of text to the hospital."""
        if not text.strip():
            raise BadInput("The note is empty; write something first.")
        await self._send_event(m.CrewNote(text.strip()))

    async def snapshot(self, reason: Reason = "manual") -> UUID:
        """Keep the newest ten seconds and have them read.

        Raises:
            BadInput: there is no recording, or it is shorter than ten seconds.
        """
        if self.recorder is None:
            raise BadInput("There is no ECG yet; connect the electrodes first.")
        request = self.recorder.snapshot(reason)
        self.coach.snapshot_taken(time.monotonic())
        await self._send_event(request)
        return request.snapshot

    async def new_case(self) -> None:
        """End this case on the tablet and begin another with a fresh recording."""
        await self.stop_recording()
        async with self._entering:
            self.case, self.coach = Case(uuid4()), Coach(time.monotonic())
            self._frames_lost = 0
            try:
                await self._spool.begin_case(self.case.incident)
            except Unavailable as error:  # the next patient's ECG is still sent
                log.warning("case_not_spooled", why=str(error))
        self._link.follow(self.case.incident, 0)
        self.start_recording()
        self.notify()

    async def _send_event(self, body: m.EventBody, incident: UUID | None = None) -> None:
        event = m.checked_event(
            m.Event(uuid4(), incident or self.case.incident, time.time_ns() // 1000, body)
        )
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
        if self.recorder is not None and stream == self.recorder.spec.stream:
            held = self.recorder.memory.get(seq)
        else:
            held = self._old_memory.get(stream, {}).get(seq)
        if held is None:
            held = await self._spool.frame(stream, seq)
        if held is None and self._link.gone(stream, seq):
            self._frames_lost += 1
            self.notify()
        return held

    async def _heard(self, event: SenderEvent) -> None:
        try:
            match event:
                case FramesStored():
                    await self._forget_frames(event)
                case EventStored():
                    await self._spool.drop_event(event.event)
                case m.Notice():
                    await self._spool.add_notice(event)
                    if event.incident == self.case.incident:
                        self.case.apply_notice(event)
                    self.video.heard(event.stage)
                case m.Refusal():
                    log.warning("refused", code=event.code, why=event.text)
                    if event.event is not None and not event.retry:
                        await self._spool.drop_event(event.event)
        except Unavailable as error:
            log.warning("spool_failed", why=str(error))
        self.notify()

    async def _forget_frames(self, event: FramesStored) -> None:
        memory = self._old_memory.get(event.stream)
        if self.recorder is not None and event.stream == self.recorder.spec.stream:
            memory = self.recorder.memory
        for seq in [s for s in memory or () if any(a <= s < b for a, b in event.ranges)]:
            (memory or {}).pop(seq)
        await self._spool.drop_frames(event.stream, event.ranges)
        active = self.recorder and self.recorder.spec.stream
        if event.stream != active and self._link.unstored(event.stream) == 0:
            await self._spool.forget_stream(event.stream)

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
            asyncio.create_task(tablet.watch_electrodes(), name="coach"),
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
