"""One tablet's connection: frames go to the log, events to the records, receipts back to the tablet.

Frames, events and receipts each have their own task, so a slow database never delays an ECG frame. The relay
acknowledges a frame only after the log says that it is on disk. If too much waits for the disk, the relay stops
reading the socket, and the tablet keeps the rest in its spool.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from relay.bus.port import Bus
from relay.ecglog.port import EcgLog, LoggedFrame
from relay.errors import Fenced, RelayError, TokenWithdrawn, TooMany, UnknownRecording
from relay.model.people import Device
from relay.model.stream import EcgStream
from relay.protocol import messages as m
from relay.protocol.link import CLOSE_RESTART, close_code_of, reason_of
from relay.protocol.ranges import RangeSet
from relay.protocol.receiver import FrameArrived, ReceiverEvent, ReceiverLink
from relay.services.ground.access import Claim, Lost, Proof
from relay.services.ground.journal import Journal
from relay.services.ground.reopening import FrameWatch
from relay.services.ground.rights import Rights
from relay.services.ground.wire import CLOSE_BROKEN, Wire
from relay.services.people.devices import withdrawal
from relay.services.recordings.live import LiveHub
from relay.services.recordings.snapshots import SnapshotKeeper, is_whole
from relay.services.tablets.attention import Attended
from relay.services.tablets.clock import TabletClock, keep
from relay.services.tablets.events import TabletEvents
from relay.services.tablets.links import LinkRegistry
from relay.services.tablets.timelines import Timelines

log = structlog.get_logger(__name__)
MAX_WAITING_BYTES = 1_048_576
MAX_WAITING_CONTROLS = 256
SEND_TIMEOUT_S = 10.0
DRAIN_TIMEOUT_S = 10.0
TOO_FAST = "This tablet sends more than a tablet can need and is read more slowly; its ECG is kept."


@dataclass(frozen=True, slots=True)
class IngestParts:
    """What every connection shares."""

    journal: Journal
    ecg_log: EcgLog
    hub: LiveHub
    keeper: SnapshotKeeper
    events: TabletEvents
    registry: LinkRegistry
    bus: Bus
    attended: Attended
    rights: Rights


class TabletSession:
    """The relay's side of one connection."""

    def __init__(
        self, device: Device, wire: Wire, parts: IngestParts, readers: int | None = None
    ) -> None:
        self._device, self._readers = device, readers
        self._wire = wire
        self._parts = parts
        self._clock = parts.journal.clock
        self._link = ReceiverLink(self._clock.monotonic_s())
        self._tablet_clock = TabletClock()
        self._streams: dict[UUID, EcgStream] = {}
        self._watch = FrameWatch(parts.journal)
        self._waiting: dict[UUID, list[LoggedFrame]] = {}
        self._waiting_bytes = 0
        self._controls: asyncio.Queue[ReceiverEvent] = asyncio.Queue(MAX_WAITING_CONTROLS)
        self._frames_wake, self._texts_wake = asyncio.Event(), asyncio.Event()
        self._room, self._idle = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._idle.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timelines = Timelines(device, parts.journal, parts.bus, parts.attended, self._tell)
        self._storing: UUID | None = None
        self._refused = False
        self._leaving = False

    # life

    async def run(self, incoming: AsyncIterator[str | bytes]) -> None:
        """Serve until the socket ends; what was received by then is still stored."""
        began_s = self._clock.monotonic_s()
        log.info("link-opened", unit=self._device.unit)
        self._parts.registry.joined(self)
        mine = Claim(Proof.DEVICE, self._device.key, self._device.unit, as_was=self._device)
        self._parts.rights.hold(self, mine, self.rights_lost)
        for work in (self._commit(), self._control(), self._talk()):
            self._start(work)
        try:
            async for message in incoming:
                if not self._refused:
                    events = await self._receive(message)
                    if await self._parts.registry.pace(self._device.unit, message, events):
                        self._link.refuse(TooMany(TOO_FAST))
                        self._texts_wake.set()
        finally:
            self._parts.registry.left(self)
            self._parts.rights.release(self)
            await self._drain()
            await self._stop()
            lasted_s = round(self._clock.monotonic_s() - began_s, 1)
            log.info(
                "link-closed", unit=self._device.unit, lasted_s=lasted_s, refused=self._refused
            )

    async def _drain(self) -> None:
        """Store what was received before the connection ended."""
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                await self._idle.wait()
                if not self._refused:
                    await self._controls.join()
        except TimeoutError:
            log.warning("link-not-drained", unit=self._device.unit)

    async def _stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        """Run a part of the session; if it breaks the connection ends and the tablet redials."""
        try:
            await work
        except RelayError as error:
            self._fail(error)
        except Exception:  # said in the log; the tablet still has everything unacknowledged
            log.exception("link-broke", unit=self._device.unit)
            self._refused = True
            self._idle.set()
            self.leave(CLOSE_BROKEN, "Something in the relay broke; dial again.")

    def leave(self, code: int, reason: str) -> None:
        """Close soon, after what is queued was said."""
        if not self._leaving:
            self._leaving = True
            self._tasks.add(task := asyncio.create_task(self._goodbye(code, reason)))
            task.add_done_callback(self._tasks.discard)

    async def _goodbye(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(1.0):
                for text in self._link.texts_to_send():
                    await self._wire.send(text)
                await self._wire.close(code, reason[:120])
        except TimeoutError:
            self._wire.abort()

    def fence(self, stream: UUID) -> None:
        """A newer connection has the stream: nothing more of this one is taken."""
        error = Fenced("A newer connection sends this stream; this one is closed.")
        self._link.refuse(error, stream=stream)
        self._fail(error, say=False)

    async def rights_lost(self, why: Lost) -> None:
        """The token was taken back: nothing more is taken or told. Or it sends to other hospitals: redial."""
        if why is Lost.CHANGED:
            self.leave(CLOSE_RESTART, "This tablet's hospitals were changed; come back at once.")
            return
        self._timelines.stop()
        self._link.texts_to_send()  # what waits to be told is told to nobody whose right has ended
        self._fail(withdrawal(why))

    def is_dead(self, now_s: float) -> bool:
        """Whether nothing was heard for too long."""
        return self._link.is_dead(now_s)

    def _fail(self, error: RelayError, *, say: bool = True) -> None:
        """Refuse, take nothing more, acknowledge nothing more, close."""
        if self._refused:
            return
        self._refused = True
        self._waiting.clear()
        self._waiting_bytes = 0
        self._room.set()
        self._idle.set()
        if say:
            self._link.refuse(error)
        log.info("link-refused", unit=self._device.unit, code=error.code, reason=str(error))
        self.leave(close_code_of(error), reason_of(error))

    # what comes in

    async def _receive(self, message: str | bytes) -> Sequence[ReceiverEvent]:
        now_s = self._clock.monotonic_s()
        try:
            if isinstance(message, bytes):
                events = self._link.receive_frame(message, now_s)
                if not events:
                    self._texts_wake.set()
            else:
                events = self._link.receive_text(message, now_s)
        except RelayError as error:
            self._fail(error)
            return ()
        for event in events:
            await self._take(event)
        return events

    async def _take(self, event: ReceiverEvent) -> None:
        match event:
            case FrameArrived():
                await self._take_frame(event)
            case m.Hello():
                now_us = self._clock.now_us()
                self._tablet_clock.offset_us = now_us - event.clock_us
                self._link.welcome(self._device.unit, now_us)
                self._texts_wake.set()
            case m.Ping():
                self._link.pong(event, self._clock.now_us())
                self._texts_wake.set()
                self._parts.hub.set_backlog(self._streams, event.backlog_ms)
                if event.offset_us is not None:
                    await self._controls.put(event)
            case _:
                await self._controls.put(event)

    async def _take_frame(self, arrived: FrameArrived) -> None:
        frame = arrived.frame
        logged = LoggedFrame(frame.seq, frame.first_sample, frame.n_samples, arrived.data)
        self._waiting.setdefault(frame.stream, []).append(logged)
        self._waiting_bytes += len(arrived.data)
        self._idle.clear()
        self._frames_wake.set()
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._room.clear()
        await self._room.wait()

    # to disk

    async def _commit(self) -> None:
        """Store what waits, all that waits at once; acknowledge and show it afterwards."""
        while True:
            await self._frames_wake.wait()
            self._frames_wake.clear()
            while self._waiting:
                batches, self._waiting = self._waiting, {}
                for stream, frames in batches.items():
                    await self._store(stream, frames)
                self._waiting_bytes = sum(len(f.data) for b in self._waiting.values() for f in b)
                self._room.set()
            self._idle.set()

    async def _store(self, stream: UUID, frames: list[LoggedFrame]) -> None:
        if self._refused or stream not in self._streams:
            return
        self._storing = stream
        try:
            await self._parts.ecg_log.append(stream, frames)
        except RelayError as error:
            self._link.refuse(error, stream=stream)
            self._fail(error, say=False)
            return
        finally:
            self._storing = None
        known = self._streams[stream]
        self._parts.hub.publish(known, frames)
        self._parts.keeper.frames_stored(stream)
        if self._watch.is_first(stream):
            self._start(self._watch.look(known))
        if not self._refused:
            self._link.stored(stream, [frame.seq for frame in frames])
            self._let_go_if_finished(known)
            self._texts_wake.set()

    def _let_go_if_finished(self, stream: EcgStream) -> None:
        """Ended, stored whole and acknowledged: nothing of it can come on this connection any more."""
        if stream.id != self._storing and is_whole(stream, self._parts.ecg_log):
            self._streams.pop(stream.id, None)
            self._watch.forget(stream.id)
            self._parts.registry.let_go(stream.id, self)
            self._link.finished(stream.id)

    # events

    async def _control(self) -> None:
        """Act on control messages, in order."""
        while True:
            message = await self._controls.get()
            try:
                if not self._refused:
                    await self._act(message)
            finally:
                self._controls.task_done()
            self._texts_wake.set()

    async def _act(self, message: ReceiverEvent) -> None:
        try:
            match message:
                case m.OpenStream():
                    await self._open_stream(message)
                case m.Event():
                    await self._apply(message)
                case m.Follow():
                    hospitals = await self._timelines.hospitals(message.incident)
                    self._timelines.follow(message, hospitals, self._start)
                case m.Ping():
                    await self._keep_offset(message)
        except TokenWithdrawn as error:
            self._fail(error)
        except RelayError as error:
            self._refuse(message, error)

    def _refuse(self, message: ReceiverEvent, error: RelayError) -> None:
        """Say what is refused; where the relay fails, the tablet redials and tries again."""
        if isinstance(message, m.Event):
            self._link.refuse(error, event=message.event)
        elif isinstance(message, m.OpenStream):
            self._link.refuse(error, stream=message.stream)
        else:
            self._fail(error)
        if error.retry and not isinstance(error, UnknownRecording | TooMany):
            self._fail(error, say=False)

    async def _apply(self, event: m.Event) -> None:
        await self._parts.events.apply(self._device, event, self._tablet_clock)
        self._link.event_stored(event.event)
        if isinstance(event.body, m.StreamEnd) and event.body.stream in self._streams:
            async with self._parts.journal.records.read() as records:
                ended = await records.recordings.stream(event.body.stream)
            if ended is not None:
                self._streams[ended.id] = ended
                self._let_go_if_finished(ended)

    async def _open_stream(self, asked: m.OpenStream) -> None:
        opened = await self._parts.events.open_stream(self._device, asked, self._tablet_clock)
        if opened.finished:
            self._link.open_stream(asked.stream, opened.epoch, self._stored_of(asked.stream))
            self._link.finished(asked.stream)
            return
        self._parts.registry.take_over(asked.stream, opened.epoch, self)
        self._streams[asked.stream] = opened.stream
        self._parts.hub.channel(opened.stream)
        self._link.open_stream(asked.stream, opened.epoch, self._stored_of(asked.stream))

    def _stored_of(self, stream: UUID) -> RangeSet:
        return self._parts.ecg_log.stored(stream)

    async def _keep_offset(self, ping: m.Ping) -> None:
        if ping.offset_us is None:
            return
        self._tablet_clock.offset_us = ping.offset_us
        unit = self._device.unit
        before = self._parts.registry.remember_offset(unit, ping.offset_us)
        await keep(self._parts.journal.late, unit, tuple(self._streams), before, ping.offset_us)

    # what goes out

    def _tell(self, news: m.Notice | m.Attention) -> None:
        if isinstance(news, m.Notice):
            self._link.notice(news)
        else:
            self._link.attention(replace(news, readers=self._readers))
        self._texts_wake.set()

    async def _talk(self) -> None:
        """Send what the link has to say."""
        while True:
            await self._texts_wake.wait()
            self._texts_wake.clear()
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    for text in self._link.texts_to_send():
                        await self._wire.send(text)
            except TimeoutError:
                log.warning("link-stuck", unit=self._device.unit)
                self._refused = True
                self._idle.set()
                self._wire.abort()
                return
