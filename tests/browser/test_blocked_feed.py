"""A proxy begins to stand in the way of the live feed while somebody is signed in: the page says what, and to whom."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser_page import chromium as a_chromium
from tests.patience import PATIENCE_MS
from tests.relay.world import PASSWORD, a_world

from .conftest import Chromium
from .stand_ins import CASE, FakeRelay, signed_in, soon, visit

pytestmark = pytest.mark.browser


class Proxy:
    """Passes everything on; it may rename the relay, or keep the live connection from it."""

    def __init__(self, relay_port: int) -> None:
        self.relay_port = relay_port
        self.name = ""
        self.blocks = False
        self.open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            is_feed = any(line.lower().startswith("upgrade:") for line in lines)
            if is_feed and self.blocks:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                writer.close()
                return
            if self.name:
                lines = [f"Host: {self.name}" if x.lower().startswith("host:") else x for x in lines]  # fmt: skip
            if not is_feed:
                lines = [x for x in lines if not x.lower().startswith("connection:")]
                lines.insert(1, "Connection: close")
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self.relay_port)
            far_out.write("\r\n".join(lines).encode())
            self.open |= {writer, far_out}
            await asyncio.gather(pump(reader, far_out), pump(far_in, writer))

    def cut(self) -> None:
        for one in self.open:
            one.transport.abort()
        self.open.clear()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def a_proxy(relay_port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(relay_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    yield proxy
    server.close()
    proxy.cut()


DESKS = [("/", "sato", ".trouble", ".link-state"), ("/dispatch", "kato", ".error-line", ".top .down, .top [role=status]")]  # fmt: skip


@pytest.mark.parametrize(("path", "name", "words", "link"), DESKS)
async def test_a_page_behind_a_proxy_that_changed_says_what_to_set(
    tmp_path: Path, path: str, name: str, words: str, link: str
) -> None:
    async with (
        a_world(tmp_path, hosts="relay.example.jp") as world,
        a_proxy(world.port) as proxy,
        a_chromium() as browser,
    ):
        context = await browser.new_context(locale="ja-JP", viewport={"width": 1024, "height": 768})
        page: Any = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(f"http://localhost:{proxy.port}{path}")
        await page.fill("#name", name)
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_selector(f"{link} >> text=接続")

        proxy.name = f"127.0.0.1:{world.port}"
        proxy.cut()
        said = page.locator(words, has_text="KYUMEI_ORIGINS")
        await said.first.wait_for()
        assert f"http://localhost:{proxy.port}" in await said.first.inner_text()
        await page.wait_for_selector("text=ライブの通信が通りません")

        proxy.name, proxy.blocks = "", True
        await page.locator(words, has_text="/feed/v1").first.wait_for()

        proxy.blocks = False
        await page.wait_for_selector("text=ライブの通信が通りません", state="detached")
        assert "/feed/v1" not in await page.inner_text("body")

        proxy.name = "relay.example.jp"  # a name for which the browser's cookie is not the relay's
        proxy.cut()
        await page.wait_for_selector("#password")
        await page.fill("#name", name)
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        await page.locator("[role=alert]", has_text="KYUMEI_ORIGINS").first.wait_for()
        await context.close()


async def test_the_relay_says_which_of_the_two_it_is(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, await world.http("sato") as http:
        ours = {"origin": f"http://127.0.0.1:{world.port}"}
        blocked = (await http.get("/api/session/feed", params=ours)).json()
        renamed = (await http.get("/api/session/feed", params={"origin": "https://a.jp"})).json()
        assert (blocked["cause"], renamed["cause"]) == ("page-feed-blocked", "page-other-origin")
        assert "https://a.jp" in renamed["words_ja"]
        async with await world.http(None) as stranger:
            assert (await stranger.get("/api/session/feed", params=ours)).status_code == 401


def test_a_relay_that_only_restarts_is_not_called_a_blocked_feed(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const { Blocked } = await import('/static/kit/shared/blocked.js');
        let hear; const feed = { on: (_, f) => { hear = f; } }; let up = false; const seen = [];
        const one = new Blocked(feed, () => seen.push(one.told?.cause ?? null), undefined, async () => { if (!up) throw new Error('x'); return { cause: 'page-feed-blocked' }; });
        const dial = async (n) => { for (let i = 0; i < n; i += 1) { hear('connecting'); hear('waiting'); await new Promise((go) => setTimeout(go, 0)); } };
        await dial(20); const away = one.told; up = true; await dial(1); const once = one.told; hear('open'); await dial(3); const few = one.told;
        await dial(2); const blocked = one.told?.cause; up = false; await dial(1); const gone = one.told; up = true; await dial(2); hear('open');
        return { away, once, few, blocked, gone, after: one.told, seen }; }"""
    )
    assert (got["away"], got["once"], got["few"]) == (None, None, None)
    assert got["blocked"] == "page-feed-blocked"
    assert (got["gone"], got["after"]) == (None, None)


class Faltering(FakeRelay):
    """Answers nothing about cases for a while."""

    falters = False

    def _http(self, route: Any) -> None:
        if self.falters and "/incidents" in route.request.url:
            route.fulfill(status=503, content_type="application/problem+json", json={"title": "保存できません。", "code": "unavailable"})  # fmt: skip
            return
        super()._http(route)


def test_words_about_a_relay_that_did_not_answer_go_when_it_does(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Faltering)
        relay.falters = True
        page.click(".case")
        page.wait_for_selector(".trouble:not([hidden])")
        relay.falters = False
        relay.beat()
        page.wait_for_selector(".trouble", state="hidden")
        soon(page, lambda: ("GET", f"/incidents/{CASE}", None) in relay.asked)
        page.wait_for_selector(".sheet-box canvas")

    visit(chromium, "/", "tablet", work, quiet=("401", "503"))
