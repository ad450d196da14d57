"""A relay, a dispatcher and real pages around one 119 call, for the browser tests of its pages.

The media plane is the tests' own: its answers come from a plain ``RTCPeerConnection`` in a second
page, so that pictures really flow from the caller's page to another peer. One relay and one browser
serve a whole module; each test has a call of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from relay.auth.bucket import Buckets
from tests.browser_page import COUNT_TONES, chromium
from tests.patience import PATIENCE_MS, PATIENCE_S
from tests.relay.call_world import Desk, a_desk
from tests.relay.world import PASSWORD, World, a_world

"""How long a busy machine may take for what comes at once on a free one. Bars are measured, not waited for."""
SHOTS = os.environ.get("KYUMEI_SHOTS")
NOBODY_YET = r"status of 401 .*/api/session$"
"""Asking who is signed in before anybody is."""
VIEWER_GONE = r"status of 404 .*/api/calls/[0-9a-f-]+/(whep|glimpses|stats)"
"""A player's goodbye, or its look at a call that is no longer shown to it."""
LINK_OVER = r"status of 410 .*/live/"
"""The phone asks with a link that has ended."""
ASKING_CAMERA = (
    "--use-fake-device-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
CAMERA = (*ASKING_CAMERA, "--use-fake-ui-for-media-stream")
ANSWER = """async (offer) => {
  window.pc?.close();
  const pc = window.pc = new RTCPeerConnection();
  const video = document.createElement('video');
  video.muted = true; video.autoplay = true;
  document.body.replaceChildren(video);
  pc.ontrack = (e) => { video.srcObject = new MediaStream([e.track]); };
  await pc.setRemoteDescription({type: 'offer', sdp: offer});
  await pc.setLocalDescription();
  await new Promise((done) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
    setTimeout(done, 1000);
  });
  return pc.localDescription.sdp;
}"""
SEND = """async (offer) => {
  const canvas = document.createElement('canvas');
  canvas.width = 640; canvas.height = 360;
  const ctx = canvas.getContext('2d');
  let n = 0;
  setInterval(() => { n += 1; ctx.fillStyle = `hsl(${n * 7 % 360} 60% 45%)`; ctx.fillRect(0, 0, 640, 360);
    ctx.fillStyle = '#fff'; ctx.font = '80px sans-serif'; ctx.fillText(String(n), 240, 200); }, 60);
  const pc = new RTCPeerConnection();
  (window.pcs ??= []).push(pc);
  await pc.setRemoteDescription({type: 'offer', sdp: offer});
  pc.addTrack(canvas.captureStream(15).getVideoTracks()[0]);
  await pc.setLocalDescription();
  await new Promise((done) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
    setTimeout(done, 1000);
  });
  return pc.localDescription.sdp;
}"""
IN_APP = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Safari Line/14.0"
)


@dataclass
class Stage:
    """A relay, a dispatcher, a browser."""

    world: World
    desk: Desk
    browser: Browser
    peer: Page
    complaints: list[str]
    expected: list[str] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    """What pages told the relay of how they stand, beat after beat."""

    def expect(self, *refusals: str) -> None:
        """What pages may complain of in this test, as expressions: declared first, for it may come late."""
        self.expected += refusals

    def unexpected(self) -> list[str]:
        """What a page complained of and nobody had foreseen."""
        return [c for c in self.complaints if not any(re.search(e, c) for e in self.expected)]

    async def link(self, language: str = "ja") -> str:
        url = (await self.desk.invite(language=language))["url"]
        return url.replace("127.0.0.1", "localhost")

    async def new_call(self) -> None:
        """Another call in place of the one that has ended."""
        await self.desk.http.aclose()
        self.desk = await a_desk(self.world)

    async def phone(self, *, camera: bool = True, **options: Any) -> Page:
        context = await self.browser.new_context(
            viewport={"width": 360, "height": 740}, locale="ja-JP",
            permissions=["camera"] if camera else [], **options,
        )  # fmt: skip
        return await self.page(context)

    async def page(self, context: BrowserContext) -> Page:
        page = await context.new_page()

        def said(text: str, about: str) -> None:
            self.complaints.append(f"{urlsplit(page.url).path}: {text} {about}")

        page.on("pageerror", lambda error: said(str(error), error.stack or ""))
        page.on("console", lambda m: said(m.text, m.location["url"]) if m.type == "error" else None)
        page.on("websocket", lambda socket: socket.on("framesent", self._sent))
        await page.add_init_script(COUNT_TONES)
        return page

    def _sent(self, frame: str | bytes) -> None:
        if isinstance(frame, str) and (said := json.loads(frame)).get("kind") == "console":
            self.told.append(said)

    async def hand_is_told(self, since: int) -> None:
        """Until one of the beats from ``since`` on has carried a hand on the page, and the last one none."""
        async with asyncio.timeout(PATIENCE_S):
            while True not in (said := [one["input"] for one in self.told[since:]]) or said[-1]:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def a_theatre(
    folder: Path, *flags: str, whole: bool = False, **settings: Any
) -> AsyncIterator[tuple[World, Browser]]:
    """What tests can share: a relay and a browser with a fake camera; a whole browser asks before it gives it."""
    camera = ASKING_CAMERA if whole else CAMERA
    async with (
        a_world(folder, **settings) as world,
        chromium(*camera, *flags, whole=whole) as browser,
    ):
        rules = world.relay.calls.callers._rules
        # a module opens more links from one address than a street of callers would
        world.relay.calls.callers._rules = replace(rules, redeem=Buckets(1_000, 0.01))
        yield world, browser


