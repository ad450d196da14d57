"""Clips: pictures put together from packets, and files that hold exactly what was sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from uuid import UUID, uuid4

import av
import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpsender import RTCRtpSender
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.video.forwarding import ForwardingPlane
from relay.video.frames import Frame, FrameAssembler
from relay.video.keyframes import begins_keyframe
from relay.video.port import Answer
from relay.video.rtp import Packet
from tests.doses import examples
from tests.video.peers import Peer, publisher, until, viewer

PICTURES = 40


def encoded(codec: str, count: int = PICTURES) -> list[av.Packet]:
    """Pictures of noise-free steps, every tenth whole."""
    context = av.CodecContext.create("libvpx" if codec == "VP8" else "libx264", "w")
    context.width, context.height, context.pix_fmt = 320, 240, "yuv420p"
    context.time_base, context.bit_rate, context.gop_size = Fraction(1, 90_000), 300_000, 10
    context.options = (
        {"deadline": "realtime", "lag-in-frames": "0"}
        if codec == "VP8"
        else {"tune": "zerolatency", "preset": "ultrafast", "profile": "baseline"}
    )
    found = []
    for i in range(count):
        frame = av.VideoFrame(320, 240, "yuv420p")
        for plane in frame.planes:
            plane.update(random.Random(i).randbytes(plane.buffer_size))
        frame.pts, frame.time_base = i * 3_000, context.time_base
        found += list(context.encode(frame))
    assert len(found) == count
    return found


def packets_of(codec: str, pictures: list[av.Packet], first_clock: int) -> list[Packet]:
    """The pictures as a sender would cut them."""
    encoder = Vp8Encoder() if codec == "VP8" else H264Encoder()
    made: list[Packet] = []
    for picture in pictures:
        payloads, timestamp = encoder.pack(picture)
        for i, payload in enumerate(payloads):
            clock = (first_clock + timestamp) & 0xFFFFFFFF
            packet = Packet(
                i == len(payloads) - 1, 96, len(made) & 0xFFFF, clock, 1, payload, 0, b""
            )
            packet.position, packet.codec = 65_536 + len(made), codec
            packet.keyframe = begins_keyframe(codec, payload)
            made.append(packet)
    return made


ENCODED = {codec: encoded(codec) for codec in ("VP8", "H264")}
PIECES = {codec: packets_of(codec, ENCODED[codec], 2**32 - 30_000) for codec in ENCODED}


def assembled(packets: list[Packet]) -> list[Frame]:
    assembler = FrameAssembler()
    return [frame for packet in packets for frame in assembler.take(packet)]


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_in_order_every_picture_comes_out_as_it_was(codec: str) -> None:
    frames = assembled(PIECES[codec])
    pictures = ENCODED[codec]
    assert len(frames) == len(pictures)
    assert [f.clock for f in frames] == [3_000 * i for i in range(len(frames))]
    assert [f.keyframe for f in frames] == [p.is_keyframe for p in pictures]
    if codec == "VP8":
        assert [f.data for f in frames] == [bytes(p) for p in pictures]


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from(["VP8", "H264"]), st.integers(0, 2**32), st.integers(1, 30))
def test_reordered_and_doubled_packets_change_nothing(codec: str, seed: int, reach: int) -> None:
    dice = random.Random(seed)
    first = PIECES[codec][:1]
    late = [(i + dice.uniform(0, reach), p) for i, p in enumerate(PIECES[codec][1:])]
    twice = late + [(at + dice.uniform(0, 9), p) for at, p in late if dice.random() < 0.2]
    mixed = first + [p for _, p in sorted(twice, key=lambda one: one[0])]
    assert assembled(mixed) == assembled(PIECES[codec])


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from(["VP8", "H264"]), st.integers(0, 2**32), st.floats(0.0, 0.3))
def test_after_a_loss_only_what_a_decoder_can_use(codec: str, seed: int, loss: float) -> None:
    """Each picture that comes out is whole, and follows its predecessor or stands alone."""
    dice = random.Random(seed)
    arrived = []
    for i, packet in enumerate(PIECES[codec] * 3):
        clock = (packet.timestamp + i // len(PIECES[codec]) * 3_000 * PICTURES) & 0xFFFFFFFF
        copy = Packet(packet.marker, 96, 0, clock, 1, packet.payload, 0, b"")
        copy.position, copy.codec, copy.keyframe = 65_536 + i, codec, packet.keyframe
        if dice.random() > loss:
            arrived.append(copy)
    pictures = [frame.data for frame in assembled(PIECES[codec])]
    frames, before = assembled(arrived), -1
    assert frames or loss > 0
    for frame in frames:
        number = pictures.index(frames[0].data) + frame.clock // 3_000
        assert frame.data == pictures[number % PICTURES]
        assert frame.keyframe or number == before + 1
        before = number


class Playback(MediaStreamTrack):
    """Sends given pictures once, at 30 a second."""

    kind = "video"

    def __init__(self, pictures: list[av.Packet]) -> None:
        super().__init__()
        self._left = list(pictures)

    async def recv(self) -> av.Packet:
        await asyncio.sleep(1 / 30)
        if not self._left:
            await asyncio.Event().wait()
        return self._left.pop(0)


@asynccontextmanager
async def playing(
    plane: ForwardingPlane, call: UUID, codec: str, pictures: list[av.Packet]
) -> AsyncIterator[None]:
    peer = Peer()
    transceiver = peer.pc.addTransceiver(Playback(pictures), direction="sendonly")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    wanted = [c for c in codecs if c.mimeType in {f"video/{codec}", "video/rtx"}]
    transceiver.setCodecPreferences(wanted)

    async def post(sdp: str) -> Answer:
        return await plane.publish(call, sdp)

    try:
        await peer.join(post)
        yield
    finally:
        await peer.leave()


def in_file(path: Path) -> list[bytes]:
    """The encoded pictures in a file, each of which a decoder takes."""
    with av.open(str(path)) as film:
        assert sum(1 for _ in film.decode(video=0)) > 0
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(video=0) if packet.size]


@pytest.mark.parametrize(("codec", "suffix"), [("VP8", "webm"), ("H264", "mp4")])
async def test_the_file_holds_what_was_sent_untouched(
    codec: str, suffix: str, tmp_path: Path
) -> None:
    plane, call, pictures = ForwardingPlane(), uuid4(), ENCODED[codec]
    plane.record(call, tmp_path / "clips")
    async with viewer(plane, call) as looker, playing(plane, call, codec, pictures):
        await looker.has_frames(20)
        await asyncio.sleep(0.5)
    await plane.end(call)
    await plane.close()

    (path,) = (tmp_path / "clips").iterdir()
    assert path.suffix == f".{suffix}"
    kept = in_file(path)
    assert len(kept) >= 20
    if codec == "VP8":
        sent = [bytes(p) for p in pictures]
        start = sent.index(kept[0])
        assert kept == sent[start : start + len(kept)]
    assert path.stat().st_mode & 0o077 == 0


async def test_a_disk_that_cannot_be_written_leaves_the_call_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "clips").write_text("a file where the folder should be")
    plane, call = ForwardingPlane(), uuid4()
    plane.record(call, tmp_path / "clips")
    async with publisher(plane, call), viewer(plane, call) as looker:
        await looker.has_frames(15)
    await until(lambda: "clip could not be written" in caplog.text)
    await plane.close()
