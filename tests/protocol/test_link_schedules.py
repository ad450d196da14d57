"""Sender and receiver through cut, redial, duplicate, reorder and kill schedules.

No socket and no clock: hypothesis plays the bad radio. What must hold at every moment: nothing is
acknowledged that is not committed. What must hold in the end: every spooled frame is in the store
exactly once, byte for byte but for the connection's stamp.
"""

from __future__ import annotations

from collections import deque
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from relay.errors import Fenced, RemoteProtocolError
from relay.protocol import messages as m
from relay.protocol.ranges import RangeSet
from relay.protocol.receiver import FrameArrived, ReceiverLink
from relay.protocol.sender import EventStored, FramesStored, SenderLink
from relay.protocol.wire import restamp, unpack
from tests.frames import MASK_8, frame_bytes, new_stream


class Relay:
    """What survives on the relay's disk, and the one connection it listens to."""

    def __init__(self) -> None:
        self.disk: dict[tuple, bytes] = {}
        self.events: dict = {}
        self.epochs: dict = {}
        self.link: ReceiverLink | None = None
        self.uncommitted: list[FrameArrived] = []

    def stored(self, stream) -> RangeSet:
        return RangeSet((seq, seq + 1) for s, seq in sorted(self.disk, key=str) if s == stream)


