"""The tablet's end of the ambulance link. See ``docs/protocol.md`` §2.

Lives across connections: what was acknowledged on the last one is not sent on the next. Knows no
socket, clock or disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from relay.errors import UnknownRecording
from relay.protocol import messages as m
from relay.protocol.clock_estimate import ClockEstimate
from relay.protocol.event_queue import EventQueue
from relay.protocol.link import (
    ANSWER_WITHIN_S,
    BACKLOG_WINDOW_FRAMES,
    DEAD_AFTER_S,
    OLDER_IN_FLIGHT,
    PING_EVERY_S,
    LinkState,
    advance,
)
from relay.protocol.outgoing import FrameToSend, Outgoing
from relay.protocol.ranges import RangeSet


@dataclass(frozen=True, slots=True)
class FramesStored:
    """These frames are on the relay's disk; the spool may drop them."""

    stream: UUID
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class EventStored:
    """This event is on the relay's disk; the spool may drop it."""

    event: UUID


@dataclass(frozen=True, slots=True)
class RecordingFinished:
    """The recording has ended, and the relay has stored all its frames and events.

    The link has forgotten the recording and will not announce it again. The spool may forget it too.
    """

    stream: UUID


SenderEvent = (
    m.Welcome
    | m.StreamOpened
    | FramesStored
    | EventStored
    | RecordingFinished
    | m.Notice
    | m.Attention
    | m.Pong
    | m.Refusal
)