@asynccontextmanager
async def a_play(world: World, browser: Browser) -> AsyncIterator[Stage]:
    """One test's own call and peer; whatever a page complained of fails it."""
    peer = await browser.new_page()
    await peer.goto(f"http://localhost:{world.port}/livez")

    async def answer(offer: str) -> str:
        return str(await peer.evaluate(ANSWER, offer))

    async def show(offer: str) -> str:
        return str(await peer.evaluate(SEND, offer))

    world.plane.answerer, world.plane.viewer_answerer = answer, show
    world.plane.broken, world.plane.viewer_budget_kbps = False, None
    stage = Stage(world, await a_desk(world), browser, peer, [])
    yield stage
    said = stage.unexpected()  # what pages say while they are being closed is nobody's concern
    for context in browser.contexts:
        await context.close()
    for row in (await stage.desk.http.get("/api/calls")).json()["calls"]:
        await stage.desk.http.post(f"/api/calls/{row['id']}/end")
    await stage.desk.http.aclose()
    assert not said, "\n".join(said)


@asynccontextmanager
async def a_stage(folder: Path, *flags: str, **settings: Any) -> AsyncIterator[Stage]:
    """Everything for one test alone."""
    async with (
        a_theatre(folder, *flags, **settings) as (world, browser),
        a_play(world, browser) as stage,
    ):
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[World, Browser]]:
    """One relay and one browser for a module."""
    async with a_theatre(tmp_path_factory.mktemp("relay")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def stage(theatre: tuple[World, Browser]) -> AsyncIterator[Stage]:
    """A call of this test's own on the module's relay."""
    async with a_play(*theatre) as made:
        yield made


async def at(page: Page, screen: str) -> None:
    await page.wait_for_selector(f"body[data-screen='{screen}']", timeout=PATIENCE_MS)


async def until(page: Page, expression: str, within_s: float = PATIENCE_S) -> None:
    """Wait for an expression; the page's own policy forbids Playwright's way of waiting."""
    async with asyncio.timeout(within_s):
        while not await page.evaluate(f"() => Boolean({expression})"):
            await asyncio.sleep(0.1)


async def shot(page: Page, name: str) -> None:
    """A picture for the eye, where a folder is named."""
    if SHOTS:
        await page.wait_for_timeout(300)
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


async def dead_small(page: Page) -> list[Any]:
    """What breaks the promises of size and contrast on the present screen."""
    return list(
        await page.evaluate(
            """() => {
      const bad = [];
      const lum = (c) => { const v = c.match(/[\\d.]+/g).slice(0, 3).map((x) => x / 255)
        .map((x) => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
      const behind = (el) => { for (let e = el; e; e = e.parentElement) {
        const c = getComputedStyle(e).backgroundColor;
        if (!/^rgba.*, 0\\)$|transparent/.test(c)) return c; } return 'rgb(255,255,255)'; };
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) {
        const el = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
        if (!text || !el.getClientRects().length || el.closest('noscript, rt, option')) continue;
        const css = getComputedStyle(el), a = lum(css.color), b = lum(behind(el));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (parseFloat(css.fontSize) < 20) bad.push(['small', text, css.fontSize]);
        if (ratio < 7) bad.push(['contrast', text, ratio]);
      }
      for (const el of document.querySelectorAll('button, label.k, select'))
        if (el.getClientRects().length && el.getBoundingClientRect().height < 64) bad.push(['low', el.textContent]);
      for (const el of document.querySelectorAll('.aid, main'))
        if (el.scrollHeight > el.clientHeight + 1) bad.push(['cut', el.className, el.scrollHeight, el.clientHeight]);
      if (document.documentElement.scrollWidth > innerWidth) bad.push(['wide', document.documentElement.scrollWidth]);
      return bad; }"""
        )
    )


async def a_console(stage: Stage, width: int = 1920, height: int = 1080) -> Page:
    context = await stage.browser.new_context(
        viewport={"width": width, "height": height}, locale="ja-JP"
    )
    stage.expect(NOBODY_YET)
    page = await stage.page(context)
    await page.goto(f"http://localhost:{stage.world.port}/dispatch")
    await page.fill("#name", "kato")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".take")
    return page