class BadRadio(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.relay = Relay()
        self.spool: dict[tuple, bytes] = {}
        self.made: dict[tuple, bytes] = {}
        self.spool_events: dict = {}
        self.made_events: set = set()
        self.next_seq: dict = {}
        self.up: deque = deque()
        self.down: deque = deque()
        self.specs: dict = {}
        self.sender = SenderLink("test", backlog_window_frames=3)
        self.new_recording()

    # the tablet's life

    def new_recording(self) -> None:
        stream = new_stream()
        self.specs[stream] = m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test")
        self.next_seq[stream] = 0
        self.sender.register(self.specs[stream])

    @rule(count=st.integers(1, 8))
    def record(self, count: int) -> None:
        stream = list(self.specs)[-1]
        for _ in range(count):
            seq = self.next_seq[stream]
            self.next_seq[stream] += 1
            data = frame_bytes(stream, seq, n_samples=2)
            self.spool[stream, seq] = self.made[stream, seq] = data
            self.sender.spooled(stream, seq)

    @rule()
    def second_recording(self) -> None:
        if len(self.specs) < 3:
            self.new_recording()

    @rule(mark=st.sampled_from(["fmc", "door"]))
    def crew_event(self, mark: str) -> None:
        event = m.Event(uuid4(), uuid4(), 1, m.Mark(mark))
        self.spool_events[event.event] = event
        self.made_events.add(event.event)
        self.sender.event_spooled(event)

    @rule(first=st.integers(0, 20))
    def ask_for_a_snapshot(self, first: int) -> None:
        self.sender.hurry(list(self.specs)[-1], first, first + 5)

    @rule()
    def kill_the_tablet(self) -> None:
        """kill -9: only the spool survives."""
        self.cut()
        self.sender = SenderLink("test", backlog_window_frames=3)
        for stream, spec in self.specs.items():
            held = RangeSet((q, q + 1) for s, q in self.spool if s == stream)
            self.sender.register(spec, held, self.next_seq[stream])
        for event in self.spool_events.values():
            self.sender.event_spooled(event)

    # the radio

    @precondition(lambda self: self.relay.link is None)
    @rule()
    def dial(self) -> None:
        self.up.clear()
        self.down.clear()
        self.relay.link = ReceiverLink(self.now_s)
        self.sender.connected(self.now_s, int(self.now_s * 1e6))

    @rule()
    def cut(self) -> None:
        """What is on the wire is gone; the relay may hold frames it has not committed yet."""
        self.up.clear()
        self.down.clear()
        self.relay.link = None
        self.relay.uncommitted.clear()
        self.sender.closed()

    @rule()
    def kill_the_relay(self) -> None:
        self.cut()

    @precondition(lambda self: self.relay.link is not None)
    @rule(frames=st.integers(0, 6))
    def tablet_sends(self, frames: int) -> None:
        self.up.extend(self.sender.texts_to_send())
        for _ in range(frames):
            order = self.sender.next_frame()
            if order is None:
                break
            data = self.spool.get((order.stream, order.seq))
            if data is not None:
                self.up.append(restamp(data, order.epoch, backlog=order.backlog))

    @rule(at=st.integers(0, 10))
    def duplicate(self, at: int) -> None:
        frames = [x for x in self.up if isinstance(x, bytes)]
        if frames:
            self.up.append(frames[at % len(frames)])

    @rule(at=st.integers(0, 10))
    def reorder(self, at: int) -> None:
        """Swap two neighbouring frames (a text keeps its place)."""
        items = list(self.up)
        if len(items) > 1:
            i = at % (len(items) - 1)
            if isinstance(items[i], bytes) and isinstance(items[i + 1], bytes):
                items[i], items[i + 1] = items[i + 1], items[i]
                self.up = deque(items)

    @rule(at=st.integers(0, 10), bit=st.integers(0, 600))
    def corrupt(self, at: int, bit: int) -> None:
        frames = [i for i, x in enumerate(self.up) if isinstance(x, bytes)]
        if frames:
            i = frames[at % len(frames)]
            data = bytearray(self.up[i])
            data[bit // 8 % len(data)] ^= 1 << bit % 8
            self.up[i] = bytes(data)

    @precondition(lambda self: self.relay.link is not None)
    @rule(count=st.integers(1, 12))
    def relay_receives(self, count: int) -> None:
        for _ in range(count):
            if not self.up or self.relay.link is None:
                return
            self._receive(self.up.popleft())

    def _receive(self, item) -> None:
        link = self.relay.link
        try:
            events = (
                link.receive_frame(item, self.now_s)
                if isinstance(item, bytes)
                else link.receive_text(item, self.now_s)
            )
        except (RemoteProtocolError, Fenced):
            self.cut()
            return
        for event in events:
            self._answer(link, event)

    def _answer(self, link: ReceiverLink, event) -> None:
        match event:
            case m.Hello():
                link.welcome("unit", 0)
            case m.OpenStream():
                epoch = self.relay.epochs[event.stream] = self.relay.epochs.get(event.stream, 0) + 1
                link.open_stream(event.stream, epoch, self.relay.stored(event.stream))
            case m.Event():
                self.relay.events.setdefault(event.event, event)
                link.event_stored(event.event)
            case m.Ping():
                link.pong(event, int(self.now_s * 1e6))
            case FrameArrived():
                self.relay.uncommitted.append(event)

    @precondition(lambda self: self.relay.link is not None)
    @rule(count=st.integers(1, 10))
    def relay_commits(self, count: int) -> None:
        for _ in range(min(count, len(self.relay.uncommitted))):
            arrived = self.relay.uncommitted.pop(0)
            key = (arrived.frame.stream, arrived.frame.seq)
            assert key not in self.relay.disk
            self.relay.disk[key] = arrived.data
            self.relay.link.stored(arrived.frame.stream, [arrived.frame.seq])

    @precondition(lambda self: self.relay.link is not None)
    @rule()
    def relay_answers(self) -> None:
        self.down.extend(self.relay.link.texts_to_send())

    @rule(count=st.integers(1, 10))
    def tablet_receives(self, count: int) -> None:
        for _ in range(min(count, len(self.down))):
            text = self.down.popleft()
            for event in self.sender.receive_text(text, self.now_s, int(self.now_s * 1e6)):
                if isinstance(event, FramesStored):
                    for first, end in event.ranges:
                        for seq in range(first, end):
                            assert (event.stream, seq) in self.relay.disk, "acked, not committed"
                            self.spool.pop((event.stream, seq), None)
                elif isinstance(event, EventStored):
                    assert event.event in self.relay.events
                    self.spool_events.pop(event.event, None)

    @rule(frames=st.integers(0, 8))
    def a_good_moment(self, frames: int) -> None:
        """Dial if needed, then one whole exchange of a few frames."""
        if self.relay.link is None:
            self.dial()
        for _ in range(3):
            if self.relay.link is not None:
                self.tablet_sends(frames)
                self.relay_receives(30)
            if self.relay.link is not None:
                self.relay_commits(10)
                self.relay_answers()
                self.tablet_receives(30)

    @rule(step_s=st.floats(0.1, 3))
    def time_passes(self, step_s: float) -> None:
        self.now_s += step_s
        if self.sender.tick(self.now_s, int(self.now_s * 1e6)):
            self.cut()

    @invariant()
    def nothing_is_lost(self) -> None:
        for key in self.made:
            assert key in self.spool or key in self.relay.disk

    def teardown(self) -> None:
        """A good radio at last: everything arrives, exactly once, bit-equal."""
        self.cut()
        self.dial()
        for _ in range(400):
            self.tablet_sends(20)
            self.relay_receives(100)
            self.relay_commits(100)
            self.relay_answers()
            self.tablet_receives(100)
            if not self.spool and not self.spool_events:
                break
        assert not self.spool
        assert set(self.relay.disk) == set(self.made)
        for key, data in self.made.items():
            arrived, born = unpack(self.relay.disk[key]), unpack(data)
            assert (arrived.payload, arrived.first_sample) == (born.payload, born.first_sample)
        assert set(self.relay.events) == self.made_events


TestBadRadio = BadRadio.TestCase
TestBadRadio.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
