"""The tablet's end of the ambulance link. See ``docs/protocol.md`` §2.

Lives across connections: what was acknowledged on the last one is not sent on the next. Knows no
socket, clock or disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from relay.errors import LocalProtocolError, RemoteProtocolError
from relay.protocol import messages as m
from relay.protocol.clock_estimate import ClockEstimate
from relay.protocol.link import (
    ANSWER_WITHIN_S,
    BACKLOG_WINDOW_FRAMES,
    DEAD_AFTER_S,
    LIVE_FRAMES,
    PING_EVERY_S,
    LinkState,
    advance,
)
from relay.protocol.ranges import RangeSet


@dataclass(frozen=True, slots=True)
class FrameToSend:
    """Send this frame of the spool next, stamped with ``epoch`` and ``backlog``."""

    stream: UUID
    seq: int
    epoch: int
    backlog: bool


@dataclass(frozen=True, slots=True)
class FramesStored:
    """These frames are on the relay's disk; the spool may drop them."""

    stream: UUID
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class EventStored:
    """This event is on the relay's disk; the spool may drop it."""

    event: UUID


SenderEvent = (
    m.Welcome | m.StreamOpened | FramesStored | EventStored | m.Notice | m.Pong | m.Refusal
)


@dataclass(slots=True)
class _Outgoing:
    """What the sender knows of one stream."""

    spec: m.OpenStream
    spooled: RangeSet
    # stored at the relay, or gone for good: nobody waits for these
    acked: RangeSet = field(default_factory=RangeSet)
    sent: RangeSet = field(default_factory=RangeSet)
    next_seq: int = 0
    epoch: int | None = None
    asked_s: float | None = None
    refused: bool = False
    refused_s: float | None = None
    live_from: int = 0
    hurried: list[tuple[int, int]] = field(default_factory=list)
    backlog_in_flight: set[int] = field(default_factory=set)

    def unsent(self, first: int, end: int) -> list[tuple[int, int]]:
        """Ranges of ``[first, end)`` that are spooled and neither sent nor stored."""
        return [
            (max(a, x), min(b, y))
            for a, b in self.sent.missing(first, end)
            for x, y in self.spooled
            if x < b and y > a
        ]


