"""The pure parts: numbers that wrap, feedback a sender can read, bytes nobody should send."""

from __future__ import annotations

import itertools

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket, unpack_remb_fci
from aiortc.rtp import RtpPacket as AiortcPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import BadInput
from relay.video import keyframes, rtcp, rtp
from relay.video.answer import (
    ABS_SEND_TIME_URI,
    AgreedCodec,
    LocalEnd,
    Track,
    choose_tracks,
    write_answer,
)
from relay.video.budget import Budget, Pacer
from relay.video.downstream import Leg
from relay.video.dtls_records import cut_into_datagrams
from relay.video.ice import Ice, add_candidates
from relay.video.sdp import Codec, parse_fragment, parse_offer
from relay.video.twcc import ArrivalLog
from relay.video.upstream import Publisher
from tests.doses import examples
from tests.video.peers import an_offer

VP8 = Codec(96, "VP8", 90_000, 1, {}, frozenset({"nack"}))
KEY = (
    b"\x10"
    + bytes([0x10, 0, 0, 0x9D, 1, 0x2A])
    + (640).to_bytes(2, "little")
    + (360).to_bytes(2, "little")
)
DELTA = b"\x10\x11\x00\x00"


def track(**more: object) -> Track:
    values = {"remote_ssrc": 7, "ssrc": 8, "rtx_ssrc": 9, "extensions": {}} | more
    return Track("video", "0", (AgreedCodec(VP8, 97),), **values)  # type: ignore[arg-type]


def packet(sequence: int, payload: bytes = DELTA, timestamp: int = 0) -> rtp.Packet:
    return rtp.Packet(True, 96, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 7, payload, 0, b"")


def test_an_outgoing_packet_reads_as_rtp_elsewhere() -> None:
    out = rtp.SentPacket(0x80 | 96, 65_535, 0xFFFFFFFF, b"abc")
    read = AiortcPacket.parse(rtp.pack(out, 5, 2, 1.0))
    assert (read.marker, read.payload_type, read.sequence_number) == (1, 96, 65_535)
    assert (read.ssrc, read.payload) == (5, b"abc")
    again = rtp.parse(rtp.pack(rtp.wrap_rtx(out, 97, 3), 6, None, 1.0))
    assert again is not None
    original = rtp.unwrap_rtx(again, 96, 5)
    assert original is not None
    assert (original.sequence, original.payload, original.ssrc) == (65_535, b"abc", 5)


@given(st.binary(max_size=200))
@settings(max_examples=examples(400), deadline=None)
def test_no_bytes_break_the_readers(data: bytes) -> None:
    for head in (
        b"",
        b"\x80",
        b"\x90\x60",
        b"\xbf",
        b"\x8f\xce",
        b"\x81\xcd",
        b"\x80\xc8",
        b"\x83\xcb",
    ):
        rtcp.parse(head + data)
        found = rtp.parse(head + data)
        if found is not None:
            for number in range(1, 15):
                rtp.extension_value(found, number)
    for codec in ("VP8", "H264", "OPUS"):
        keyframes.begins_keyframe(codec, data)
        keyframes.picture_size(codec, data)


@given(
    st.lists(st.integers(0, 65_535), min_size=1, max_size=60),
    st.lists(st.integers(0, 20_000_000), min_size=60, max_size=60),
)
@settings(max_examples=examples(200), deadline=None)
def test_congestion_feedback_says_what_arrived_and_when(
    numbers: list[int], gaps: list[int]
) -> None:
    log, now_us = ArrivalLog(), 10_000_000
    for number, gap in zip(numbers, gaps, strict=False):
        now_us += gap
        log.add(number, now_us)
    for _ in range(100):
        message = log.feedback(1, 2)
        if message is None:
            break
        arrived = _read_feedback(message)
        assert set(arrived) <= set(numbers)
    assert log.feedback(1, 2) is None


