"""The caller's page in a real Chromium with a fake camera, against a whole relay.

The media plane is the test's own: its answers come from a plain ``RTCPeerConnection`` in a second
page, so that pictures really flow from the caller's page to another peer.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from relay.video.port import Change
from tests.browser_page import COUNT_TONES, chromium
from tests.relay.call_world import Desk, a_desk
from tests.relay.world import World, a_world

pytestmark = pytest.mark.browser
HOUSE = Path(__file__).resolve().parents[2]
CALLER = HOUSE / "live119" / "caller"
LANGS = ("ja", "ja-easy", "en", "zh-Hans", "ko", "vi", "pt-BR")
SHOTS = os.environ.get("KYUMEI_SHOTS")
CAMERA = ("--use-fake-device-for-media-stream", "--disable-features=WebRtcHideLocalIpsWithMdns")
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

    async def link(self, language: str = "ja") -> str:
        url = (await self.desk.invite(language=language))["url"]
        return url.replace("127.0.0.1", "localhost")

    async def phone(self, *, camera: bool = True, **options: Any) -> Page:
        context = await self.browser.new_context(
            viewport={"width": 360, "height": 740}, locale="ja-JP",
            permissions=["camera"] if camera else [], **options,
        )  # fmt: skip
        return await self.page(context)

    async def page(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda m: (
                self.complaints.append(f"{m.text} {m.location}") if m.type == "error" else None
            ),
        )
        await page.add_init_script(COUNT_TONES)
        return page


@asynccontextmanager
async def a_stage(folder: Path, *flags: str, **settings: Any) -> AsyncIterator[Stage]:
    async with a_world(folder, **settings) as world, chromium(*CAMERA, *flags) as browser:
        peer = await browser.new_page()
        await peer.goto(f"http://localhost:{world.port}/livez")

        async def answer(offer: str) -> str:
            return str(await peer.evaluate(ANSWER, offer))

        world.plane.answerer = answer
        desk = await a_desk(world)
        stage = Stage(world, desk, browser, peer, [])
        yield stage
        await desk.http.aclose()
        assert stage.complaints == []


async def at(page: Page, screen: str) -> None:
    await page.wait_for_selector(f"body[data-screen='{screen}']", timeout=8_000)


async def until(page: Page, expression: str, within_s: float) -> None:
    """Wait for an expression; the page's own policy forbids Playwright's way of waiting."""
    async with asyncio.timeout(within_s):
        while not await page.evaluate(f"() => Boolean({expression})"):
            await asyncio.sleep(0.1)


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.wait_for_timeout(250)
        await page.screenshot(path=str(Path(SHOTS) / f"caller-{name}.png"))


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
      if (document.documentElement.scrollWidth > innerWidth) bad.push(['wide', document.documentElement.scrollWidth]);
      return bad; }"""
        )
    )