class SenderLink:
    """The tablet's end. One object for the tablet's whole life; connections come and go.

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
        self._streams: dict[UUID, _Outgoing] = {}
        self._events: dict[UUID, m.Event] = {}
        self._follow: dict[UUID, int] = {}
        self._texts: deque[str] = deque()
        self._heard_s = 0.0
        self._pinged_s = 0.0
        self._events_said_s = 0.0
        self._said_before: set[UUID] = set()

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
        outgoing = _Outgoing(spec, held, next_seq=max(next_seq, held.end))
        outgoing.acked.update(held.missing(0, outgoing.next_seq))
        self._streams[spec.stream] = outgoing
        if self.state is LinkState.UP:
            self._say(spec)

    def spooled(self, stream: UUID, seq: int) -> None:
        """A new frame of a registered stream is committed to the spool."""
        outgoing = self._streams[stream]
        outgoing.spooled.add(seq)
        outgoing.next_seq = max(outgoing.next_seq, seq + 1)

    def gone(self, stream: UUID, seq: int) -> bool:
        """A spooled frame can no longer be read: it is not waited for any more.

        The answer is False where the relay has it, so that nothing was lost.
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
        self._events[event.event] = event
        if self.state is LinkState.UP:
            self._say(event)

    def follow(self, incident: UUID, after: int) -> None:
        """Ask for the timeline of an incident after an entry, now and after every connection."""
        self._follow[incident] = after
        if self.state is LinkState.UP:
            self._say(m.Follow(incident, after))

    def forget(self, stream: UUID) -> None:
        """A stream that ended and is stored whole."""
        self._streams.pop(stream, None)

    # the connection

    def connected(self, now_s: float, wall_us: int) -> None:
        """A socket is open and authenticated."""
        self.state = advance(self.state, "connected")
        self._heard_s = self._pinged_s = now_s
        self._texts.clear()
        self.clock.reset()
        for outgoing in self._streams.values():
            outgoing.epoch = outgoing.asked_s = None
            outgoing.refused, outgoing.refused_s = False, None
            outgoing.backlog_in_flight.clear()
        self._said_before.clear()
        self._events_said_s = now_s
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
        self._heard_s = now_s
        match message:
            case m.Welcome():
                self.state = advance(self.state, "greeted")
                self._resume(now_s, wall_us)
            case m.StreamOpened():
                self._stream_opened(message)
                return [message, FramesStored(message.stream, message.stored)]
            case m.Ack():
                self._stored(message.stream, message.ranges)
                return [FramesStored(message.stream, message.ranges)]
            case m.EventAck():
                self._events.pop(message.event, None)
                return [EventStored(message.event)]
            case m.Notice():
                if message.entry > self._follow.get(message.incident, -1):
                    self._follow[message.incident] = message.entry
                    return [message]
                return []
            case m.Pong():
                self.clock.add(message.t0_us, message.server_us, wall_us)
            case m.Refusal():
                self._refused(message)
        return [message]

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
                return self._take(outgoing, unsent[0][0], backlog=False)
        if sum(len(o.backlog_in_flight) for o in ready) >= self._window:
            return None
        for outgoing in ready:
            while outgoing.hurried:
                unsent = outgoing.unsent(*outgoing.hurried[0])
                if unsent:
                    return self._take(outgoing, unsent[0][0], backlog=True)
                outgoing.hurried.pop(0)
        for outgoing in ready:
            unsent = outgoing.unsent(0, outgoing.live_from)
            if unsent:
                return self._take(outgoing, unsent[-1][1] - 1, backlog=True)
        return None

    def tick(self, now_s: float, wall_us: int, backlog_ms: int = 0) -> bool:
        """Keep the heartbeat; True when the connection is dead and must be closed."""
        if self.state is LinkState.DOWN:
            return False
        if now_s - self._heard_s >= DEAD_AFTER_S or self._is_owed_a_stream(now_s):
            return True
        self._ask_again(now_s)
        self._say_events_again(now_s)
        if self.state is LinkState.UP and now_s - self._pinged_s >= PING_EVERY_S:
            self._ping(now_s, wall_us, backlog_ms)
        return False

    def _is_owed_a_stream(self, now_s: float) -> bool:
        """A stream was announced and never answered: the connection lives, but no ECG can pass."""
        for outgoing in self._streams.values():
            if outgoing.epoch is None and outgoing.asked_s is not None:
                if now_s - outgoing.asked_s >= ANSWER_WITHIN_S:
                    return True
            elif outgoing.epoch is None and self.state is LinkState.UP and not outgoing.refused:
                outgoing.asked_s = now_s
        return False

    def _ask_again(self, now_s: float) -> None:
        """A refusal may have been of words damaged on the way: a refused stream is announced again."""
        for outgoing in self._streams.values():
            if outgoing.refused_s is None and outgoing.refused:
                outgoing.refused_s = now_s
            elif outgoing.refused_s is not None and now_s - outgoing.refused_s >= ANSWER_WITHIN_S:
                outgoing.refused_s = now_s
                self._say(outgoing.spec)

    def _say_events_again(self, now_s: float) -> None:
        """An event without a receipt is said again; the relay knows it by its id."""
        if self.state is LinkState.UP and now_s - self._events_said_s >= ANSWER_WITHIN_S:
            self._events_said_s = now_s
            for event in self._said_before & self._events.keys():
                self._say(self._events[event])
            self._said_before = set(self._events)

    # what is left

    def unstored(self, stream: UUID) -> int:
        """Frames of a stream that are spooled and not known to be stored."""
        outgoing = self._streams.get(stream)
        return 0 if outgoing is None else outgoing.next_seq - len(outgoing.acked)

    @property
    def unstored_frames(self) -> int:
        """Frames of all streams that are not known to be stored."""
        return sum(o.next_seq - len(o.acked) for o in self._streams.values())

    def frames_made(self, stream: UUID) -> int:
        """Frames ever made of a stream, 0 for one not registered."""
        outgoing = self._streams.get(stream)
        return 0 if outgoing is None else outgoing.next_seq

    @property
    def pending_events(self) -> int:
        """Events not known to be stored."""
        return len(self._events)

    # inside

    def _say(self, message: m.FromTablet) -> None:
        self._texts.append(m.to_text(message))

    def _resume(self, now_s: float, wall_us: int) -> None:
        for outgoing in self._streams.values():
            self._say(outgoing.spec)
        for event in self._events.values():
            self._say(event)
        for incident, after in self._follow.items():
            self._say(m.Follow(incident, after))
        self._ping(now_s, wall_us, 0)

    def _ping(self, now_s: float, wall_us: int, backlog_ms: int) -> None:
        self._pinged_s = now_s
        self._say(m.Ping(wall_us, backlog_ms, self.clock.offset_us, self.clock.rtt_us))

    def _stream_opened(self, message: m.StreamOpened) -> None:
        outgoing = self._streams.get(message.stream)
        if outgoing is None:
            return
        outgoing.epoch, outgoing.asked_s = message.epoch, None
        outgoing.refused, outgoing.refused_s = False, None
        # A tablet whose disk failed may have forgotten frames that the relay already holds.
        outgoing.next_seq = max([outgoing.next_seq, *(end for _, end in message.stored)])
        self._stored(message.stream, message.stored)
        outgoing.sent = outgoing.acked.copy()
        outgoing.live_from = max(0, outgoing.next_seq - LIVE_FRAMES)

    def _stored(self, stream: UUID, ranges: Iterable[tuple[int, int]]) -> None:
        outgoing = self._streams.get(stream)
        if outgoing is None:
            return
        for first, end in ranges:
            if end > outgoing.next_seq:
                raise RemoteProtocolError(
                    "The relay acknowledges frames this tablet never made; check the stream's id."
                )
            outgoing.acked.add(first, end)
            outgoing.sent.add(first, end)
            outgoing.backlog_in_flight = {
                seq for seq in outgoing.backlog_in_flight if not first <= seq < end
            }

    def _refused(self, refusal: m.Refusal) -> None:
        if refusal.event is not None and not refusal.retry:
            self._events.pop(refusal.event, None)
        if refusal.stream is not None and refusal.stream in self._streams:
            self._streams[refusal.stream].epoch = self._streams[refusal.stream].asked_s = None
            self._streams[refusal.stream].refused = True

    def _take(self, outgoing: _Outgoing, seq: int, *, backlog: bool) -> FrameToSend:
        if outgoing.epoch is None:
            raise LocalProtocolError("A stream must be opened before its frames are sent.")
        outgoing.sent.add(seq)
        if backlog:
            outgoing.backlog_in_flight.add(seq)
        return FrameToSend(outgoing.spec.stream, seq, outgoing.epoch, backlog)