def _read_feedback(message: bytes) -> dict[int, int]:
    """A reader written from the draft, independent of the writer: sequence → arrival in 250 µs."""
    assert message[0] == 0x80 | 15
    assert message[1] == 205
    assert len(message) == 4 + 4 * int.from_bytes(message[2:4])
    base, count = int.from_bytes(message[12:14]), int.from_bytes(message[14:16])
    clock, at, symbols = int.from_bytes(message[16:19]) * 256, 20, list[int]()
    while len(symbols) < count:
        word, at = int.from_bytes(message[at : at + 2]), at + 2
        if word >> 15:
            assert word >> 14 == 3
            symbols += [word >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [word >> 13 & 3] * (word & 0x1FFF)
    arrived = {}
    for index, symbol in enumerate(symbols[:count]):
        if symbol == 1:
            clock, at = clock + message[at], at + 1
        elif symbol == 2:
            clock, at = clock + int.from_bytes(message[at : at + 2], signed=True), at + 2
        if symbol:
            arrived[(base + index) & 0xFFFF] = clock
    assert 0 <= len(message) - at < 4
    return arrived


def test_congestion_feedback_across_the_wrap_with_a_hole() -> None:
    log = ArrivalLog()
    for step, number in enumerate((65_533, 65_534, 0, 1)):
        log.add(number, 64_000_000 + step * 5_000)
    message = log.feedback(1, 2)
    assert message is not None
    assert _read_feedback(message) == {65_533: 256_000, 65_534: 256_020, 0: 256_040, 1: 256_060}


def test_what_we_say_reads_as_rtcp_elsewhere() -> None:
    sequences = [10, 11, 27, 28, 65_536 + 3]
    read = RtcpPacket.parse(rtcp.nack(1, 2, sequences))[0]
    assert isinstance(read, RtcpRtpfbPacket)
    assert read.lost == [10, 11, 27, 28, 3] or sorted(read.lost) == sorted([10, 11, 27, 28, 3])
    remb = RtcpPacket.parse(rtcp.remb(1, 7, 1_500_000))[0]
    assert isinstance(remb, RtcpPsfbPacket)
    bps, ssrcs = unpack_remb_fci(remb.fci)
    assert abs(bps - 1_500_000) < 10
    assert ssrcs == [7]
    assert RtcpPacket.parse(rtcp.sender_report(1, 2 << 32, 3, 4, 5) + rtcp.picture_loss(1, 2))


def both(at_s: float) -> tuple[float, float]:
    """Handled in the moment of its arrival."""
    return at_s, at_s


def test_the_publisher_side_repairs_and_counts_across_the_wrap() -> None:
    sent: list[bytes] = []
    side = Publisher((track(),), 1, sent.append)
    order = [65_533, 65_534, 1, 2]
    for step, number in enumerate(order):
        assert side.take(packet(number), *both(10 + step * 0.01)) is not None
    nack = rtcp.parse(sent[0])[0]
    assert isinstance(nack, rtcp.Nack)
    assert sorted(nack.sequences) == [0, 65_535]
    assert side.take(packet(2), *both(10.1)) is None  # a copy
    repaired = rtp.Packet(True, 97, 5, 0, 99, (65_535).to_bytes(2) + DELTA, 0, b"")
    found = side.take(repaired, *both(10.15))
    assert found is not None
    assert found[1].sequence == 65_535
    assert side.video.recovered == 1
    side.tick(10.2)
    side.tick(12.5)
    assert side.video.lost == 1


def test_keyframe_requests_stop_when_one_comes_and_repeat_when_none_does() -> None:
    sent: list[bytes] = []
    side = Publisher((track(),), 1, sent.append)
    side.take(packet(1), *both(0.0))
    for step in range(200):
        side.ask_keyframe(1 + step * 0.01)
    assert side.keyframe_requests == 4
    side.take(packet(2, KEY), *both(3.1))
    assert (side.video.width, side.video.height) == (640, 360)
    for step in range(100):
        side.tick(3.2 + step * 0.025)
    assert side.keyframe_requests == 4


def test_a_viewer_sees_one_stream_through_leaving_out_coming_back_and_wrapping() -> None:
    sent: list[bytes] = []
    leg = Leg(track(), sent.append, lambda _: None)
    first, second = object(), object()
    now_s = 100.0
    for n in range(70_000):
        one = packet(n, KEY if n == 3 else DELTA, n * 3_000)
        one.position, one.codec, one.keyframe = n, "VP8", n == 3
        leg.forward(one, first, now_s := now_s + 1 / 30)
    assert leg.dropped == 3
    for n in range(5):
        one = packet(n, KEY if n == 2 else DELTA, 55 + n * 3_000)
        one.position, one.codec, one.keyframe = n + 9_000_000, "VP8", n == 2
        leg.forward(one, second, now_s := now_s + 1 / 30)
    read = [p for data in sent if (p := rtp.parse(data)) is not None]
    steps = {(b.sequence - a.sequence) & 0xFFFF for a, b in itertools.pairwise(read)}
    assert steps == {1}
    clock = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(read)]
    assert set(clock[:-3]) == {3_000}
    assert 8_000 <= clock[-3] <= 10_000  # three frame times passed


