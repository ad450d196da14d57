"""The whole tablet: one case, one recording after another, one link, one page for the crew."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
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
from ambulance_client.recorder import Reason, Recorder
from ambulance_client.segmenter import FRAME_S, NewFrame
from ambulance_client.sources import open_source
from ambulance_client.spool import Spool
from ambulance_client.uplink import Uplink
from ecg.quality import electrode_lights
from relay.errors import BadInput, Unavailable
from relay.protocol import messages as m
from relay.protocol.sender import EventStored, FramesStored, SenderEvent, SenderLink

log = structlog.get_logger()

SOFTWARE = "kyumei-ambulance"
COACH_EVERY_S = 1.0
SOURCE_RETRY_S = 5.0


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


class Tablet:
    """Everything the tablet does. Build it with ``running_tablet``."""

    def __init__(self, settings: TabletSettings, spool: Spool) -> None:
        self.settings = settings
        self.changed: set[Callable[[], None]] = set()
        self.frame_listeners: set[Callable[[bytes], None]] = set()
        self.recorder: Recorder | None = None
        self.case = Case(uuid4())
        self.coach = Coach(time.monotonic())
        self.source_state, self.source_text = "running", ""
        self._spool = spool
        self._old_memory: dict[UUID, dict[int, bytes]] = {}
        self._link = SenderLink(SOFTWARE)
        self._recording: asyncio.Task[None] | None = None
        self.uplink = Uplink(
            url=settings.relay_url,
            token=settings.token,
            link=self._link,
            fetch=self._fetch,
            heard=self._heard,
            backlog_ms=lambda: round(self.backlog_s * 1000),
            tls=settings.tls,
        )

    # ── life ────────────────────────────────────────────────────────────────────────────────────

    async def restore(self) -> None:
        """Take up the case and what the last life left unsent."""
        kept = await self._spool.get("incident")
        if isinstance(kept, str):
            self.case = Case(UUID(kept))
            await self._restore_case()
        else:
            await self._spool.put("incident", str(self.case.incident))
        for held in await self._spool.streams():
            self._link.register(held.spec, held.unstored, held.next_seq)
            if not held.ended:
                await self._end_stream(held.spec, held.next_seq)
        for event in await self._spool.events():
            self._link.event_spooled(event)
        self._link.follow(self.case.incident, self.case.last_entry)

    async def _restore_case(self) -> None:
        kept = await self._spool.get("case-events")
        for text in kept if isinstance(kept, list) else []:
            self.case.apply_event(m.event_from_text(str(text)))
        for notice in await self._spool.notices(self.case.incident):
            self.case.apply_notice(notice)

    def start_recording(self) -> None:
        """Record from the source until ``stop_recording`` or the source's end."""
        self._recording = asyncio.create_task(self._record(), name="recording")

    async def stop_recording(self) -> None:
        """End the recording under way; all of it is in the spool afterwards."""
        if self._recording is not None:
            self._recording.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._recording
            self._recording = None

    async def _record(self) -> None:
        while True:
            try:
                source = await asyncio.to_thread(open_source, self.settings.source)
                recorder = Recorder(
                    spool=self._spool,
                    link=self._link,
                    source=source,
                    incident=self.case.incident,
                    journal=self.settings.journal,
                    on_frame=self._new_frame,
                )
                await self._run_recorder(recorder)
                self.source_state, self.source_text = "ended", "The recording has ended."
                self._notify()
                return
            except BadInput as error:
                self.source_state, self.source_text = "failed", str(error)
                log.warning("source_failed", why=str(error))
                self._notify()
            await asyncio.sleep(SOURCE_RETRY_S)

    async def _run_recorder(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.coach = Coach(time.monotonic())
        self.source_state, self.source_text = "running", ""
        info = recorder.source.info
        if self.case.patient.rev == 0 and (info.age_years or info.sex):
            await self.set_patient({"age_years": info.age_years, "sex": info.sex})
        try:
            await recorder.run()
        finally:
            self._old_memory[recorder.spec.stream] = recorder.memory
            await asyncio.shield(
                self._end_stream(recorder.spec, self._link.frames_made(recorder.spec.stream))
            )

    async def _end_stream(self, spec: m.OpenStream, end_seq: int) -> None:
        await self._spool.end_stream(spec.stream)
        await self._send_event(m.StreamEnd(spec.stream, end_seq), spec.incident)

    async def watch_electrodes(self) -> None:
        """Look at the electrodes once a second, for ever; send what is due by itself."""
        while True:
            await asyncio.sleep(COACH_EVERY_S)
            recorder = self.recorder
            segment = recorder.recent_segment(2.0) if recorder else None
            if segment is None or self.source_state != "running":
                continue
            lights = await asyncio.to_thread(electrode_lights, segment)
            if lights != self.coach.lights:
                self._notify()
            due = self.coach.look(lights, time.monotonic())
            if due is not None:
                with contextlib.suppress(BadInput):  # less than ten seconds: the next look decides
                    await self.snapshot(due)

    # ── what the crew does ──────────────────────────────────────────────────────────────────────

    async def set_patient(self, fields: dict[str, Any]) -> None:
        """Change fields of the patient card; fields not named stay as they are.

        Raises:
            BadInput: an unknown field or an impossible value.
        """
        known = {key for key in asdict(self.case.patient) if key not in {"rev", "type"}}
        extra = sorted(set(fields) - known)
        if extra:
            raise BadInput(f"The patient card has no field {extra[0]!r}.")
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
        self.case = Case(uuid4())
        await self._spool.put("incident", str(self.case.incident))
        await self._spool.put("case-events", [])
        self._link.follow(self.case.incident, 0)
        self.start_recording()
        self._notify()

    async def _send_event(self, body: m.EventBody, incident: UUID | None = None) -> None:
        event = m.checked_event(
            m.Event(uuid4(), incident or self.case.incident, time.time_ns() // 1000, body)
        )
        try:
            await self._spool.add_event(event)
        except Unavailable as error:  # still sent; the relay's receipt is its durability
            log.warning("event_not_spooled", why=str(error))
        self._link.event_spooled(event)
        if event.incident == self.case.incident:
            self.case.apply_event(event)
            await self._remember_case(event)
        self.uplink.poke()
        self._notify()

    async def _remember_case(self, event: m.Event) -> None:
        kept = await self._spool.get("case-events")
        texts = kept if isinstance(kept, list) else []
        await self._spool.put("case-events", [*texts, m.to_text(event)])

    # ── what the link says ──────────────────────────────────────────────────────────────────────

    async def _fetch(self, stream: UUID, seq: int) -> bytes | None:
        if self.recorder is not None and stream == self.recorder.spec.stream:
            held = self.recorder.memory.get(seq)
        else:
            held = self._old_memory.get(stream, {}).get(seq)
        return held if held is not None else await self._spool.frame(stream, seq)

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
                case m.Refusal():
                    log.warning("refused", code=event.code, why=event.text)
                    if event.event is not None and not event.retry:
                        await self._spool.drop_event(event.event)
        except Unavailable as error:
            log.warning("spool_failed", why=str(error))
        self._notify()

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

    def _notify(self) -> None:
        for listener in list(self.changed):
            listener()

    # ── what the crew sees ──────────────────────────────────────────────────────────────────────

    @property
    def backlog_s(self) -> float:
        """Seconds of ECG not yet known to be on the relay's disk."""
        return self._link.unstored_frames * FRAME_S

    @property
    def drained(self) -> bool:
        """Everything recorded and entered is on the relay's disk."""
        return self._link.unstored_frames == 0 and self._link.pending_events == 0

    def state(self) -> dict[str, Any]:
        """``PanelState`` of ``docs/http.md``."""
        recorder, status, clock = self.recorder, self.uplink.status, self._link.clock
        disk_text = recorder.disk_text if recorder else ""
        return {
            "unit": self.settings.unit,
            "drill": self.settings.drill,
            "now_us": time.time_ns() // 1000,
            "link": {
                "state": status.state,
                "since_us": status.since_us,
                "text": status.text,
                "rtt_ms": None if clock.rtt_us is None else clock.rtt_us / 1000,
                "offset_ms": None if clock.offset_us is None else clock.offset_us / 1000,
            },
            "source": {
                "name": recorder.source.info.name if recorder else self.settings.source,
                "state": self.source_state,
                "text": self.source_text,
            },
            "stream": None
            if recorder is None
            else {
                "id": str(recorder.spec.stream),
                "fs_hz": recorder.spec.fs_hz,
                "uv_per_lsb": recorder.spec.uv_per_lsb,
                "lead_mask": recorder.spec.lead_mask,
                "newest_sample": recorder.newest_sample,
            },
            "backlog_s": self.backlog_s,
            "spool_ok": not disk_text,
            "spool_text": disk_text or self._spool.recovery_note,
            "frames_dropped": recorder.frames_dropped if recorder else 0,
            "disk_free_mb": shutil.disk_usage(self.settings.spool).free // 2**20,
            "electrodes": self.coach.lights,
            **self.case.as_json(),
        }


@asynccontextmanager
async def running_tablet(settings: TabletSettings) -> AsyncIterator[Tablet]:
    """A tablet that records, sends and listens until the block is left.

    Raises:
        BadInput: the source cannot be opened.
        Unavailable: the spool cannot be opened.
    """
    await asyncio.to_thread(open_source, settings.source)
    spool = await Spool.open(settings.spool)
    tablet = Tablet(settings, spool)
    tasks: list[asyncio.Task[None]] = []
    try:
        await tablet.restore()
        tablet.start_recording()
        tasks = [
            asyncio.create_task(tablet.uplink.run(), name="uplink"),
            asyncio.create_task(tablet.watch_electrodes(), name="coach"),
        ]
        yield tablet
    finally:
        await tablet.stop_recording()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await spool.close()
