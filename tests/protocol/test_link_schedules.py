"""Sender and receiver through cut, redial, duplicate, reorder and kill schedules.

No socket and no clock: hypothesis plays the bad radio. What must hold at every moment: nothing is
acknowledged that is not committed; no recording is let go of which a frame, an event or the end is
not stored; no event overtakes the announcement of its recording. What must hold in the end: every
spooled frame is in the store exactly once, byte for byte but for the connection's stamp, and the
tablet remembers nothing but its live recording. Old tablets and old relays are played too.
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
from relay.protocol.sender import EventStored, FramesStored, RecordingFinished, SenderLink
from relay.protocol.wire import restamp, unpack
from tests.doses import examples
from tests.frames import MASK_8, frame_bytes, new_stream
from tests.protocol.yesterday.receiver import FrameArrived as OldFrameArrived
from tests.protocol.yesterday.receiver import ReceiverLink as OldReceiverLink
from tests.protocol.yesterday.sender import EventStored as OldEventStored
from tests.protocol.yesterday.sender import FramesStored as OldFramesStored
from tests.protocol.yesterday.sender import SenderLink as OldSenderLink


class Relay:
    """What survives on the relay's disk, and the one connection it listens to."""

    def __init__(self) -> None:
        self.disk: dict[tuple, bytes] = {}
        self.events: dict = {}
        self.epochs: dict = {}
        self.ends: dict = {}
        self.link: ReceiverLink | None = None
        self.uncommitted: list[FrameArrived] = []

    def stored(self, stream) -> RangeSet:
        return RangeSet((seq, seq + 1) for s, seq in sorted(self.disk, key=str) if s == stream)


MOST_RECORDINGS = 6