def test_the_first_packet_of_all_goes_twice_for_nothing_shows_that_it_is_missing() -> None:
    sent: list[bytes] = []
    leg = Leg(track(), sent.append, lambda _: None)
    epoch = object()
    for n in range(3):
        one = packet(n, KEY if n == 0 else DELTA)
        one.position, one.codec, one.keyframe = n, "VP8", n == 0
        leg.forward(one, epoch, 1.0)
        leg.tick(100, 0.025, 1.0)
        leg.tick(100, 0.025, 1.0)
    assert len(sent) == 4
    assert sent[0] == sent[1]
    assert leg.packets == 3


def test_a_viewer_gets_again_what_it_missed_and_nothing_else() -> None:
    sent: list[bytes] = []
    leg = Leg(track(extensions={ABS_SEND_TIME_URI: 2}), sent.append, lambda _: None)
    epoch = object()
    for n in range(10):
        one = packet(n, KEY if n == 0 else DELTA)
        one.position, one.codec, one.keyframe = n, "VP8", n == 0
        leg.forward(one, epoch, 1.0)
    leg.tick(100, 0.1, 1.1)
    third = rtp.parse(sent[2])
    assert third is not None
    del sent[:]
    leg.heard(rtcp.Nack(8, (third.sequence, third.sequence, (third.sequence + 500) & 0xFFFF)), 1.2)
    leg.heard(rtcp.Nack(1234, (third.sequence,)), 1.3)
    assert len(sent) == 1
    again = rtp.parse(sent[0])
    assert again is not None
    assert (again.payload_type, again.ssrc) == (97, 9)
    assert again.payload == third.sequence.to_bytes(2) + third.payload


def test_a_line_is_found_narrow_by_queue_and_loss_and_not_by_loss_alone() -> None:
    calm = Budget()
    for _ in range(20):
        calm.heard_report(0.15, 0.06, 1_500)
    assert calm.kbps is None
    narrow = Budget()
    narrow.heard_report(0.0, 0.06, 1_500)
    for _ in range(3):
        narrow.heard_report(0.2, 0.4, 1_500)
    assert narrow.kbps is not None
    assert narrow.kbps < 1_500
    for _ in range(60):
        narrow.heard_report(0.0, 0.06, 1_500)
        narrow.tick(1_500)
    assert narrow.kbps is None


def test_a_pacer_keeps_order_and_rate() -> None:
    pacer = Pacer()
    for n in range(100):
        pacer.put(bytes([n]) * 1_000)
    out = [p for _ in range(40) for p in pacer.due(400, 0.025)]
    assert 45 <= len(out) <= 52  # 400 kbit/s for one second
    rest = pacer.due(None, 0.025)
    assert [p[0] for p in out + rest] == list(range(100))


