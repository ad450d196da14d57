"""Single rules of the link that a random schedule would show only by luck."""

from __future__ import annotations

from uuid import uuid4

import pytest

from relay.errors import Fenced, LocalProtocolError, RemoteProtocolError
from relay.protocol import messages as m
from relay.protocol.clock_estimate import ClockEstimate
from relay.protocol.link import (
    EVENTS_IN_FLIGHT,
    OLDER_IN_FLIGHT,
    LinkState,
    advance,
    redial_delay_s,
)
from relay.protocol.ranges import RangeSet
from relay.protocol.receiver import ReceiverLink
from relay.protocol.sender import RecordingFinished, SenderLink
from tests.frames import MASK_8, frame_bytes, new_stream


def _up(sender: SenderLink, stored: dict | None = None) -> None:
    sender.connected(0.0, 0)
    sender.receive_text(m.to_text(m.Welcome("unit", 0)), 0.0, 0)
    for text in sender.texts_to_send():
        message = m.from_tablet(text)
        if isinstance(message, m.OpenStream):
            held = (stored or {}).get(message.stream, ())
            sender.receive_text(m.to_text(m.StreamOpened(message.stream, 3, tuple(held))), 0.0, 0)


def _spec(stream) -> m.OpenStream:
    return m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test")


def _orders(sender: SenderLink, count: int) -> list[tuple[int, bool]]:
    orders = [sender.next_frame() for _ in range(count)]
    return [(o.seq, o.backlog) for o in orders if o is not None]


def test_newest_second_first_then_snapshot_then_newest_backlog() -> None:
    stream = new_stream()
    sender = SenderLink("test", backlog_window_frames=5)
    sender.register(_spec(stream), [(0, 100)])
    sender.hurry(stream, 40, 42)
    _up(sender)

    assert _orders(sender, 20) == [
        (96, False), (97, False), (98, False), (99, False),
        (40, True), (41, True),
        (95, True), (94, True), (93, True),
    ]  # fmt: skip


def test_live_frames_pass_a_full_backlog_window() -> None:
    stream = new_stream()
    sender = SenderLink("test", backlog_window_frames=2)
    sender.register(_spec(stream), [(0, 50)])
    _up(sender)
    _orders(sender, 20)

    sender.spooled(stream, 50)

    assert _orders(sender, 5) == [(50, False)]


def test_frames_that_are_gone_never_block_the_rest_of_the_backlog() -> None:
    stream = new_stream()
    sender = SenderLink("test", backlog_window_frames=2)
    sender.register(_spec(stream), [(0, 50)])
    _up(sender)
    for seq, backlog in _orders(sender, 6):
        if backlog:
            assert sender.gone(stream, seq)

    assert _orders(sender, 2) == [(43, True), (42, True)]
    assert sender.unstored_frames == 48
    sender.closed()
    _up(sender)
    assert 45 not in [seq for seq, _ in _orders(sender, 20)]
    sender.receive_text(m.to_text(m.Ack(stream, ((0, 50),))), 0.0, 0)
    assert not sender.gone(stream, 7)


def test_what_the_relay_already_has_is_not_sent_again() -> None:
    stream = new_stream()
    sender = SenderLink("test")
    sender.register(_spec(stream), [(0, 10)])
    _up(sender, {stream: [(0, 8)]})

    assert _orders(sender, 10) == [(8, False), (9, False)]


def test_an_ack_for_frames_never_made_is_an_error() -> None:
    stream = new_stream()
    sender = SenderLink("test")
    sender.register(_spec(stream), [(0, 2)])
    _up(sender)

    with pytest.raises(RemoteProtocolError, match="never made"):
        sender.receive_text(m.to_text(m.Ack(stream, ((0, 9),))), 0.0, 0)


def test_a_restarted_tablet_learns_that_everything_was_stored() -> None:
    """The spool is already empty of them; the relay's answer must not be taken for a lie."""
    stream = new_stream()
    sender = SenderLink("test")
    sender.register(_spec(stream), [(7, 8)], 8)
    _up(sender, {stream: [(0, 8)]})

    assert sender.unstored(stream) == 0


