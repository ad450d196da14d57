"""A scripted hospital console: signs in, watches every stream, and can decide like a person.

It speaks the same HTTP and feed as the browser page, so what it measures is what a page sees.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from relay.errors import NotSignedIn, Unavailable
from relay.protocol.feed import SUBPROTOCOL
from relay.protocol.wire import EcgFrame, unpack


@dataclass(slots=True)
class WatchedStream:
    """What the console saw of one stream."""

    incident: str
    unit: str
    fs_hz: float
    started_at_us: int
    lags_ms: list[float] = field(default_factory=list)


@dataclass(slots=True)
class SeenAlert:
    """An alert as it reached the console."""

    unit: str
    incident: str
    tier: str
    raised_after_s: float
    decided_after_s: float | None = None


class ConsoleClient:
    """One signed-in console.

    Args:
        base: ``http://host:port`` of the relay.
        decides: open and decide each alert, as a scripted physician.

    Attributes:
        on_frame: called with every live frame and its age in ms.
        on_text: called with every text message.
    """

    def __init__(self, base: str, *, decides: bool) -> None:
        self.on_frame: Callable[[EcgFrame, float], None] = lambda _frame, _age_ms: None
        self.on_text: Callable[[dict[str, Any]], None] = lambda _message: None
        self.streams: dict[str, WatchedStream] = {}
        self.alerts: dict[str, SeenAlert] = {}
        self._base = base
        self._decides = decides
        self.cookie = ""
        self._deciding: set[asyncio.Task[None]] = set()

    async def sign_in(self, name: str, password: str) -> None:
        """Open a session.

        Raises:
            NotSignedIn: the relay refused.
        """
        headers, _ = await self._call("POST", "/api/session", {"name": name, "password": password})
        self.cookie = headers.get("Set-Cookie", "").partition(";")[0]
        if not self.cookie:
            raise NotSignedIn("The relay gave no session; check the demo's account.")

    async def run(self) -> None:
        """Watch until cancelled."""
        async with connect(
            self._base.replace("http", "ws", 1) + "/feed/v1",
            additional_headers={"Cookie": self.cookie, "Origin": self._base},
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            max_size=2**20,
        ) as socket:
            await socket.send(json.dumps(_stands(0)))
            _, listing = await self._call("GET", "/api/incidents")
            for row in listing["incidents"]:
                await self._incident(socket, row)
            async for message in socket:
                now_us = time.time_ns() // 1000
                if isinstance(message, bytes):
                    self._frame(message, now_us)
                else:
                    await self._text(socket, json.loads(message))

    def _frame(self, data: bytes, now_us: int) -> None:
        frame = unpack(data)
        watched = self.streams.get(str(frame.stream))
        if watched is not None and not frame.backlog:
            born_us = watched.started_at_us + frame.end_sample / watched.fs_hz * 1e6
            watched.lags_ms.append((now_us - born_us) / 1000)
            self.on_frame(frame, watched.lags_ms[-1])

    async def _text(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        self.on_text(message)
        if message["kind"] == "beat":
            await socket.send(json.dumps(_stands(message["beat"])))
        if message["kind"] == "incident":
            await self._incident(socket, message["incident"])

    async def _incident(self, socket: ClientConnection, row: dict[str, Any]) -> None:
        stream = row["stream"]
        if stream and stream["id"] not in self.streams:
            self.streams[stream["id"]] = WatchedStream(
                row["id"], row["unit"], stream["fs_hz"], stream["started_at_us"]
            )
            watch = {"kind": "watch", "stream": stream["id"], "look_back_s": 0}
            await socket.send(json.dumps(watch))
        alert = row["alert"]
        if alert and alert["id"] not in self.alerts:
            await socket.send(json.dumps({"kind": "delivered", "alert": alert["id"]}))
            started_us = min(
                (s.started_at_us for s in self.streams.values() if s.incident == row["id"]),
                default=row["opened_at_us"],
            )
            seen = SeenAlert(
                row["unit"],
                row["id"],
                alert["tier"],
                (alert["raised_at_us"] - started_us) / 1e6,
            )
            self.alerts[alert["id"]] = seen
            if self._decides:
                task = asyncio.create_task(self._decide(row["id"], seen))
                self._deciding.add(task)
                task.add_done_callback(self._deciding.discard)

    async def _decide(self, incident: str, seen: SeenAlert) -> None:
        began_s = time.monotonic()
        path = f"/api/incidents/{incident}"
        await self._call("POST", f"{path}/opened", {"snapshot": None})
        await asyncio.sleep(2)
        decision = {"decision": "stemi-cath", "text": "カテ室準備", "snapshot": None}
        await self._call("POST", f"{path}/decisions", decision)
        seen.decided_after_s = time.monotonic() - began_s

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[Any, Any]:
        return await asyncio.to_thread(self._call_now, method, path, body)

    def _call_now(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[Any, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own relay's address
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-Kyumei": "1", "Cookie": self.cookie},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                text = answer.read()
                return answer.headers, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            problem = error.read().decode(errors="replace")
            raise Unavailable(f"The relay refused {method} {path}: {problem}") from error


def _stands(beat: int) -> dict[str, object]:
    """This console reads on and would notice an alert: its clock goes on."""
    audio_ms = time.monotonic_ns() // 1_000_000
    return {"kind": "console", "armed": True, "beat": beat, "audio_ms": audio_ms}