class SenderLink:
    """The tablet's end. One object for the tablet's whole life; connections come and go.

    The recording registered last and not ended is the live one: it is announced first, and alone
    ends a connection on which it is not answered. Older ones are announced a few at a time, and are
    let go as soon as everything of them is stored.

    The shell must: register what the spool holds; call ``connected`` and ``closed``; hand in every
    text; after each call send all of ``texts_to_send`` and then frames from ``next_frame`` until it
    returns None or the socket pushes back; call ``tick`` at least every 0.5 s and close the socket
    when it returns True.
    """

    def __init__(
        self, software: str, *, backlog_window_frames: int = BACKLOG_WINDOW_FRAMES
    ) -> None:
        self.state = LinkState.DOWN
        self.clock = ClockEstimate()
        self._software = software
        self._window = backlog_window_frames
        self._streams: dict[UUID, Outgoing] = {}
        self._events = EventQueue()
        self._follow: dict[UUID, int] = {}
        self._texts: deque[str] = deque()
        self._now_s = 0.0
        self._heard_s = 0.0
        self._pinged_s = 0.0

    # what the spool holds

    def register(
        self, spec: m.OpenStream, unstored: Iterable[tuple[int, int]] = (), next_seq: int = 0
    ) -> None:
        """A stream the spool holds.

        Args:
            spec: how the stream is announced.
            unstored: sequence ranges the spool still holds.
            next_seq: one past the last frame ever made; what lies below and is not in
                ``unstored`` was acknowledged in an earlier life.
        """
        held = RangeSet(unstored)
        outgoing = Outgoing(spec, held, next_seq=max(next_seq, held.end))
        outgoing.acked.update(held.missing(0, outgoing.next_seq))
        self._streams[spec.stream] = outgoing
        self._say_what_is_due()

    def spooled(self, stream: UUID, seq: int) -> None:
        """A new frame of a registered stream is committed to the spool."""
        outgoing = self._streams[stream]
        outgoing.spooled.add(seq)
        outgoing.next_seq = max(outgoing.next_seq, seq + 1)

    def ended(self, stream: UUID) -> None:
        """No frame will be added; the event that says so was handed to ``event_spooled`` before."""
        outgoing = self._streams.get(stream)
        if outgoing is not None:
            outgoing.ended = True

    def gone(self, stream: UUID, seq: int) -> bool:
        """The spool can no longer read this frame. The link stops waiting for it.

        Returns:
            Whether the frame is lost; False if the relay has it.
        """
        outgoing = self._streams.get(stream)
        if outgoing is None or seq in outgoing.acked:
            return False
        outgoing.acked.add(seq)
        outgoing.sent.add(seq)
        outgoing.backlog_in_flight.discard(seq)
        return True

    def hurry(self, stream: UUID, first_seq: int, end_seq: int) -> None:
        """Send these frames before other backlog: a snapshot needs them."""
        outgoing = self._streams.get(stream)
        if outgoing is not None:
            outgoing.hurried.append((first_seq, end_seq))

    def event_spooled(self, event: m.Event) -> None:
        """An event is committed to the spool; it goes out now or after the next connection."""
        self._events.add(event)
        self._say_what_is_due()

    def follow(self, incident: UUID, after: int) -> None:
        """Ask for the timeline of a case after an entry, now and after every connection."""
        self._follow[incident] = after
        if self.state is LinkState.UP:
            self._say(m.Follow(incident, after, attention=True))

    def unfollow(self, incident: UUID) -> None:
        """Stop following the incident: do not ask for its timeline again, and ignore entries that still come."""
        self._follow.pop(incident, None)

    # the connection

    def connected(self, now_s: float, wall_us: int) -> None:
        """A socket is open and authenticated."""
        self.state = advance(self.state, "connected")
        self._now_s = self._heard_s = self._pinged_s = now_s
        self._texts.clear()
        self.clock.reset()
        for outgoing in self._streams.values():
            outgoing.connected()
        self._events.connected()
        self._say(m.Hello(software=self._software, clock_us=wall_us))

    def closed(self) -> None:
        """The socket is gone, for whatever reason. Harmless when already closed."""
        if self.state is not LinkState.DOWN:
            self.state = advance(self.state, "closed")
        self._texts.clear()

    def receive_text(self, text: str | bytes, now_s: float, wall_us: int) -> list[SenderEvent]:
        """Take one text message; returns what the shell should know of.

        Raises:
            RemoteProtocolError: the relay sent what cannot be read; close and redial.
        """
        message = m.from_relay(text)
        self._now_s = self._heard_s = now_s
        heard = self._take(message, wall_us)
        finished = self._let_go()
        if isinstance(message, m.Welcome):
            self._resume(wall_us)
        self._say_what_is_due()
        return [*heard, *finished]

    def texts_to_send(self) -> list[str]:
        """Control messages to send now, in order; empties the list."""
        texts = list(self._texts)
        self._texts.clear()
        return texts

    def next_frame(self) -> FrameToSend | None:
        """The next frame to send: newest second first, then snapshots, then backlog.

        The caller must send it; the link counts it as sent on this connection.
        """
        if self.state is not LinkState.UP:
            return None
        ready = [o for o in reversed(self._streams.values()) if o.epoch is not None]
        for outgoing in ready:
            unsent = outgoing.unsent(outgoing.live_from, outgoing.next_seq)
            if unsent:
                return outgoing.take(unsent[0][0], backlog=False)
        if sum(len(o.backlog_in_flight) for o in ready) >= self._window:
            return None
        for outgoing in ready:
            while outgoing.hurried:
                unsent = outgoing.unsent(*outgoing.hurried[0])
                if unsent:
                    return outgoing.take(unsent[0][0], backlog=True)
                outgoing.hurried.pop(0)
        for outgoing in ready:
            unsent = outgoing.unsent(0, outgoing.live_from)
            if unsent:
                return outgoing.take(unsent[-1][1] - 1, backlog=True)
        return None

    def tick(self, now_s: float, wall_us: int, backlog_ms: int = 0) -> bool:
        """Keep the heartbeat; True when the connection is dead and must be closed."""
        self._now_s = now_s
        if self.state is LinkState.DOWN:
            return False
        if now_s - self._heard_s >= DEAD_AFTER_S or self._is_owed_the_live_one():
            return True
        self._say_what_is_due()
        if self.state is LinkState.UP and now_s - self._pinged_s >= PING_EVERY_S:
            self._ping(wall_us, backlog_ms)
        return False

    # what is left

    def unstored(self, stream: UUID) -> int:
        """Frames of a stream that are spooled and not known to be stored."""
        outgoing = self._streams.get(stream)
        return 0 if outgoing is None else outgoing.unstored

    @property
    def unstored_frames(self) -> int:
        """Frames of all streams that are not known to be stored."""
        return sum(o.unstored for o in self._streams.values())

    def frames_made(self, stream: UUID) -> int:
        """Frames ever made of a stream, 0 for one not registered."""
        outgoing = self._streams.get(stream)
        return 0 if outgoing is None else outgoing.next_seq

    @property
    def recordings(self) -> tuple[UUID, ...]:
        """Recordings that are live or of which something is not known to be stored."""
        return tuple(self._streams)

    @property
    def pending_events(self) -> int:
        """Events not known to be stored."""
        return len(self._events)

    def awaits(self, event: UUID) -> bool:
        """Whether the link still tries to deliver this event: the relay has not said that it is stored."""
        return event in self._events

    # inside

    def _take(self, message: m.FromRelay, wall_us: int) -> list[SenderEvent]:
        match message:
            case m.Welcome():
                self.state = advance(self.state, "greeted")
            case m.StreamOpened():
                return [message, *self._opened(message)]
            case m.Ack():
                return self._stored(message)
            case m.EventAck():
                self._events.drop(message.event)
                return [EventStored(message.event)]
            case m.Notice():
                return [message] if self._is_news(message) else []
            case m.Attention():
                return [message] if message.incident in self._follow else []
            case m.Pong():
                self.clock.add(message.t0_us, message.server_us, wall_us)
            case m.Refusal():
                self._refused(message)
        return [message]

    def _opened(self, message: m.StreamOpened) -> list[SenderEvent]:
        outgoing = self._streams.get(message.stream)
        if outgoing is None:
            return []
        outgoing.opened(message.epoch, message.stored)
        return [FramesStored(message.stream, message.stored)]

    def _stored(self, message: m.Ack) -> list[SenderEvent]:
        outgoing = self._streams.get(message.stream)
        if outgoing is not None:
            outgoing.stored(message.ranges)
        return [FramesStored(message.stream, message.ranges)]

    def _is_news(self, notice: m.Notice) -> bool:
        after = self._follow.get(notice.incident)
        if after is None or notice.entry <= after:
            return False
        self._follow[notice.incident] = notice.entry
        return True

    def _refused(self, refusal: m.Refusal) -> None:
        if refusal.event is not None:
            if self._is_final(refusal, refusal.event):
                self._events.drop(refusal.event)
            else:
                self._events.refused(refusal.event, self._now_s)
        if refusal.stream is not None and refusal.stream in self._streams:
            self._streams[refusal.stream].refused(self._now_s)

    def _is_final(self, refusal: m.Refusal, about: UUID) -> bool:
        """Whether saying the event again can never help: nobody knows its recording any more."""
        event = self._events.get(about)
        if not refusal.retry or event is None:
            return True
        named = m.recording_of(event.body)
        return refusal.code == UnknownRecording.code and named not in self._streams

    def _let_go(self) -> list[SenderEvent]:
        """Forget what has ended and is stored with every event of it."""
        done = [
            stream
            for stream, outgoing in self._streams.items()
            if outgoing.ended and not outgoing.unstored and not self._events.names(stream)
        ]
        for stream in done:
            del self._streams[stream]
        return [RecordingFinished(stream) for stream in done]

    def _say(self, message: m.FromTablet) -> None:
        self._texts.append(m.to_text(message))

    def _resume(self, wall_us: int) -> None:
        self._announce_the_live_one()
        for incident, after in self._follow.items():
            self._say(m.Follow(incident, after, attention=True))
        self._ping(wall_us, 0)

    def _ping(self, wall_us: int, backlog_ms: int) -> None:
        self._pinged_s = self._now_s
        self._say(m.Ping(wall_us, backlog_ms, self.clock.offset_us, self.clock.rtt_us))

    @property
    def _live(self) -> Outgoing | None:
        """The recording under way."""
        return next((o for o in reversed(self._streams.values()) if not o.ended), None)

    def _is_owed_the_live_one(self) -> bool:
        """The live recording was announced and never answered: the connection lives, but no ECG can pass."""
        live = self._live
        if live is None or not live.is_waiting or live.said_s is None:
            return False
        return self._now_s - live.said_s >= ANSWER_WITHIN_S

    def _say_what_is_due(self) -> None:
        """The live recording, then events, then older recordings, as far as few are under way."""
        if self.state is not LinkState.UP:
            return
        self._announce_the_live_one()
        live = self._live
        for event in self._events.due(self._now_s, live.spec.incident if live else None):
            recording = m.recording_of(event.body)
            named = self._streams.get(recording) if recording else None
            if named is not None and not named.announced:
                self._announce(named)
            self._say(event)
        self._announce_older_ones()

    def _announce_the_live_one(self) -> None:
        live = self._live
        if live is not None and not live.is_waiting and live.is_due(self._now_s):
            self._announce(live)

    def _announce_older_ones(self) -> None:
        live = self._live
        older = [o for o in reversed(self._streams.values()) if o is not live]
        room = OLDER_IN_FLIGHT - sum(o.is_waiting for o in older)
        for outgoing in older:
            if outgoing.is_due(self._now_s) and (outgoing.is_waiting or room > 0):
                room -= not outgoing.is_waiting
                self._announce(outgoing)

    def _announce(self, outgoing: Outgoing) -> None:
        outgoing.said(self._now_s)
        self._say(outgoing.spec)
