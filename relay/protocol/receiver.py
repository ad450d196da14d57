"""The relay's end of the ambulance link, for one connection. See ``docs/protocol.md`` §2.

*Received* and *stored* are different words here: an ``Ack`` leaves only after the shell said
``stored``, and the shell says it only after the commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from relay.errors import Fenced, LocalProtocolError, RelayError, RemoteProtocolError
from relay.protocol import messages as m
from relay.protocol.codec import decode_samples
from relay.protocol.link import RECEIVER_DEAD_AFTER_S, LinkState, advance
from relay.protocol.ranges import RangeSet
from relay.protocol.wire import EcgFrame, unpack

MAX_COUNTER = 2**53
"""What a browser can count to; beyond it sample positions would be rounded."""


@dataclass(frozen=True, slots=True)
class FrameArrived:
    """A new, valid frame. The shell must store it and then call ``ReceiverLink.stored``.

    ``data`` is what goes to disk and to viewers, byte for byte.
    """

    frame: EcgFrame
    data: bytes


ReceiverEvent = m.Hello | m.OpenStream | m.Event | m.Follow | m.Ping | FrameArrived


@dataclass(slots=True)
class _Incoming:
    """What the receiver knows of one stream on this connection."""

    epoch: int
    lead_mask: int
    durable: RangeSet
    pending: set[int] = field(default_factory=set)
    to_ack: RangeSet = field(default_factory=RangeSet)


class ReceiverLink:
    """The relay's end of one connection.

    The shell must: hand in every text and binary message; answer ``Hello`` with ``welcome``,
    ``OpenStream`` with ``open_stream``, ``FrameArrived`` with ``stored`` after the commit,
    ``Event`` with ``event_stored`` after the commit; send all of ``texts_to_send`` after each call.
    On a ``RelayError`` it sends ``refuse`` and closes with ``close_code_of``.
    """

    def __init__(self, now_s: float) -> None:
        self.state = advance(LinkState.DOWN, "connected")
        self._streams: dict[UUID, _Incoming] = {}
        self._asked: dict[UUID, m.OpenStream] = {}
        self._finished: set[UUID] = set()
        self._texts: deque[str] = deque()
        self._heard_s = now_s

    def receive_text(self, text: str | bytes, now_s: float) -> list[ReceiverEvent]:
        """Take one text message; returns what the shell must act on.

        Raises:
            RemoteProtocolError: unreadable, or out of order.
        """
        message = m.from_tablet(text)
        self._heard_s = now_s
        if isinstance(message, m.Hello) != (self.state is LinkState.GREETING):
            raise RemoteProtocolError("The first message of a connection, and only it, is hello.")
        if isinstance(message, m.OpenStream):
            self._asked[message.stream] = message
        return [message]

    def receive_frame(self, data: bytes, now_s: float) -> list[ReceiverEvent]:
        """Take one binary message; returns the frame, or nothing where it is a duplicate.

        A new frame's samples are read once here: what nobody can read is never acknowledged.

        Raises:
            RemoteProtocolError: damaged, of a stream not opened here, of other leads, a counter
                beyond 2**53, or samples that do not add up.
            Fenced: a newer connection has the stream.
        """
        frame = unpack(data)
        self._heard_s = now_s
        incoming = self._streams.get(frame.stream)
        if incoming is None and frame.stream in self._finished:
            return []
        if incoming is None:
            raise RemoteProtocolError("The frame belongs to a stream that was not opened; open it.")
        if frame.epoch != incoming.epoch:
            raise Fenced("A newer connection sends this stream; this one is closed.")
        if frame.lead_mask != incoming.lead_mask:
            raise RemoteProtocolError("The frame carries other leads than its stream announced.")
        if frame.seq in incoming.durable:
            incoming.to_ack.add(frame.seq)
            return []
        if frame.seq in incoming.pending:
            return []
        if max(frame.seq, frame.end_sample) >= MAX_COUNTER:
            raise RemoteProtocolError("The frame's counters are beyond 2**53; begin a new stream.")
        decode_samples(frame.payload, frame.codec, frame.n_leads, frame.n_samples)
        incoming.pending.add(frame.seq)
        return [FrameArrived(frame, data)]

    def welcome(self, unit: str, server_us: int) -> None:
        """Answer ``Hello``."""
        self.state = advance(self.state, "greeted")
        self._say(m.Welcome(unit, server_us, m.RELAY_KNOWS))

    def open_stream(self, stream: UUID, epoch: int, stored: RangeSet) -> None:
        """Answer ``OpenStream``: frames must carry ``epoch``, ``stored`` is already on disk."""
        asked = self._asked.pop(stream, None)
        if asked is None:
            raise LocalProtocolError("The tablet did not ask for this stream.")
        self._streams[stream] = _Incoming(epoch, asked.lead_mask, stored.copy())
        self._finished.discard(stream)
        self._say(m.StreamOpened(stream, epoch, tuple(stored)))

    def stored(self, stream: UUID, seqs: Iterable[int]) -> None:
        """These frames are on disk; queues their acknowledgement."""
        incoming = self._streams[stream]
        for seq in seqs:
            incoming.pending.discard(seq)
            incoming.durable.add(seq)
            incoming.to_ack.add(seq)

    def finished(self, stream: UUID) -> None:
        """The stream has ended and all of it is on disk. A frame of it that still arrives is a duplicate."""
        incoming = self._streams.pop(stream, None)
        if incoming is not None:
            self._acknowledge(stream, incoming)
            self._finished.add(stream)

    def event_stored(self, event: UUID) -> None:
        """This event is on disk; queues its acknowledgement."""
        self._say(m.EventAck(event))

    def notice(self, notice: m.Notice) -> None:
        """Queue one timeline entry for the tablet."""
        self._say(notice)

    def attention(self, attention: m.Attention) -> None:
        """Queue how the hospitals stand now."""
        self._say(attention)

    def pong(self, ping: m.Ping, server_us: int) -> None:
        """Answer ``Ping``."""
        self._say(m.Pong(ping.t0_us, server_us))

    def refuse(
        self, error: RelayError, *, stream: UUID | None = None, event: UUID | None = None
    ) -> None:
        """Queue a refusal with the error's code and sentence."""
        if stream is not None:
            self._asked.pop(stream, None)
        self._say(m.Refusal(error.code, str(error), error.retry, stream, event))

    def texts_to_send(self) -> list[str]:
        """Control messages to send now, acknowledgements last; empties the list."""
        for stream, incoming in self._streams.items():
            self._acknowledge(stream, incoming)
        texts = list(self._texts)
        self._texts.clear()
        return texts

    def _acknowledge(self, stream: UUID, incoming: _Incoming) -> None:
        if incoming.to_ack:
            self._say(m.Ack(stream, tuple(incoming.to_ack)))
            incoming.to_ack = RangeSet()

    def is_dead(self, now_s: float) -> bool:
        """Nothing was heard for so long that the connection must be closed (4008)."""
        return now_s - self._heard_s >= RECEIVER_DEAD_AFTER_S

    def _say(self, message: m.FromRelay) -> None:
        self._texts.append(m.to_text(message))