def test_silence_for_four_seconds_is_death_and_pings_go_every_two() -> None:
    sender = SenderLink("test")
    _up(sender)
    sender.texts_to_send()

    assert sender.tick(1.9, 0) is False
    assert sender.texts_to_send() == []
    assert sender.tick(2.0, 0) is False
    assert len(sender.texts_to_send()) == 1
    assert sender.tick(5.0, 0) is True


def test_a_stream_that_is_never_answered_ends_a_connection_that_is_otherwise_well() -> None:
    sender, stream = SenderLink("test"), new_stream()
    sender.register(_spec(stream), [(0, 3)])
    sender.connected(0.0, 0)
    sender.receive_text(m.to_text(m.Welcome("unit", 0)), 0.0, 0)
    pong = m.to_text(m.Pong(0, 0))
    for second in range(12):
        sender.receive_text(pong, float(second), second)
        if sender.tick(second + 0.5, 0):
            break
    assert 9 <= second <= 11

    sender.closed()
    _up(sender)
    for second in range(20, 50):
        sender.receive_text(pong, float(second), second)
        assert not sender.tick(second + 0.5, 0)


def test_a_refused_stream_is_announced_again_and_does_not_end_the_connection() -> None:
    sender, stream = SenderLink("test"), new_stream()
    sender.register(_spec(stream), [(0, 3)])
    sender.connected(0.0, 0)
    sender.receive_text(m.to_text(m.Welcome("unit", 0)), 0.0, 0)
    refusal = m.Refusal("not-allowed", "Not yours.", retry=False, stream=stream, event=None)
    sender.receive_text(m.to_text(refusal), 0.0, 0)
    sender.texts_to_send()
    announced = 0
    for second in range(32):
        sender.receive_text(m.to_text(m.Pong(0, 0)), float(second), second)
        assert not sender.tick(second + 0.5, 0)
        announced += sum('"open-stream"' in text for text in sender.texts_to_send())
    assert announced == 3  # the words that were refused may have been damaged on the way


def test_an_event_without_a_receipt_is_said_again() -> None:
    sender = SenderLink("test")
    _up(sender)
    sender.texts_to_send()
    event = m.Event(uuid4(), uuid4(), 0, m.CrewNote("x"))
    sender.event_spooled(event)
    said = 0
    for second in range(35):
        sender.receive_text(m.to_text(m.Pong(0, 0)), float(second), second)
        sender.tick(second + 0.5, 0)
        said += sum('"crew-note"' in t or '"note"' in t for t in sender.texts_to_send())
    assert 2 <= said <= 4


def test_receiver_wants_hello_first_and_once() -> None:
    link = ReceiverLink(0.0)
    with pytest.raises(RemoteProtocolError, match="hello"):
        link.receive_text(m.to_text(m.Ping(0)), 0.0)
    link.receive_text(m.to_text(m.Hello("x", 0)), 0.0)
    link.welcome("unit", 0)
    with pytest.raises(RemoteProtocolError, match="hello"):
        link.receive_text(m.to_text(m.Hello("x", 0)), 0.0)


def test_old_epochs_are_fenced_and_unopened_streams_refused() -> None:
    stream, link = new_stream(), ReceiverLink(0.0)
    link.receive_text(m.to_text(m.Hello("x", 0)), 0.0)
    link.welcome("unit", 0)
    with pytest.raises(RemoteProtocolError, match="not opened"):
        link.receive_frame(frame_bytes(stream, 0, epoch=1), 0.0)

    link.receive_text(m.to_text(_spec(stream)), 0.0)
    link.open_stream(stream, 2, RangeSet())
    with pytest.raises(Fenced):
        link.receive_frame(frame_bytes(stream, 0, epoch=1), 0.0)
    assert link.receive_frame(frame_bytes(stream, 0, epoch=2), 0.0)


