"""Callers that send ready-made packets and viewers that only count them: a load that costs little itself."""

from __future__ import annotations

import asyncio
import fractions
import time
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import CodecContext, Packet, VideoFrame
from av.video.codeccontext import VideoCodecContext

WIDTH, HEIGHT, FPS, KBPS = 640, 360, 30, 1_100
CLIP_FRAMES = 90


def clip() -> list[bytes]:
    """Three seconds of VP8 at about ``KBPS``, one frame a second whole: nobody can ask a clip for one."""
    encoder = CodecContext.create("libvpx", "w")
    assert isinstance(encoder, VideoCodecContext)  # noqa: S101 - tells mypy
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.bit_rate, encoder.gop_size = KBPS * 1000, FPS
    encoder.time_base, encoder.framerate = fractions.Fraction(1, FPS), fractions.Fraction(FPS)
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    rng = np.random.default_rng(119)
    texture = np.kron(rng.integers(40, 200, (HEIGHT // 8, WIDTH // 8)), np.ones((8, 8)))
    packets: list[bytes] = []
    for number in range(CLIP_FRAMES):
        picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        noise = rng.integers(0, 25, (HEIGHT, WIDTH))
        picture[:HEIGHT] = (np.roll(texture, number * 3, axis=1) + noise).astype(np.uint8)
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = number, encoder.time_base
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


class ClipTrack(MediaStreamTrack):
    """The clip, over and over, in real time."""

    kind = "video"

    def __init__(self, packets: list[bytes], offset: int) -> None:
        super().__init__()
        self._packets, self._number, self._offset = packets, 0, offset
        self._began_s = time.monotonic()

    async def recv(self) -> Packet[Any]:
        """The next frame's packet, when it is due."""
        due_s = self._began_s + self._number / FPS
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        packet = Packet(self._packets[(self._number + self._offset) % len(self._packets)])
        packet.pts, packet.time_base = self._number * (90_000 // FPS), fractions.Fraction(1, 90_000)
        self._number += 1
        return packet


class Counter:
    """A viewer that takes packets off its transport and looks at their numbers only."""

    def __init__(self) -> None:
        self.packets = 0
        self._first: int | None = None
        self._last = 0
        self._wraps = 0

    def on(self, pc: RTCPeerConnection) -> None:
        """Count what this connection's receivers get, instead of decoding it."""
        for transceiver in pc.getTransceivers():
            transceiver.receiver._handle_rtp_packet = self._count  # type: ignore[method-assign]  # noqa: SLF001

    async def _count(self, packet: Any, arrival_time_ms: int) -> None:
        number = packet.sequence_number
        if self._first is None:
            self._first = self._last = number
        if number < self._last - 32_768:
            self._wraps += 1
        if number > self._last or number < self._last - 32_768:
            self._last = number
        self.packets += 1

    @property
    def lost(self) -> int:
        """How many numbers between the first and the newest never came."""
        if self._first is None:
            return 0
        return max(0, self._last + 65_536 * self._wraps - self._first + 1 - self.packets)


def connection() -> RTCPeerConnection:
    """A peer without STUN."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


async def offered(pc: RTCPeerConnection) -> str:
    """This side's offer, with its candidates."""
    await pc.setLocalDescription(await pc.createOffer())
    return str(pc.localDescription.sdp)


async def answered(pc: RTCPeerConnection, sdp: str) -> str:
    """This side's answer to an offer."""
    await pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
    await pc.setLocalDescription(await pc.createAnswer())
    return str(pc.localDescription.sdp)


async def settled(pc: RTCPeerConnection, sdp: str) -> None:
    """Take the answer to this side's offer."""
    await pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
