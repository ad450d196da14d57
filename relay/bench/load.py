"""Simulated tablets and one viewer each, over real WebSockets. Runs as a process of its own.

``python -m relay.bench.load`` reads one JSON line of orders from standard input and prints one JSON line
of results. The tablets use the same ``SenderLink`` as a real one; only their disk is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ecg.leads import mask_of_leads
from ecg.synthetic.patient import SyntheticPatient
from relay.bench.usage import percentile
from relay.protocol import feed
from relay.protocol import messages as m
from relay.protocol.codec import RICE, encode_samples
from relay.protocol.sender import FramesStored, SenderLink
from relay.protocol.wire import EcgFrame, pack, restamp, unpack

FS_HZ = 500.0
FRAME_SAMPLES = 125
FRAME_S = FRAME_SAMPLES / FS_HZ
PATTERN_FRAMES = 160
DRAIN_S = 10.0
WINDOW_S = 60.0
REMEMBERED_FRAMES = 400
MOVES_EVERY_S = 240.0
"""A session in which nobody does anything ends after a quarter of an hour."""


@dataclass(slots=True)
class Figures:
    """What the load saw."""

    ack_ms: list[float] = field(default_factory=list)
    viewer_ms: list[float] = field(default_factory=list)
    windows_ms: dict[int, list[float]] = field(default_factory=dict)
    frames_sent: int = 0
    frames_acked: int = 0
    frames_viewed: int = 0
    skipped: int = 0
    reconnects: int = 0
    streams_whole: int = 0


def pattern() -> list[bytes]:
    """Payloads of forty seconds of a synthetic patient, a quarter second each."""
    patient = SyntheticPatient("normal", 1, FS_HZ)
    return [
        encode_samples(
            np.ascontiguousarray(patient.segment(i * FRAME_SAMPLES, FRAME_SAMPLES).adc), RICE
        )
        for i in range(PATTERN_FRAMES)
    ]


class LoadTablet:
    """One tablet: makes a frame each quarter second, keeps it until it is acknowledged."""

    def __init__(self, url: str, token: str, payloads: list[bytes], figures: Figures) -> None:
        self.stream = uuid4()
        self.incident = uuid4()
        self.opened = asyncio.Event()
        self.due_s: dict[int, float] = {}
        self._held: dict[int, bytes] = {}
        self._sent_s: dict[int, float] = {}
        self._url, self._token = url, token
        self._payloads, self._figures = payloads, figures
        self._link = SenderLink("kyumei-bench")
        self._work = asyncio.Event()
        self._offset = random.randrange(PATTERN_FRAMES)  # noqa: S311 - a phase, no secret
        self._mask = mask_of_leads(SyntheticPatient("normal", 1, FS_HZ).leads)

    async def run(self, seconds: float) -> None:
        """Send for a while, then wait for the last acknowledgements."""
        spec = m.OpenStream(
            self.stream, self.incident, self._mask, FS_HZ, 2.5, time.time_ns() // 1000, "bench"
        )
        self._link.register(spec)
        linking = asyncio.create_task(self._keep_link())
        await self.opened.wait()
        await asyncio.sleep(random.random() * FRAME_S)  # noqa: S311 - spread over the quarter
        start_s = time.perf_counter()
        for seq in range(int(seconds / FRAME_S)):
            due_s = start_s + (seq + 1) * FRAME_S
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            self._make(seq, due_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while self._held:  # noqa: ASYNC110 - the end of a measurement
                    await asyncio.sleep(0.05)
        self._figures.streams_whole += not self._held
        linking.cancel()

    def _make(self, seq: int, due_s: float) -> None:
        frame = EcgFrame(
            self.stream, 0, seq, seq * FRAME_SAMPLES, FRAME_SAMPLES, self._mask, RICE,
            self._payloads[(seq + self._offset) % PATTERN_FRAMES],
        )  # fmt: skip
        self.due_s[seq] = due_s
        self.due_s.pop(seq - REMEMBERED_FRAMES, None)
        self._held[seq] = pack(frame)
        self._figures.frames_sent += 1
        self._link.spooled(self.stream, seq)
        self._work.set()

    async def _keep_link(self) -> None:
        while True:
            try:
                async with connect(
                    self._url + "/link/v1",
                    additional_headers={"Authorization": f"Bearer {self._token}"},
                    subprotocols=[m.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
                    compression=None,
                    ping_interval=None,
                    open_timeout=30,
                ) as socket:
                    self._link.connected(time.monotonic(), time.time_ns() // 1000)
                    self._work.set()
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._receive(socket))
                        group.create_task(self._send(socket))
                        group.create_task(self._beat())
            except (OSError, ConnectionClosed, TimeoutError, ExceptionGroup):
                self._figures.reconnects += 1
            finally:
                self._link.closed()
            await asyncio.sleep(random.random())  # noqa: S311 - jitter

    async def _receive(self, socket: ClientConnection) -> None:
        async for text in socket:
            now_s = time.perf_counter()
            for event in self._link.receive_text(text, time.monotonic(), time.time_ns() // 1000):
                if isinstance(event, m.StreamOpened):
                    self.opened.set()
                if isinstance(event, FramesStored):
                    self._stored(event, now_s)
            self._work.set()
        raise ConnectionError("closed by the relay")

    def _stored(self, event: FramesStored, now_s: float) -> None:
        for first, end in event.ranges:
            for seq in range(first, end):
                if self._held.pop(seq, None) is not None:
                    self._figures.frames_acked += 1
                    self._figures.ack_ms.append((now_s - self._sent_s.pop(seq)) * 1000)

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            for text in self._link.texts_to_send():
                await socket.send(text)
            while (order := self._link.next_frame()) is not None:
                data = self._held.get(order.seq)
                if data is not None:
                    self._sent_s[order.seq] = time.perf_counter()
                    await socket.send(restamp(data, order.epoch, backlog=order.backlog))

    async def _beat(self) -> None:
        while not self._link.tick(time.monotonic(), time.time_ns() // 1000):
            self._work.set()
            await asyncio.sleep(0.5)
        raise ConnectionError("silence")


async def view(url: str, cookie: str, origin: str, tablet: LoadTablet, figures: Figures) -> None:
    """One viewer of one tablet."""
    await tablet.opened.wait()
    began_s = time.perf_counter()
    async with connect(
        url + "/feed/v1",
        additional_headers={"Cookie": cookie, "Origin": origin},
        subprotocols=[feed.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
        compression=None,
        ping_interval=None,
        open_timeout=30,
        max_size=2**20,
    ) as socket:
        await socket.send(
            json.dumps({"kind": "watch", "stream": str(tablet.stream), "look_back_s": 0})
        )
        moved_s = began_s
        async for message in socket:
            now_s = time.perf_counter()
            if now_s - moved_s > MOVES_EVERY_S:
                moved_s = now_s
                await socket.send(json.dumps({"kind": "console", "armed": False}))
            if isinstance(message, bytes):
                frame = unpack(message)
                due_s = tablet.due_s.get(frame.seq)
                if due_s is not None and not frame.backlog:
                    figures.frames_viewed += 1
                    figures.viewer_ms.append((now_s - due_s) * 1000)
                    window = figures.windows_ms.setdefault(int((now_s - began_s) / WINDOW_S), [])
                    window.append((now_s - due_s) * 1000)
            elif '"kind":"skipped"' in message:
                figures.skipped += 1


async def run_load(orders: dict[str, Any]) -> dict[str, Any]:
    """Every tablet and viewer for the ordered seconds."""
    figures, payloads = Figures(), pattern()
    tablets = [LoadTablet(orders["url"], token, payloads, figures) for token in orders["tokens"]]
    viewers = [
        asyncio.create_task(view(orders["url"], orders["cookie"], orders["origin"], t, figures))
        for t in tablets
    ]
    await asyncio.gather(*(t.run(orders["seconds"]) for t in tablets))
    for task in viewers:
        task.cancel()
    ended = await asyncio.gather(*viewers, return_exceptions=True)
    failed = [e for e in ended if isinstance(e, Exception)]
    return {
        "streams": len(tablets),
        "streams_whole": figures.streams_whole,
        "frames_sent": figures.frames_sent,
        "frames_acked": figures.frames_acked,
        "frames_viewed": figures.frames_viewed,
        "viewers_failed": len(failed),
        "skipped": figures.skipped,
        "reconnects": figures.reconnects,
        "ack_p50_ms": percentile(figures.ack_ms, 0.5),
        "ack_p99_ms": percentile(figures.ack_ms, 0.99),
        "viewer_p50_ms": percentile(figures.viewer_ms, 0.5),
        "viewer_p99_ms": percentile(figures.viewer_ms, 0.99),
        "p99_by_minute_ms": [
            round(percentile(ms, 0.99), 1) for _, ms in sorted(figures.windows_ms.items())
        ],
        "stream_ids": [str(t.stream) for t in tablets],
        "frames_per_stream": int(orders["seconds"] / FRAME_S),
    }


def main() -> None:
    """Orders in, results out, one JSON line each."""
    import uvloop

    orders = json.loads(sys.stdin.readline())
    result = uvloop.run(run_load(orders))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