@pytest.mark.parametrize(
    "remove", ["a=rtcp-fb", "a=extmap", "a=candidate", "a=ssrc", "a=rtpmap:97"]
)
async def test_offers_without_this_or_that_are_still_answered(remove: str) -> None:
    text = await an_offer()
    kept = "\r\n".join(x for x in text.split("\r\n") if not x.startswith(remove))
    offer = parse_offer(kept)
    tracks = choose_tracks(offer, we_send=False, sound=False, ssrcs=(1, 2, 3, 4))
    answer = write_answer(
        offer, tracks, LocalEnd("u", "p", "AA", ["1 1 udp 1 192.0.2.1 9 typ host"]), we_send=False
    )
    assert answer.count("m=") == kept.count("m=")
    assert parse_fragment(kept).ufrag


@pytest.mark.parametrize("we_send", [False, True])
async def test_a_phone_is_told_where_to_begin_and_a_viewer_is_not(we_send: bool) -> None:
    offer = parse_offer(await an_offer("recvonly" if we_send else "sendonly"))
    tracks = choose_tracks(offer, we_send=we_send, sound=False, ssrcs=(1, 2, 3, 4))
    answer = write_answer(offer, tracks, LocalEnd("u", "p", "AA", []), we_send=we_send)
    told = [line.split()[0] for line in answer.splitlines() if "x-google-start-bitrate" in line]
    codecs = [f"a=fmtp:{one.codec.payload_type}" for one in tracks[0].taken]
    assert told == ([] if we_send else codecs)


@given(st.lists(st.integers(0, 1_300), min_size=1, max_size=12))
@settings(max_examples=examples(60), deadline=None)
def test_a_handshake_flight_is_cut_between_records(sizes: list[int]) -> None:
    records = [bytes(11) + size.to_bytes(2) + bytes([n]) * size for n, size in enumerate(sizes)]
    datagrams = cut_into_datagrams(b"".join(records), 1_200)
    assert b"".join(datagrams) == b"".join(records)
    ends = {sum(map(len, records[:n])) for n in range(len(records) + 1)}
    assert {sum(map(len, datagrams[:n])) for n in range(len(datagrams) + 1)} <= ends
    assert all(len(d) <= 1_200 or d in records for d in datagrams)


LINES = st.sampled_from(["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000", "a=mid:0", "a=sendonly",
    "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=group:BUNDLE 0", "a=fmtp:96 apt=96",
    "a=fingerprint:sha-256 " + ":".join(["AA"] * 32), "a=ssrc:99999999999999", "a=extmap:99 x", "a=setup:active",
    "m=", "a=", "a=rtpmap:x", "a=rtcp-fb:* nack", "m=audio 0 x 0", "a=rtpmap:96 /", "a=extmap:²"])  # fmt: skip


@given(st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=25).map("\n".join))
@settings(max_examples=examples(300), deadline=None)
def test_any_text_is_an_offer_or_refused_in_one_sentence(text: str) -> None:
    for read in (parse_offer, parse_fragment):
        try:
            found = read(text)
            if read is parse_offer:
                tracks = choose_tracks(found, we_send=False, sound=True, ssrcs=(1, 2, 3, 4))
                write_answer(found, tracks, LocalEnd("u", "p", "AA", []), we_send=False)
        except BadInput as refused:
            assert str(refused).endswith(".")


@pytest.mark.parametrize(
    "where",
    ["192.0.2.1 70000", "192.0.2.1 0", "192.0.2.1 -1", "a.example 9999", "x.local 9999", "224.0.0.1 9999",
     "0.0.0.0 9999", ":: 9999", "255.255.255.255 9999", "169.254.169.254 9999", "127.0.0.2 9999",
     "192.0.2.1 53", "127.0.0.1 9999", "::ffff 9999", "192.0.2.1 9999"],
)  # fmt: skip
async def test_only_addresses_of_one_machine_become_candidates(where: str) -> None:
    agent = Ice(("127.0.0.1",), lambda _: None)
    agent.remote_username, agent.remote_password = "user", "password-of-22-characters"
    await add_candidates(agent, [f"1 1 udp 1 {where} typ host"])
    assert len(agent.remote_candidates) == (
        where in {"127.0.0.1 9999", "::ffff 9999", "192.0.2.1 9999"}
    )
    await agent.close()
