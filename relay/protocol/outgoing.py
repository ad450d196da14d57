"""What the tablet's end of the link knows of one recording: what is spooled, sent, stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from relay.errors import LocalProtocolError, RemoteProtocolError
from relay.protocol import messages as m
from relay.protocol.link import ANSWER_WITHIN_S, LIVE_FRAMES
from relay.protocol.ranges import RangeSet


@dataclass(frozen=True, slots=True)
class FrameToSend:
    """Send this frame of the spool next, stamped with ``epoch`` and ``backlog``."""

    stream: UUID
    seq: int
    epoch: int
    backlog: bool


@dataclass(slots=True)
class Outgoing:
    """What the link knows of one recording: what is in the spool, what was sent, what the relay has.

    Attributes:
        acked: stored at the relay, or gone for good: nobody waits for these.
        ended: no frame will be added.
        announced: on this connection, so that events may name it.
        said_s: when it was announced, None once that is answered.
        refused_s: when the relay last refused it, or it was announced again after that.
    """

    spec: m.OpenStream
    spooled: RangeSet
    acked: RangeSet = field(default_factory=RangeSet)
    sent: RangeSet = field(default_factory=RangeSet)
    next_seq: int = 0
    ended: bool = False
    epoch: int | None = None
    announced: bool = False
    said_s: float | None = None
    refused_s: float | None = None
    live_from: int = 0
    hurried: list[tuple[int, int]] = field(default_factory=list)
    backlog_in_flight: set[int] = field(default_factory=set)

    def connected(self) -> None:
        """A new connection: nothing is announced, opened or on its way."""
        self.epoch = self.said_s = self.refused_s = None
        self.announced = False
        self.backlog_in_flight.clear()

    def said(self, now_s: float) -> None:
        """The tablet has announced the recording on this connection, at ``now_s``."""
        self.announced, self.said_s = True, now_s
        if self.refused_s is not None:
            self.refused_s = now_s

    def refused(self, now_s: float) -> None:
        """The relay will not take it now."""
        self.epoch, self.said_s, self.refused_s = None, None, now_s

    def opened(self, epoch: int, stored: Iterable[tuple[int, int]]) -> None:
        """The relay takes frames stamped with ``epoch``. It has the ranges in ``stored`` on its disk already."""
        self.epoch, self.said_s, self.refused_s = epoch, None, None
        # A tablet whose disk failed may have forgotten frames that the relay already holds.
        self.next_seq = max([self.next_seq, *(end for _, end in stored)])
        self.stored(stored)
        self.sent = self.acked.copy()
        self.live_from = max(0, self.next_seq - LIVE_FRAMES)

    def stored(self, ranges: Iterable[tuple[int, int]]) -> None:
        """These frames are on the relay's disk.

        Raises:
            RemoteProtocolError: some of them were never made.
        """
        for first, end in ranges:
            if end > self.next_seq:
                raise RemoteProtocolError(
                    "The relay acknowledges frames this tablet never made; check the stream's id."
                )
            self.acked.add(first, end)
            self.sent.add(first, end)
            self.backlog_in_flight = {s for s in self.backlog_in_flight if not first <= s < end}

    @property
    def unstored(self) -> int:
        """Frames made and not known to be stored."""
        return self.next_seq - len(self.acked)

    @property
    def is_waiting(self) -> bool:
        """Whether the recording was announced and the relay has not answered yet."""
        return self.said_s is not None and self.refused_s is None

    def is_due(self, now_s: float) -> bool:
        """Whether to announce the recording now.

        Yes if it was never announced on this connection, if no answer came within ``ANSWER_WITHIN_S``, or if the
        relay refused it that long ago: the relay may have refused a message that was damaged on the way.
        """
        if self.epoch is not None:
            return False
        since_s = self.said_s if self.refused_s is None else self.refused_s
        return since_s is None or now_s - since_s >= ANSWER_WITHIN_S

    def unsent(self, first: int, end: int) -> list[tuple[int, int]]:
        """Ranges of ``[first, end)`` that are spooled and neither sent nor stored."""
        return [
            (max(a, x), min(b, y))
            for a, b in self.sent.missing(first, end)
            for x, y in self.spooled
            if x < b and y > a
        ]

    def take(self, seq: int, *, backlog: bool) -> FrameToSend:
        """Count a frame as sent on this connection.

        Raises:
            LocalProtocolError: the recording is not open on it.
        """
        if self.epoch is None:
            raise LocalProtocolError("A stream must be opened before its frames are sent.")
        self.sent.add(seq)
        if backlog:
            self.backlog_in_flight.add(seq)
        return FrameToSend(self.spec.stream, seq, self.epoch, backlog)
