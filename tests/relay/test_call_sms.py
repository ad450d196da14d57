"""The SMS hook as documented, and the rights of the caller's page."""

from __future__ import annotations

import asyncio
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.relay.call_world import a_desk
from tests.relay.world import World, a_world


class Hook(BaseHTTPRequestHandler):
    """An SMS hook."""

    status = 200
    got: list[tuple[str | None, Any]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Hook.got.append((self.headers["Authorization"], json.loads(body)))
        self.send_response(Hook.status)
        if Hook.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize(("status", "result"), [(202, "sent"), (500, "failed"), (302, "failed")])
async def test_the_sms_hook_is_told_and_its_answer_is_passed_on(
    tmp_path: Path, status: int, result: str
) -> None:
    Hook.status, Hook.got = status, []
    server = HTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/sms"
    try:
        async with a_world(
            tmp_path, sms_hook_url=url, sms_hook_token="hush", public_url="https://live.example.jp"
        ) as world:
            desk = await a_desk(world)
            invited = await desk.invite("sms", language="en")
            assert invited["sms"] == result
            assert invited["url"].startswith("https://live.example.jp/live#")
            assert invited["url"].endswith("~en")
    finally:
        server.shutdown()
        server.server_close()
    ((auth, body),) = Hook.got
    assert auth == "Bearer hush"
    assert body["to"] == "090-1234-5678"
    assert body["text"].endswith(invited["url"])


async def test_a_silent_hook_counts_as_failed(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: asyncio.sleep(5), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with a_world(
        tmp_path, sms_hook_url=f"http://127.0.0.1:{port}", sms_hook_timeout_s=0.3
    ) as world:
        assert (await (await a_desk(world)).invite("sms"))["sms"] == "failed"
    server.close()


async def test_the_callers_page_alone_may_ask_for_the_camera(world: World) -> None:
    async with await world.http(None) as http:
        policy = (await http.get("/live")).headers["permissions-policy"]
        assert policy == "camera=(self), microphone=(), geolocation=(self)"
        for path in ("/", "/dispatch", "/live/api/state"):
            assert "camera=()" in (await http.get(path)).headers["permissions-policy"]
