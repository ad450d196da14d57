"""``kyumei bench video``: what forwarding a call costs, beside aiortc's MediaRelay on the same streams.

Both ways run in the same minutes on the same machine. Callers and viewers are aiortc peers in this process;
CPU is that of the server process alone. Each picture carries the time it was made, as black and white
blocks, and each viewer reads it back: from the caller's encoder to the viewer's decoder.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from relay.bench.usage import percentile, usage_of
from relay.errors import Unavailable

Progress = Callable[[str], None]
WIDTH, HEIGHT, BLOCK, BITS = 640, 360, 16, 24
WARM_UP_S = 3.0
LATE_VIEWERS = 3
START_KBPS = 1_000


class _Scene(VideoStreamTrack):
    """A moving texture with the milliseconds of this process's clock written into it."""

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(119)
        coarse = rng.integers(40, 200, (HEIGHT // 8, WIDTH // 8), dtype=np.uint8)
        self._texture = np.kron(coarse, np.ones((8, 8), np.uint8))
        self._count = 0

    async def recv(self) -> VideoFrame:
        timestamp, base = await self.next_timestamp()
        picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        picture[:HEIGHT] = np.roll(self._texture, self._count * 2, axis=1)
        self._count += 1
        now_ms = _now_ms()
        for bit in range(BITS):
            value = 235 if now_ms >> bit & 1 else 16
            picture[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = value
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = timestamp, base
        return frame


def _now_ms() -> int:
    return int(time.monotonic() * 1000) & ((1 << BITS) - 1)


def _age_ms(frame: Any) -> int:
    """How long ago the picture was made, from its blocks."""
    top = frame.to_ndarray(format="yuv420p")[BLOCK // 2]
    made = sum(1 << bit for bit in range(BITS) if top[bit * BLOCK + BLOCK // 2] > 128)
    return (_now_ms() - made) & ((1 << BITS) - 1)


class Peer:
    """A caller or a viewer; a viewer notes its first picture and the age of each."""

    def __init__(self, ask: Callable[[dict[str, str]], Any], call: UUID, role: str) -> None:
        self.ages_ms: list[int] = []
        self.first_ms: float | None = None
        self._ask, self._call, self._role = ask, call, role
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._reading: asyncio.Task[None] | None = None
        self._began_s = 0.0

    async def join(self) -> None:
        """Offer, and take the answer."""
        if self._role == "publish":
            self._pc.addTransceiver(_Scene(), direction="sendonly")
        else:
            self._pc.addTransceiver("video", direction="recvonly")
            self._pc.on("track", self._read)
        self._began_s = time.perf_counter()
        await self._pc.setLocalDescription(await self._pc.createOffer())
        offer = self._pc.localDescription.sdp
        sdp = await self._ask({"role": self._role, "call": str(self._call), "sdp": offer})
        await self._pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    def _read(self, track: Any) -> None:
        async def reading() -> None:
            with contextlib.suppress(MediaStreamError):
                while True:
                    frame = await track.recv()
                    if self.first_ms is None:
                        self.first_ms = (time.perf_counter() - self._began_s) * 1000
                    self.ages_ms.append(_age_ms(frame))

        self._reading = asyncio.create_task(reading())

    async def leave(self) -> None:
        """Close, and stop reading."""
        await self._pc.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)


async def bench_video(calls: int, seconds: float, progress: Progress) -> dict[str, Any]:
    """Figures of both ways and their ratio, as one JSON-safe object.

    Raises:
        Unavailable: a server process did not start.
    """
    figures = {}
    for way in ("forward", "decode"):
        progress(f"{calls} calls with one viewer each, {way}")
        figures[way] = await _measure(way, calls, seconds)
    forward, decode = figures["forward"], figures["decode"]
    return {
        "calls": calls,
        "seconds": seconds,
        **figures,
        "cpu_ratio": round(forward["cpu_pct_per_call"] / decode["cpu_pct_per_call"], 3),
    }


async def _measure(way: str, calls: int, seconds: float) -> dict[str, Any]:
    async with video_server(way) as (pid, ask):
        names = [uuid4() for _ in range(calls)]
        phones = [Peer(ask, call, "publish") for call in names]
        viewers = [Peer(ask, call, "watch") for call in names]
        late = [Peer(ask, names[0], "watch") for _ in range(LATE_VIEWERS)]
        try:
            for phone in phones:
                await phone.join()
            await asyncio.sleep(1.0)
            for viewer in viewers:
                await viewer.join()
            await asyncio.sleep(WARM_UP_S)
            before, began_s = usage_of(pid), time.perf_counter()
            for viewer in viewers:
                viewer.ages_ms.clear()
            await asyncio.sleep(seconds)
            passed_s, after = time.perf_counter() - began_s, usage_of(pid)
            ages = [float(age) for viewer in viewers for age in viewer.ages_ms]
            for one in late:
                await one.join()
                await asyncio.sleep(1.5)
        finally:
            await asyncio.gather(*(peer.leave() for peer in (*phones, *viewers, *late)))
    firsts = [peer.first_ms for peer in late if peer.first_ms is not None]
    return {
        "cpu_pct_per_call": round(100 * (after.cpu_s - before.cpu_s) / passed_s / calls, 2),
        "fps": round(len(ages) / passed_s / calls, 1),
        "latency_p50_ms": percentile(ages, 0.5),
        "latency_p95_ms": percentile(ages, 0.95),
        "late_first_frame_ms": round(percentile(firsts, 0.5), 0),
        "late_viewers_served": f"{len(firsts)} of {LATE_VIEWERS}",
        "rss_mb": round(after.rss_mb, 1),
    }


@asynccontextmanager
async def video_server(way: str) -> AsyncIterator[tuple[int, Callable[[dict[str, str]], Any]]]:
    """A server process of one way: its id, and how to have an offer answered."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relay.bench.video_server", way, stdout=asyncio.subprocess.PIPE
    )
    try:
        line = await process.stdout.readline() if process.stdout is not None else b""
        if not line:
            raise Unavailable("The video server did not start; run the command again.")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(line), limit=1 << 20)
        lock = asyncio.Lock()

        async def ask(order: dict[str, str]) -> str:
            async with lock:
                writer.write(json.dumps(order).encode() + b"\n")
                return str(json.loads(await reader.readline())["sdp"])

        yield process.pid, ask
        writer.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
