"""Debian's Janus as the rival: started with its video room alone, spoken to over its WebSocket."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from relay.errors import Unavailable

ROOM = "janus.plugin.videoroom"
START_S = 10.0
ANSWER_S = 20.0


def why_not() -> str:
    """Empty where Janus is here, else what to do."""
    if shutil.which("janus") is None or _library() is None:
        return "Janus is not installed (Debian: apt-get install janus)."
    return ""


def _library() -> Path | None:
    return next(Path("/usr/lib").glob("*/janus/plugins"), None)


class Janus:
    """One session with a running Janus. Build it with ``open_janus``."""

    def __init__(self, pid: int, ws: ClientConnection) -> None:
        self.pid = pid
        self._ws = ws
        self._session = 0
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def start(self) -> None:
        """Open the session."""
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]

    async def read(self) -> None:
        """Hand answers to who waits for them, until cancelled."""
        async for text in self._ws:
            message = json.loads(text)
            waiting = self._waiting.get(message.get("transaction", ""))
            if message["janus"] != "ack" and waiting is not None and not waiting.done():
                waiting.set_result(message)

    async def publish(self, room: int, offer: str) -> str:
        """A caller in a room of its own; the answer."""
        handle = await self._attach()
        rules = {"publishers": 1, "bitrate": 3_000_000, "videocodec": "vp8", "audiocodec": "opus"}
        await self._say(handle, {"request": "create", "room": room, **rules})
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room, "id": room}
        said = await self._say(handle, body, {"type": "offer", "sdp": offer})
        return str(said["jsep"]["sdp"])

    async def watch(self, room: int) -> tuple[int, str]:
        """A viewer of a room: its handle, and what Janus offers it."""
        handle = await self._attach()
        body = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": room}]}
        said = await self._say(handle, body)
        return handle, str(said["jsep"]["sdp"])

    async def begin(self, handle: int, answer: str) -> None:
        """The viewer's answer; media flows from here."""
        await self._say(handle, {"request": "start"}, {"type": "answer", "sdp": answer})

    async def _attach(self) -> int:
        said = await self._ask({"janus": "attach", "plugin": ROOM})
        return int(said["data"]["id"])

    async def _say(
        self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        message: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        said = await self._ask(message if jsep is None else {**message, "jsep": jsep})
        data = said.get("plugindata", {}).get("data", {})
        if "error" in data:
            raise Unavailable(f"Janus refused {body['request']}: {data['error']}.")
        return said

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        name = secrets.token_hex(6)
        self._waiting[name] = asyncio.get_running_loop().create_future()
        if self._session:
            message = {**message, "session_id": self._session}
        await self._ws.send(json.dumps({**message, "transaction": name}))
        try:
            said = await asyncio.wait_for(self._waiting[name], ANSWER_S)
        except TimeoutError as error:
            raise Unavailable("Janus did not answer; run the command again.") from error
        finally:
            del self._waiting[name]
        if said["janus"] == "error":
            raise Unavailable(f"Janus refused: {said['error']['reason']}.")
        return said


@asynccontextmanager
async def open_janus() -> AsyncIterator[Janus]:
    """A Janus with its video room and nothing else, on free ports, ended afterwards.

    Raises:
        Unavailable: it is not installed, or did not start.
    """
    if reason := why_not():
        raise Unavailable(reason)
    with tempfile.TemporaryDirectory(prefix="kyumei-janus-") as name, socket.socket() as probe:
        folder = Path(name)
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        _configure(folder, port)
        with (folder / "janus.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *("janus", "-F", str(folder / "etc")), stdout=log, stderr=log
            )
        try:
            async with await _dialled(port, folder / "janus.log") as ws:
                janus = Janus(process.pid, ws)
                reading = asyncio.create_task(janus.read())
                await janus.start()
                yield janus
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _configure(folder: Path, port: int) -> None:
    library = _library()
    assert library is not None  # noqa: S101 - asked before
    for kind, name in (
        ("plugins", "libjanus_videoroom.so"),
        ("transports", "libjanus_websockets.so"),
    ):
        (folder / kind).mkdir()
        (folder / kind / name).symlink_to(library.parent / kind / name)
    etc = folder / "etc"
    etc.mkdir()
    (etc / "janus.jcfg").write_text(
        f"""general: {{
  plugins_folder = "{folder / "plugins"}"
  transports_folder = "{folder / "transports"}"
  debug_level = 3
  session_timeout = 0
}}
media: {{ ipv6 = false }}
"""
    )
    (etc / "janus.transport.websockets.jcfg").write_text(
        f'general: {{ ws = true\n ws_port = {port}\n ws_ip = "127.0.0.1" }}\n'
    )
    (etc / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


async def _dialled(port: int, log: Path) -> ClientConnection:
    for _ in range(round(START_S / 0.1)):
        try:
            return await connect(
                f"ws://127.0.0.1:{port}",
                subprotocols=["janus-protocol"],  # type: ignore[list-item]  # a NewType of str
                compression=None,
                max_size=2**20,
            )
        except OSError:
            await asyncio.sleep(0.1)
    last = (await asyncio.to_thread(log.read_text)).strip().splitlines() or ["it said nothing"]
    raise Unavailable(f"Janus did not start: {last[-1]}")