class BadRadio(RuleBasedStateMachine):
    Sender: type = SenderLink
    Receiver: type = ReceiverLink

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.relay = Relay()
        self.spool: dict[tuple, bytes] = {}
        self.made: dict[tuple, bytes] = {}
        self.spool_events: dict = {}
        self.made_events: dict = {}
        self.next_seq: dict = {}
        self.up: deque = deque()
        self.down: deque = deque()
        self.specs: dict = {}
        self.spool_specs: dict = {}
        self.ended: set = set()
        self.let_go: set = set()
        self.lost: set = set()
        self.recordings = 0
        self.sender = self.Sender("test", backlog_window_frames=3)
        self.new_recording()

    # the tablet's life

    @property
    def lets_go(self) -> bool:
        return self.Sender is SenderLink

    @property
    def live(self):
        return list(self.specs)[-1]

    def new_recording(self) -> None:
        self.recordings += 1
        stream = new_stream()
        spec = m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test")
        self.specs[stream] = self.spool_specs[stream] = spec
        self.next_seq[stream] = 0
        self.sender.register(spec)

    def end_recording(self) -> None:
        """As the shell does it: the mark and the event in one commit, then the link hears of both."""
        stream = self.live
        self.ended.add(stream)
        self.enter(m.StreamEnd(stream, self.next_seq[stream]))
        if self.lets_go:
            self.sender.ended(stream)

    def enter(self, body: m.EventBody) -> None:
        event = m.Event(uuid4(), self.specs[self.live].incident, 1, body)
        self.spool_events[event.event] = event
        self.made_events[event.event] = event
        self.sender.event_spooled(event)

    @rule(count=st.integers(1, 8))
    def record(self, count: int) -> None:
        stream = self.live
        for _ in range(count):
            seq = self.next_seq[stream]
            self.next_seq[stream] += 1
            data = frame_bytes(stream, seq, n_samples=2)
            self.spool[stream, seq] = self.made[stream, seq] = data
            self.sender.spooled(stream, seq)

    @rule()
    def next_recording(self) -> None:
        if self.recordings < MOST_RECORDINGS:
            self.end_recording()
            self.new_recording()

    @rule(mark=st.sampled_from(["fmc", "door"]))
    def crew_event(self, mark: str) -> None:
        self.enter(m.Mark(mark))

    @rule(first=st.integers(0, 20))
    def ask_for_a_snapshot(self, first: int) -> None:
        self.sender.hurry(self.live, first, first + 5)
        self.enter(m.SnapshotRequest(uuid4(), self.live, first, 5, "manual"))

    @rule()
    def kill_the_tablet(self) -> None:
        """kill -9: only the spool survives; the recording under way has ended, another begins."""
        self.cut()
        self.sender = self.Sender("test", backlog_window_frames=3)
        for stream, spec in self.spool_specs.items():
            held = RangeSet((q, q + 1) for s, q in self.spool if s == stream)
            self.sender.register(spec, held, self.next_seq[stream])
            if stream in self.ended and self.lets_go:
                self.sender.ended(stream)
        for event in self.spool_events.values():
            self.sender.event_spooled(event)
        if self.live not in self.ended and self.recordings < MOST_RECORDINGS:
            self.end_recording()
            self.new_recording()

    # the radio

    @precondition(lambda self: self.relay.link is None)
    @rule()
    def dial(self) -> None:
        self.up.clear()
        self.down.clear()
        self.relay.link = self.Receiver(self.now_s)
        self.announced: list = []
        self.live_at_greeting = None
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

    @precondition(lambda self: self.let_go)
    @rule()
    def the_relay_comes_back_from_an_old_copy(self) -> None:
        """It knows nothing any more of what both had let go."""
        self.cut()
        for stream in self.let_go:
            self.lost |= {key for key in self.relay.disk if key[0] == stream}
            self.relay.epochs.pop(stream, None)
            self.relay.ends.pop(stream, None)
        self.relay.disk = {k: v for k, v in self.relay.disk.items() if k not in self.lost}

    @precondition(lambda self: self.relay.link is not None)
    @rule(frames=st.integers(0, 6))
    def tablet_sends(self, frames: int) -> None:
        texts = self.sender.texts_to_send()
        self.up.extend(texts)
        self.announced += [
            t.stream for t in map(m.from_tablet, texts) if isinstance(t, m.OpenStream)
        ]
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
                self._finished_at_the_relay(event.stream)
            case m.Event():
                named = m.recording_of(event.body)
                assert named is None or named in self.relay.epochs, "it overtook its recording"
                self.relay.events.setdefault(event.event, event)
                if isinstance(event.body, m.StreamEnd):
                    self.relay.ends[named] = event.body.end_seq
                link.event_stored(event.event)
                self._finished_at_the_relay(named)
            case m.Ping():
                link.pong(event, int(self.now_s * 1e6))
            case FrameArrived() | OldFrameArrived():
                self.relay.uncommitted.append(event)

    def _finished_at_the_relay(self, stream) -> None:
        """Ended and stored whole: the relay's end lets it go as well."""
        end_seq = self.relay.ends.get(stream)
        if end_seq is None or self.Receiver is OldReceiverLink:
            return
        if not any(self.relay.stored(stream).missing(0, end_seq)):
            self.relay.link.finished(stream)

    @precondition(lambda self: self.relay.link is not None)
    @rule(count=st.integers(1, 10))
    def relay_commits(self, count: int) -> None:
        for _ in range(min(count, len(self.relay.uncommitted))):
            arrived = self.relay.uncommitted.pop(0)
            key = (arrived.frame.stream, arrived.frame.seq)
            assert key not in self.relay.disk
            self.relay.disk[key] = arrived.data
            self.relay.link.stored(arrived.frame.stream, [arrived.frame.seq])
            self._finished_at_the_relay(arrived.frame.stream)

    @precondition(lambda self: self.relay.link is not None)
    @rule()
    def relay_answers(self) -> None:
        self.down.extend(self.relay.link.texts_to_send())

    @rule(count=st.integers(1, 10))
    def tablet_receives(self, count: int) -> None:
        for _ in range(min(count, len(self.down))):
            text = self.down.popleft()
            for event in self.sender.receive_text(text, self.now_s, int(self.now_s * 1e6)):
                if isinstance(event, FramesStored | OldFramesStored):
                    for first, end in event.ranges:
                        for seq in range(first, end):
                            assert (event.stream, seq) in self.relay.disk, "acked, not committed"
                            self.spool.pop((event.stream, seq), None)
                elif isinstance(event, EventStored | OldEventStored):
                    assert event.event in self.relay.events
                    self.spool_events.pop(event.event, None)
                elif isinstance(event, m.Welcome):
                    self.live_at_greeting = None if self.live in self.ended else self.live
                elif isinstance(event, RecordingFinished):
                    self._is_let_go(event.stream)

    def _is_let_go(self, stream) -> None:
        assert stream in self.ended
        assert all(key in self.relay.disk for key in self.made if key[0] == stream)
        for event in self.made_events.values():
            if m.recording_of(event.body) == stream:
                assert event.event in self.relay.events, "let go before the relay had it"
        assert stream not in {key[0] for key in self.spool}
        del self.spool_specs[stream]
        self.let_go.add(stream)

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
            assert key in self.spool or key in self.relay.disk or key in self.lost

    @invariant()
    def what_is_let_go_is_never_announced_again(self) -> None:
        if self.relay.link is not None and self.lets_go:
            assert not self.let_go & set(self.sender.recordings)
            if self.live_at_greeting and self.announced:
                assert self.announced[0] == self.live_at_greeting, "the live one goes first"

    def teardown(self) -> None:
        """A good radio at last: everything arrives, exactly once, bit-equal; then nothing is said any more."""
        self.cut()
        self.dial()
        for _ in range(400):
            self.exchange()
            if not self.spool and not self.spool_events:
                break
        assert not self.spool
        assert set(self.relay.disk) == set(self.made) - self.lost
        for key in self.relay.disk:
            arrived, born = unpack(self.relay.disk[key]), unpack(self.made[key])
            assert (arrived.payload, arrived.first_sample) == (born.payload, born.first_sample)
        assert set(self.relay.events) == set(self.made_events)
        if self.lets_go:
            self.exchange()
            assert set(self.spool_specs) == {self.live} - self.ended
            assert set(self.sender.recordings) == set(self.spool_specs)
        self.silence_follows()

    def exchange(self) -> None:
        self.tablet_sends(20)
        self.relay_receives(100)
        self.relay_commits(100)
        self.relay_answers()
        self.tablet_receives(100)

    def silence_follows(self) -> None:
        """A minute later, and after another connection: heartbeats, and the live recording alone."""
        said = []
        for second in range(60):
            self.now_s += 1
            if second == 30:
                self.cut()
                self.dial()
            assert not self.sender.tick(self.now_s, int(self.now_s * 1e6))
            texts = self.sender.texts_to_send()
            said += [m.from_tablet(text) for text in texts]
            self.up.extend(texts)
            assert self.sender.next_frame() is None
            self.relay_receives(100)
            self.relay_answers()
            self.tablet_receives(100)
        said = [x for x in said if not isinstance(x, m.Hello | m.Ping)]
        if self.lets_go:
            assert [x.stream for x in said if isinstance(x, m.OpenStream)] == [
                s for s in [self.live] if s not in self.ended
            ]
        assert all(isinstance(x, m.OpenStream) for x in said)


class OldTablet(BadRadio):
    """A tablet that was not updated yet: it announces its whole life again and again, and loses nothing."""

    Sender = OldSenderLink


class OldRelay(BadRadio):
    """A relay that was not updated yet."""

    Receiver = OldReceiverLink


TestBadRadio = BadRadio.TestCase
TestBadRadio.settings = settings(max_examples=examples(200), stateful_step_count=60, deadline=None)
TestOldTablet = OldTablet.TestCase
TestOldTablet.settings = settings(max_examples=examples(60), stateful_step_count=60, deadline=None)
TestOldRelay = OldRelay.TestCase
TestOldRelay.settings = settings(max_examples=examples(60), stateful_step_count=60, deadline=None)