def test_nothing_is_acknowledged_before_stored() -> None:
    stream, link = new_stream(), ReceiverLink(0.0)
    link.receive_text(m.to_text(m.Hello("x", 0)), 0.0)
    link.welcome("unit", 0)
    link.receive_text(m.to_text(_spec(stream)), 0.0)
    link.open_stream(stream, 1, RangeSet())
    link.texts_to_send()

    link.receive_frame(frame_bytes(stream, 0, epoch=1), 0.0)
    assert link.texts_to_send() == []
    link.stored(stream, [0])
    assert link.texts_to_send() == [m.to_text(m.Ack(stream, ((0, 1),)))]


def test_clock_estimate_takes_the_quickest_exchange() -> None:
    clock = ClockEstimate()
    clock.add(0, 1_000_500, 1_000)
    clock.add(10_000, 1_090_000, 200_000)
    clock.add(5_000, 0, 1_000)

    assert clock.offset_us == 1_000_000
    assert clock.rtt_us == 1_000


def test_redial_delay_is_jittered_and_bounded() -> None:
    assert redial_delay_s(0, 0.999) < 0.05
    assert redial_delay_s(50, 0.999) < 1.0
    assert redial_delay_s(3, 0.0) == 0.0


def test_impossible_steps_are_our_own_fault() -> None:
    with pytest.raises(LocalProtocolError):
        advance(LinkState.DOWN, "greeted")


def test_unreadable_messages_are_refused_in_one_sentence() -> None:
    for text in ("", "{", "[]", '{"kind":"nope"}', '{"kind":"ping","t0_us":-4}', "x" * 70_000):
        with pytest.raises(RemoteProtocolError):
            m.from_tablet(text)


def _says(sender: SenderLink) -> list:
    return [m.from_tablet(text) for text in sender.texts_to_send()]


def _greeted(sender: SenderLink, now_s: float = 0.0) -> None:
    sender.connected(now_s, 0)
    sender.receive_text(m.to_text(m.Welcome("unit", 0)), now_s, 0)


def _ended(sender: SenderLink, spec: m.OpenStream, frames: int) -> m.Event:
    said = m.Event(uuid4(), spec.incident, 1, m.StreamEnd(spec.stream, frames))
    sender.event_spooled(said)
    sender.ended(spec.stream)
    return said


def test_a_thousand_unfinished_recordings_and_events_come_after_the_live_one_and_few_at_a_time() -> (
    None
):
    """The relay's database answers none of them: the live recording is opened and sent all the same."""
    sender = SenderLink("test")
    for _ in range(1_000):
        old = _spec(new_stream())
        sender.register(old, [(0, 3)])
        _ended(sender, old, 3)
    live = _spec(new_stream())
    sender.register(live, [(0, 3)])
    crew = m.Event(uuid4(), live.incident, 2, m.Mark("fmc"))
    sender.event_spooled(crew)
    _greeted(sender)
    said = [x for x in _says(sender) if not isinstance(x, m.Hello | m.Ping)]

    assert said[0] == live
    events = [x for x in said if isinstance(x, m.Event)]
    assert events[0] == crew
    assert len(events) == EVENTS_IN_FLIGHT
    opened = [x for x in said if isinstance(x, m.OpenStream)]
    assert len(opened) <= 1 + EVENTS_IN_FLIGHT + OLDER_IN_FLIGHT
    sender.receive_text(m.to_text(m.StreamOpened(live.stream, 1, ())), 0.0, 0)
    assert sender.next_frame().stream == live.stream
    for second in range(1, 60):
        sender.receive_text(m.to_text(m.Pong(0, 0)), float(second), 0)
        assert not sender.tick(second + 0.5, 0), "only the live recording ends a connection"


