"""Pages that freeze and pages that all come at once: rows 15 and 16 of the table."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import time
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from relay.bench.usage import percentile
from relay.faults.dose import Dose
from relay.faults.lab import Lab
from relay.faults.verdict import Outcome
from relay.protocol.feed import SUBPROTOCOL
from relay.protocol.wire import unpack

FROZEN_BUFFER_BYTES = 4_096
STORM_S = 5.0
SEES_WITHIN_S = 20.0


@dataclass(slots=True)
class Page:
    """One of many pages: when it saw the state of the stream, and how old its live frames were.

    Attributes:
        joined_s: seconds from dialling to the first stream state, None before it came.
        ages_ms: when each live frame came (monotonic) and how old it was.
    """

    joined_s: float | None = None
    ages_ms: list[tuple[float, float]] = field(default_factory=list)
    closed: bool = False

    async def watch(self, lab: Lab) -> None:
        """Dial, watch the lab's stream, read until cancelled."""
        stream, watched = next(iter(lab.watcher.console.streams.items()))
        began_s = time.monotonic()
        with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
            async with _dialled(lab) as page:
                await page.send(json.dumps({"kind": "watch", "stream": stream, "look_back_s": 12}))
                async for message in page:
                    now_s = time.monotonic()
                    if isinstance(message, bytes):
                        frame = unpack(message)
                        born_s = watched.started_at_us / 1e6 + frame.end_sample / watched.fs_hz
                        if self.joined_s is not None and not frame.backlog:
                            self.ages_ms.append((now_s, (time.time() - born_s) * 1000))
                    elif self.joined_s is None and '"stream-state"' in message:
                        self.joined_s = now_s - began_s
        self.closed = True


def _dialled(lab: Lab) -> connect:
    return connect(
        lab.base.replace("http", "ws", 1) + "/feed/v1",
        additional_headers={"Cookie": lab.watcher.console.cookie, "Origin": lab.base},
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
        compression=None,
        ping_interval=None,
        open_timeout=SEES_WITHIN_S,
        max_size=2**20,
    )


def _p99(pages: list[Page], from_s: float, to_s: float) -> float:
    # The look-back is old by nature: only what was born after the page had joined counts.
    ages = [a for page in pages for at, a in page.ages_ms if from_s <= at < to_s and a < 10_000]
    return percentile(ages, 0.99)


async def frozen_page(lab: Lab, dose: Dose) -> Outcome:
    """Many pages read; one takes nothing any more, its buffers full."""
    pages = [Page() for _ in range(int(dose.size))]
    tasks = [asyncio.create_task(page.watch(lab)) for page in pages]
    await lab.until(lambda: all(page.joined_s is not None for page in pages))
    await asyncio.sleep(4)  # what the join itself costs
    before_mb, began_s = await lab.settled_rss_mb(), time.monotonic()
    await asyncio.sleep(max(5.0, dose.seconds / 4))
    calm_ms = _p99(pages, began_s, time.monotonic())
    connected = (await asyncio.to_thread(lab.readiness))["pages"]
    dropped_s, froze_s = 0.0, time.monotonic()
    for _ in range(dose.times):
        with await asyncio.to_thread(_frozen, lab):
            gone_s = time.monotonic()
            await lab.until(lambda: lab.readiness().get("pages", 0) > connected, 10)
            await lab.until(lambda: lab.readiness().get("pages", 99) <= connected)
            dropped_s = max(dropped_s, time.monotonic() - gone_s)
    await asyncio.sleep(max(0.0, dose.seconds - (time.monotonic() - froze_s)))
    figures = {
        "dropped_s": dropped_s,
        "others_p99_before_ms": calm_ms,
        "others_p99_ms": _p99(pages, froze_s, time.monotonic()),
        "others_closed": sum(page.closed for page in pages),
        "relay_grew_mb": lab.relay_rss_mb() - before_mb,
    }
    await _left(tasks)
    return await lab.outcome(**figures)


def _frozen(lab: Lab) -> socket.socket:
    """A page that asks for a stream and then reads nothing, with hardly any buffer of its own."""
    stream = next(iter(lab.watcher.console.streams))
    page = socket.socket()
    page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FROZEN_BUFFER_BYTES)
    page.connect(("127.0.0.1", lab.relay_reached))
    key = base64.b64encode(os.urandom(16)).decode()
    host = f"localhost:{lab.relay_reached}"
    page.sendall(
        (
            f"GET /feed/v1 HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
            f"Cookie: {lab.watcher.console.cookie}\r\n\r\n"
        ).encode()
    )
    page.recv(1024)
    text = json.dumps({"kind": "watch", "stream": stream, "look_back_s": 60}).encode()
    mask = os.urandom(4)
    masked = bytes(b ^ mask[i % 4] for i, b in enumerate(text))
    page.sendall(bytes((0x81, 0x80 | len(text))) + mask + masked)
    return page


async def storm(lab: Lab, dose: Dose) -> Outcome:
    """Everybody opens the page at once, spread over five seconds."""
    pages = [Page() for _ in range(int(dose.size))]
    began_s, tasks = time.monotonic(), []
    for number, page in enumerate(pages):
        due_s = began_s + STORM_S * number / len(pages)
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        tasks.append(asyncio.create_task(page.watch(lab)))
    spread_s = time.monotonic() - began_s
    await lab.until(lambda: all(page.joined_s is not None or page.closed for page in pages))
    joined = [page.joined_s for page in pages if page.joined_s is not None]
    storm_end_s = time.monotonic()
    await asyncio.sleep(max(3.0, dose.seconds))
    figures = {
        "saw_the_state": len(joined),
        "slowest_s": max(joined, default=0.0),
        "p50_s": percentile(joined, 0.5),
        "spread_s": spread_s,
        "crew_gap_s": lab.watcher.longest_gap_s(began_s),
        "p99_after_ms": _p99(pages, storm_end_s, time.monotonic()),
        "relay_rss_mb": lab.relay_rss_mb(),
    }
    await _left(tasks)
    return await lab.outcome(**figures)


async def _left(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
