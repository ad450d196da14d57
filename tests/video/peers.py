"""Plain WHIP and WHEP peers made of aiortc, written against the RFC and the port's words only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from aiortc import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from relay.video.port import Answer, MediaPlane
from tests.patience import PATIENCE_S


class Camera(VideoStreamTrack):
    """A small grey picture whose brightness steps, so that frames differ."""

    def __init__(self, width: int = 320, height: int = 240) -> None:
        super().__init__()
        self._size, self._count = (width, height), 0

    async def recv(self) -> VideoFrame:
        timestamp, base = await self.next_timestamp()
        frame = VideoFrame(*self._size, "yuv420p")
        self._count += 1
        for plane in frame.planes:
            plane.update(bytes([(self._count * 5) % 200 + 20]) * plane.buffer_size)
        frame.pts, frame.time_base = timestamp, base
        return frame


class Peer:
    """A peer connection and, for viewers, the frames it decoded."""

    def __init__(self) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.answer: Answer
        self.frames: list[VideoFrame] = []
        self.heard: list[object] = []
        self._reading: list[asyncio.Task[None]] = []

    async def join(self, post: Callable[[str], object]) -> None:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        self.answer = await post(self.pc.localDescription.sdp)  # type: ignore[misc]
        await self.pc.setRemoteDescription(RTCSessionDescription(self.answer.sdp, "answer"))

    def read(self, track: VideoStreamTrack) -> None:
        async def reading() -> None:
            try:
                while True:
                    kept.append(await track.recv())
            except MediaStreamError:
                pass

        kept = self.frames if track.kind == "video" else self.heard
        self._reading.append(asyncio.create_task(reading()))

    async def has_frames(self, count: int, within_s: float = PATIENCE_S) -> None:
        await until(lambda: len(self.frames) >= count, within_s)

    async def leave(self) -> None:
        await self.pc.close()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)


@asynccontextmanager
async def publisher(plane: MediaPlane, call: UUID, *, sound: bool = False) -> AsyncIterator[Peer]:
    peer = Peer()
    peer.pc.addTransceiver(Camera(), direction="sendonly")
    if sound:
        peer.pc.addTransceiver(AudioStreamTrack(), direction="sendonly")
    try:
        await peer.join(lambda sdp: plane.publish(call, sdp))
        yield peer
    finally:
        await peer.leave()


@asynccontextmanager
async def viewer(
    plane: MediaPlane, call: UUID, name: str = "console", *, sound: bool = False
) -> AsyncIterator[Peer]:
    peer = Peer()
    peer.pc.addTransceiver("video", direction="recvonly")
    if sound:
        peer.pc.addTransceiver("audio", direction="recvonly")
    peer.pc.on("track", peer.read)
    try:
        await peer.join(lambda sdp: plane.subscribe(call, sdp, name))
        yield peer
    finally:
        await peer.leave()


async def until(true: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    """Return when it holds; fail after a while."""
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.02)


async def an_offer(direction: str = "sendonly", *, sound: bool = False) -> str:
    """An offer nobody will answer."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("video", direction=direction)
    if sound:
        pc.addTransceiver("audio", direction=direction)
    await pc.setLocalDescription(await pc.createOffer())
    sdp = pc.localDescription.sdp
    await pc.close()
    return sdp
