"""A camera that publishes by WHIP (RFC 9725). The only file of the tablet that knows aiortc.

One thread reads, scales and encodes; the event loop only hands packets on. The encoder is ours and
not aiortc's, because a step down must be deep: aiortc's own sends at least 250 kbit/s.
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import av
import structlog
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpsender import RTCRtpSender

from ambulance_client.budget import VideoStep
from ambulance_client.camera_frames import CameraSource
from relay.errors import Unavailable

log = structlog.get_logger()

Packet: TypeAlias = "av.Packet[Any]"
CLOCK = Fraction(1, 90_000)
STILL_EVERY_S = 4.0
STILL_WIDTH = 320
QUEUED = 8
CONNECT_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Shape:
    """How large, how often and how much a step may send."""

    width: int
    fps: float
    kbps: int


SHAPES = {VideoStep.FULL: Shape(640, 15, 450), VideoStep.REDUCED: Shape(320, 5, 80)}
Post = Callable[[bytes], Awaitable[tuple[str, str]]]


class Camera:
    """Reads a source in a thread of its own and gives encoded pictures to whoever publishes.

    Args:
        source: where pictures come from; closed with the camera.
        step: what the budget allows, asked before every picture by the camera's own thread, so that
            no answer the network owes can delay a step down.
        on_still: called on the loop with a small JPEG, every few seconds while the step is stills.
        on_failed: called on the loop once, with one sentence, where the source ends.
    """

    def __init__(
        self,
        source: CameraSource,
        step: Callable[[], VideoStep],
        on_still: Callable[[bytes], None],
        on_failed: Callable[[str], None],
    ) -> None:
        self.track = _Track()
        self._source, self._step = source, step
        self._on_still, self._on_failed = on_still, on_failed
        self._loop = asyncio.get_running_loop()
        self._over = False
        self._encoder: _Encoder | None = None
        self._next_s = self._next_still_s = 0.0
        self._thread = threading.Thread(target=self._work, name="camera", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            for frame in self._source.frames():
                if self._over:
                    return
                self._look(frame, time.monotonic())
        except Unavailable as error:
            self._tell(self._on_failed, str(error))
        except Exception:
            log.exception("camera_failed")
            self._tell(self._on_failed, "The camera failed; it is tried again.")
        finally:
            self._source.close()

    def _look(self, frame: av.VideoFrame, now_s: float) -> None:
        step = self._step()
        shape = SHAPES.get(step)
        if shape is None:
            self._encoder = None
            if step is VideoStep.STILLS and now_s >= self._next_still_s:
                self._next_still_s = now_s + STILL_EVERY_S
                self._tell(self._on_still, _jpeg(frame))
        elif self.track.wanted and now_s >= self._next_s:
            self._next_s = max(self._next_s + 1 / shape.fps, now_s - 1 / shape.fps)
            if self._encoder is None or self._encoder.shape is not shape:
                self._encoder = _Encoder(shape)
            packet = self._encoder.encode(frame, now_s, whole=self.track.take_wish())
            if packet is not None:
                self._tell(self.track.put, packet)

    def _tell(self, what: Callable[..., object], *about: object) -> None:
        if not self._over and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *about)

    async def close(self) -> None:
        """Stop; the thread ends with the next picture."""
        self._over = True
        self.track.stop()
        await asyncio.to_thread(self._thread.join, 2.0)


class _Encoder:
    """VP8 at one shape: whole pictures when asked for, a bit rate that is kept."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._codec: Any = None

    def encode(self, frame: av.VideoFrame, now_s: float, *, whole: bool) -> Packet | None:
        """The picture as one packet on the 90-kHz clock; None where the encoder dropped it."""
        width = min(self.shape.width, frame.width) & ~1
        height = max(2, round(frame.height * width / frame.width)) & ~1
        small = frame.reformat(width=width, height=height, format="yuv420p")
        if self._codec is None or (self._codec.width, self._codec.height) != (width, height):
            self._codec = self._opened(width, height)
        small.pts, small.time_base = int(now_s * 90_000), CLOCK
        small.pict_type = av.video.frame.PictureType.I if whole else av.video.frame.PictureType.NONE
        packets = list(self._codec.encode(small))
        if not packets:
            return None
        packet: Packet = packets[0]
        packet.pts, packet.time_base = small.pts, CLOCK
        return packet

    def _opened(self, width: int, height: int) -> Any:
        codec: Any = av.CodecContext.create("libvpx", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.time_base, codec.bit_rate = CLOCK, self.shape.kbps * 1000
        codec.gop_size, codec.qmin, codec.qmax, codec.thread_count = 3_000, 4, 60, 1
        rate = str(self.shape.kbps * 1000)
        codec.options = {
            "deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0", "minrate": rate,
            "maxrate": rate, "bufsize": rate, "static-thresh": "1", "undershoot-pct": "100",
            "overshoot-pct": "15", "drop-threshold": "30", "error-resilient": "1",
        }  # fmt: skip
        return codec


class _Track(MediaStreamTrack):
    """Encoded pictures on their way to aiortc's sender."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.wanted = False
        self._whole = True
        self._queue: asyncio.Queue[Packet | None] = asyncio.Queue(QUEUED)

    def wish_whole(self) -> None:
        """A viewer needs a whole picture."""
        self._whole = True

    def take_wish(self) -> bool:
        """Whether the next picture must be whole; asked by the camera's thread."""
        wish, self._whole = self._whole, False
        return wish

    def put(self, packet: Packet) -> None:
        """A picture is ready. What the sender cannot take is dropped up to a whole one."""
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            self._whole = True
            return
        self._queue.put_nowait(packet)

    async def recv(self) -> Packet:
        """The next picture, for aiortc, which takes encoded ones too."""
        packet = await self._queue.get()
        if packet is None or self.readyState != "live":
            raise MediaStreamError
        return packet

    def stop(self) -> None:
        """End the track."""
        super().stop()
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(None)


class WhipPublisher:
    """One WHIP connection of a camera's track.

    Args:
        camera: whose pictures go out.
        ice_servers: as ``RTCPeerConnection`` takes them.
    """

    def __init__(self, camera: Camera, ice_servers: tuple[dict[str, Any], ...] = ()) -> None:
        servers = [RTCIceServer(**server) for server in ice_servers]
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._track = _Relayed(camera.track)
        self._camera = camera
        self.location = ""
        sender = self._pc.addTransceiver(self._track, direction="sendonly").sender
        # aiortc tells only its own encoder that a whole picture is wanted (tests name this member)
        sender._send_keyframe = camera.track.wish_whole  # type: ignore[method-assign]  # noqa: SLF001
        self._prefer_vp8()

    def _prefer_vp8(self) -> None:
        codecs = RTCRtpSender.getCapabilities("video").codecs
        vp8 = [c for c in codecs if c.mimeType in {"video/VP8", "video/rtx"}]
        self._pc.getTransceivers()[0].setCodecPreferences(vp8)

    @property
    def alive(self) -> bool:
        """Whether the connection stands."""
        return self._pc.connectionState == "connected"

    async def open(self, post: Post) -> None:
        """Offer by ``post(sdp) -> (answer, location)`` and wait until pictures may flow.

        Raises:
            Unavailable: no answer, or no way for packets.
        """
        try:
            await self._pc.setLocalDescription(await self._pc.createOffer())
            answer, self.location = await post(self._pc.localDescription.sdp.encode())
            await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            async with asyncio.timeout(CONNECT_WITHIN_S):
                while not self.alive:
                    if self._pc.connectionState in {"failed", "closed"}:
                        raise Unavailable("The relay gives the camera no way for its packets.")
                    await asyncio.sleep(0.05)
        except (TimeoutError, ValueError) as error:
            await self.close()
            raise Unavailable("The camera found no way to the relay; trying again.") from error
        except BaseException:
            await self.close()
            raise
        self._camera.track.wanted = True
        self._camera.track.wish_whole()

    async def close(self) -> None:
        """End the connection; the camera itself goes on."""
        self._camera.track.wanted = False
        await self._pc.close()


class _Relayed(MediaStreamTrack):
    """A connection's own end of the camera's track: aiortc stops it with the connection."""

    kind = "video"

    def __init__(self, track: _Track) -> None:
        super().__init__()
        self._from = track

    async def recv(self) -> Packet:
        """The next picture."""
        if self.readyState != "live":
            raise MediaStreamError
        return await self._from.recv()


def _jpeg(frame: av.VideoFrame) -> bytes:
    width = min(STILL_WIDTH, frame.width)
    height = max(2, round(frame.height * width / frame.width))
    image: Any = frame.to_image(width=width, height=height)  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    image.save(out, "JPEG", quality=45)
    return out.getvalue()