async def test_one_tap_from_the_link_to_the_picture_and_thanks(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        page = await stage.phone()
        await page.goto(await stage.link())
        await at(page, "start")
        assert await dead_small(page) == []
        assert await page.locator("button").count() == 1
        words = await page.inner_text("main")
        assert "許可" in words
        assert "スピーカー" in words
        await shot(page, "start")
        await page.click("button.go")
        await at(page, "live")
        assert await page.inner_text("#b") == "119番の依頼で撮影中"
        await stage.desk.until(state="allowed")
        stage.world.plane.tell(UUID(stage.desk.call), Change.LIVE)
        await until(page, "document.body.innerText.includes('届いています')", 8)
        await until(stage.peer, "document.querySelector('video').videoWidth > 0", 8)
        await until(page, "!/ 0 \\//.test(document.querySelector('.s small').innerText)", 8)
        assert await dead_small(page) == []
        await shot(page, "live")
        row = await stage.desk.until(state="live")
        assert row["phone"]["bytes_sent"] > 0
        offer = stage.world.plane.offers[-1]
        assert "m=video" in offer
        assert "m=audio" not in offer
        await stage.desk.post("guidance", {"topic": "cpr-adult"}, 200)
        await page.wait_for_selector(".g h1")
        await until(page, "window.tones > 2", 8)
        assert await dead_small(page) == []
        await shot(page, "cpr-adult")
        for topic in ("cpr-child", "aed", "choking", "bleeding", "recovery", "burns"):
            await stage.desk.post("guidance", {"topic": topic}, 200)
            await page.wait_for_selector(f"[data-topic='{topic}'] h1")
            assert await dead_small(page) == [], topic
            await shot(page, topic)
        await stage.desk.post("end", status=200)
        await at(page, "end")
        assert await dead_small(page) == []
        assert await page.evaluate("document.querySelector('video')") is None
        await shot(page, "end")
        await page.reload()
        await at(page, "gone")
        stage.complaints[:] = [c for c in stage.complaints if "410" not in c]


async def test_a_reload_and_a_lost_line_come_back_by_themselves(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        page = await stage.phone()
        await page.goto(await stage.link())
        await page.click("button.go")
        await until(page, "document.body.innerText.includes('届いています')", 8)
        await page.reload()
        await at(page, "live")
        await until(page, "document.body.innerText.includes('届いています')", 8)
        before = len(stage.world.plane.offers)
        await stage.peer.evaluate("window.pc.close()")
        for _ in range(100):
            if len(stage.world.plane.offers) > before:
                break
            await asyncio.sleep(0.1)
        await until(page, "document.body.innerText.includes('届いています')", 9)


async def test_no_video_becomes_pictures_and_video_again(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        stage.world.plane.broken = True
        page = await stage.phone()
        await page.goto(await stage.link())
        await page.click("button.go")
        await until(page, "document.body.innerText.includes('写真を送っています')", 12)
        await shot(page, "stills")
        row = await stage.desk.until(state="frozen", hint="stills")
        for _ in range(40):
            row = await stage.desk.row()
            if row["stills"]:
                break
            await asyncio.sleep(0.2)
        still = await stage.desk.http.get(
            f"/api/calls/{stage.desk.call}/stills/{row['stills'][0]['id']}"
        )
        assert still.headers["content-type"] == "image/jpeg"
        stage.world.plane.broken = False
        await until(page, "document.body.innerText.includes('届いています')", 20)
        stage.complaints[:] = [c for c in stage.complaints if "503" not in c]


async def test_denied_then_helped_then_allowed(tmp_path: Path) -> None:
    async with a_stage(tmp_path, "--deny-permission-prompts") as stage:
        page = await stage.phone(camera=False)
        url = await stage.link()
        await page.goto(url)
        await page.click("button.go")
        await at(page, "denied")
        assert await dead_small(page) == []
        assert await page.locator("main > svg").count() == 1
        await shot(page, "denied")
        await stage.desk.until(state="opened", hint="denied")
        picture = tmp_path / "scene.jpg"
        from tests.relay.pictures import a_jpeg

        picture.write_bytes(a_jpeg((3000, 2000), exif=True, noise=2))
        await page.set_input_files("input[type=file]", str(picture))
        await until(page, "document.body.innerText.includes('写真を送りました')", 8)
        await stage.desk.until(state="frozen", hint="stills")
        await page.context.grant_permissions(["camera"])
        await page.click("button.go")
        await page.wait_for_selector("body[data-screen='live'], button.go")
        if await page.evaluate("document.body.dataset.screen") == "start":
            await page.click("button.go")
        await at(page, "live")


async def test_a_phone_without_a_camera_and_one_in_an_app(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        page = await stage.phone()
        await page.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); }"
        )
        await page.goto(await stage.link())
        await page.click("button.go")
        await at(page, "no-camera")
        await stage.desk.until(hint="no-camera")
        app = await stage.phone(user_agent=IN_APP)
        await app.add_init_script("delete Navigator.prototype.mediaDevices")
        url = await stage.link()
        await app.goto(url)
        await at(app, "in-app")
        assert await dead_small(app) == []
        await shot(app, "in-app")
        await stage.desk.until(state="sent", hint="in-app-browser")
        real = await stage.phone()
        await real.goto(url)
        await at(real, "start")
        # the first phone's link ended with the second one: its feed may have asked once more
        stage.complaints[:] = [c for c in stage.complaints if "410" not in c]


async def test_a_second_phone_and_a_dead_link_say_what_to_do(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        url = await stage.link()
        first, second = await stage.phone(), await stage.phone()
        await first.goto(url)
        await at(first, "start")
        await second.goto(url)
        await at(second, "other")
        await shot(second, "other")
        await stage.desk.post("revoke", status=200)
        await at(first, "gone")
        assert await dead_small(first) == []
        await shot(first, "gone")
        stage.complaints[:] = [c for c in stage.complaints if "40" not in c and "410" not in c]


@pytest.mark.parametrize("language", LANGS)
async def test_every_language_fits_and_is_whole(tmp_path: Path, language: str) -> None:
    texts = json.loads((CALLER / "words" / f"{language}.json").read_text())
    reference = json.loads((CALLER / "words" / "ja.json").read_text())
    assert list(texts) == list(reference)
    for key, value in texts.items():
        assert isinstance(value, list) == isinstance(reference[key], list), key
        wanted = sorted(re.findall(r"\$(mb|cap)", str(reference[key])))
        assert sorted(re.findall(r"\$(mb|cap)", str(value))) == wanted, key
    if language not in {"ja-easy", "vi"}:
        return
    async with a_stage(tmp_path) as stage:
        page = await stage.phone()
        await page.goto(await stage.link(language))
        await at(page, "start")
        assert await dead_small(page) == []
        if language == "ja-easy":
            assert await page.locator("ruby rt").count() > 3
        await shot(page, f"start-{language}")
        await page.click("button.go")
        await at(page, "live")
        await stage.desk.post("guidance", {"topic": "cpr-adult"}, 200)
        await page.wait_for_selector(".g h1")
        assert await dead_small(page) == []
        await shot(page, f"cpr-{language}")


async def test_all_that_travels_for_one_language_is_below_30_kb(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        heaviest = 0
        files = [
            "/live",
            *(f"/static/caller/{f.name}" for f in CALLER.glob("*.*") if f.suffix != ".html"),
        ]
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{world.port}") as http:
            for language in LANGS:
                total = 0
                for path in [*files, f"/static/caller/words/{language}.json"]:
                    async with http.stream(
                        "GET", path, headers={"Accept-Encoding": "gzip"}
                    ) as answer:
                        assert answer.status_code == 200, path
                        total += sum([len(part) async for part in answer.aiter_raw()])
                heaviest = max(heaviest, total)
        assert 5_000 < heaviest <= 30_000


async def test_the_beat_is_110_a_minute_for_five_minutes(tmp_path: Path) -> None:
    """Every beat that is scheduled over five minutes of a jittery page clock."""
    async with a_stage(tmp_path) as stage:
        page = await stage.browser.new_page()
        await page.goto(f"http://localhost:{stage.world.port}/static/caller/guide.js")
        times = await page.evaluate(
            """async () => {
          const { Beat } = await import('/static/caller/guide.js');
          const beat = new Beat(), times = [];
          const audio = { state: 'running', currentTime: 100, destination: {},
            createOscillator: () => ({ frequency: {}, connect: (x) => x, start: (t) => times.push(t), stop() {} }),
            createGain: () => ({ gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect() {} }) };
          beat.audio = audio;
          beat.run(document.documentElement);
          clearInterval(beat.timer);
          let seed = 7;
          while (audio.currentTime < 402) {
            beat.ahead();
            seed = (seed * 16807) % 2147483647;
            audio.currentTime += 0.06 + 0.25 * (seed / 2147483647);
          }
          beat.stop();
          return times; }"""
        )
        gaps = [b - a for a, b in pairwise(times)]
        assert abs(60 * (len(times) - 1) / (times[-1] - times[0]) - 110) < 0.01
        assert times[-1] - times[0] > 299
        assert max(abs(gap - 60 / 110) for gap in gaps) < 1e-6