def test_a_finished_recording_is_let_go_with_its_last_receipt_whichever_that_is() -> None:
    for last in ("frames", "end", "snapshot"):
        sender, spec = SenderLink("test"), _spec(new_stream())
        sender.register(spec, [(0, 2)])
        asked = m.SnapshotRequest(uuid4(), spec.stream, 0, 5, "manual")
        snapshot = m.Event(uuid4(), spec.incident, 1, asked)
        sender.event_spooled(snapshot)
        end = _ended(sender, spec, 2)
        _up(sender)
        receipts = {
            "frames": m.Ack(spec.stream, ((0, 2),)),
            "end": m.EventAck(end.event),
            "snapshot": m.EventAck(snapshot.event),
        }
        heard = []
        for name in sorted(receipts, key=lambda name: name == last):
            assert sender.recordings == (spec.stream,)
            heard = sender.receive_text(m.to_text(receipts[name]), 0.0, 0)
        assert heard[-1] == RecordingFinished(spec.stream)
        assert sender.recordings == ()
        sender.closed()
        sender.connected(1.0, 0)
        sender.receive_text(m.to_text(m.Welcome("unit", 0)), 1.0, 0)
        assert {type(x) for x in _says(sender)} == {m.Hello, m.Ping}


def test_what_the_relay_says_of_a_recording_let_go_makes_nothing_be_sent() -> None:
    """It came back from an old copy, or speaks late."""
    sender, gone = SenderLink("test"), new_stream()
    sender.register(_spec(new_stream()), [(0, 1)])
    _up(sender)
    _says(sender)
    for word in (
        m.StreamOpened(gone, 4, ()),
        m.Ack(gone, ((0, 9),)),
        m.Refusal("unavailable", "Not now.", retry=True, stream=gone),
        m.Refusal("unknown-recording", "Open it first.", retry=True, event=uuid4()),
    ):
        assert RecordingFinished not in map(type, sender.receive_text(m.to_text(word), 0.0, 0))
    assert _says(sender) == []
    assert sender.recordings != ()


def test_an_event_refused_for_now_does_not_hold_up_the_others_and_is_said_again() -> None:
    sender = SenderLink("test")
    _up(sender)
    events = [m.Event(uuid4(), uuid4(), n, m.CrewNote("x")) for n in range(2 * EVENTS_IN_FLIGHT)]
    for event in events:
        sender.event_spooled(event)
    said = [x for x in _says(sender) if isinstance(x, m.Event)]
    for event in said:
        refusal = m.Refusal("unavailable", "Not now.", retry=True, event=event.event)
        sender.receive_text(m.to_text(refusal), 0.0, 0)
    others = [x for x in _says(sender) if isinstance(x, m.Event)]
    assert {e.event for e in others} == {e.event for e in events} - {e.event for e in said}
    for event in others:
        sender.receive_text(m.to_text(m.EventAck(event.event)), 1.0, 0)
    assert _says(sender) == []
    sender.receive_text(m.to_text(m.Pong(0, 0)), 10.0, 0)
    assert [x for x in _says(sender) if isinstance(x, m.Event)] == said


def test_a_case_no_longer_followed_is_neither_asked_for_nor_told() -> None:
    sender, before, now = SenderLink("test"), uuid4(), uuid4()
    sender.follow(before, 3)
    _greeted(sender)
    sender.unfollow(before)
    sender.follow(now, 0)
    for case, wanted in ((before, 0), (now, 1)):
        notice = m.Notice(case, 9, 1, "decided", "Dr A")
        assert len(sender.receive_text(m.to_text(notice), 0.0, 0)) == wanted
    _says(sender)
    sender.closed()
    _greeted(sender, 1.0)
    assert [x.incident for x in _says(sender) if isinstance(x, m.Follow)] == [now]


def test_a_duplicate_of_a_finished_recording_ends_nothing() -> None:
    stream, link = new_stream(), ReceiverLink(0.0)
    link.receive_text(m.to_text(m.Hello("x", 0)), 0.0)
    link.welcome("unit", 0)
    link.receive_text(m.to_text(_spec(stream)), 0.0)
    link.open_stream(stream, 1, RangeSet())
    link.receive_frame(frame_bytes(stream, 0, epoch=1), 0.0)
    link.stored(stream, [0])
    link.finished(stream)
    assert m.to_text(m.Ack(stream, ((0, 1),))) in link.texts_to_send(), "its last receipt leaves"
    assert link.receive_frame(frame_bytes(stream, 0, epoch=1), 0.0) == []
