"""``kyumei demo --lan`` as a newcomer meets it: HTTPS, a QR code, a phone that becomes the caller."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser_page import chromium, trust_of
from tests.city import Process, free_ports, until
from tests.patience import PATIENCE_MS, PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.slow]

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@dataclass
class Drill:
    """A running ``demo --lan``, and what it printed."""

    port: int
    said: str

    def after(self, words: str) -> str:
        found = re.search(rf"{words}\s+(\S+)", self.said)
        assert found, self.said
        return found[1]


@pytest.fixture
async def drill(tmp_path: Path) -> AsyncIterator[Drill]:
    port = free_ports(5)
    demo = Process(["relay", "demo", "--lan", "--port", str(port)], tmp_path / "demo.log")
    try:
        await until(
            lambda: "SHA-256" in demo.said() or demo.child.poll() is not None, within_s=PATIENCE_S
        )
        assert demo.child.poll() is None, demo.said()
        yield Drill(port, demo.said())
    finally:
        await asyncio.to_thread(demo.stop)


async def _plays(page: Page, selector: str) -> None:
    video = f"document.querySelector('{selector}')"
    await until(lambda: page.evaluate(f"{video}?.videoWidth > 0"), PATIENCE_S)
    before = await page.evaluate(f"{video}.currentTime")
    await until(lambda: page.evaluate(f"{video}.currentTime > {before} + 0.5"), PATIENCE_S)


async def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("KYUMEI_SHOTS"):
        await page.screenshot(path=f"{folder}/{name}.png")


def _get(url: str, trust: ssl.SSLContext | None = None) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE_S, context=trust) as answer:
        return answer.read()


async def test_a_phone_on_the_network_becomes_the_caller(drill: Drill) -> None:
    door, ca = drill.after("scan, or open"), Path(drill.after("authority:"))
    password = drill.after("password")[:-1]
    assert "\u2588" in drill.said or "\u2580" in drill.said  # the QR code itself
    assert b"/ca.crt" in await asyncio.to_thread(_get, door)
    assert await asyncio.to_thread(_get, f"{door}ca.crt") == ca.read_bytes()
    base = f"https://127.0.0.1:{drill.port}"
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        await asyncio.to_thread(_get, f"{base}/livez")
    trust = ssl.create_default_context(cafile=str(ca))
    assert b"true" in await asyncio.to_thread(_get, f"{base}/livez", trust)

    async with chromium(*CAMERA, trust_of(ca.with_name("relay.pem"))) as browser:
        desk = await (await browser.new_context(locale="ja-JP")).new_page()
        await desk.set_viewport_size({"width": 1920, "height": 1080})
        await desk.goto(f"{base}/dispatch")
        await desk.fill("#name", "kato")
        await desk.fill("#password", password)
        await desk.keyboard.press("Enter")
        await desk.click("text=胸が痛いと言って倒れた", timeout=PATIENCE_MS)
        await _plays(desk, ".picture video")
        await _shot(desk, "demo-dispatch-1920")
        cookies = await desk.context.cookies()
        bound = {c["name"]: c["secure"] for c in cookies if c["name"].startswith("__Host-")}
        assert bound == {"__Host-kyumei": True, "__Host-kyumei-known": True}

        phone = await (await browser.new_context(locale="ja-JP")).new_page()
        await phone.context.grant_permissions(["camera"])
        await phone.set_viewport_size({"width": 360, "height": 740})
        await phone.goto(door)
        await _shot(phone, "demo-door-360")
        await phone.click("a.go")
        await phone.click("button.go", timeout=PATIENCE_MS)
        assert phone.url.startswith(
            f"https://{door.split('/')[2].rpartition(':')[0]}:{drill.port}/live"
        )
        await phone.wait_for_selector("body[data-screen='live']", timeout=PATIENCE_MS)
        await desk.click("text=スマートフォンの通報者", timeout=PATIENCE_MS)
        await _plays(desk, ".picture video")

        city = await (await browser.new_context(locale="ja-JP")).new_page()
        await city.set_viewport_size({"width": 1920, "height": 1080})
        await city.goto(f"https://localhost:{drill.port}/demo")
        hospital = city.frame_locator("iframe[title='病院の画面']")
        await hospital.get_by_role("button", name="アラームを有効にする").wait_for()  # signed in
        await _plays(city, ".caller video")
        crew = await until(  # the frame is there before it knows its address
            lambda: next((f for f in city.frames if f"localhost:{drill.port + 1}" in f.url), None),
            PATIENCE_S,
        )
        assert await crew.evaluate("innerWidth") >= 1_000  # a tablet made smaller, not a phone
        await until(
            lambda: crew.evaluate("document.querySelector('.picture video')?.videoWidth > 0"),
            PATIENCE_S,
        )
        await asyncio.sleep(2)
        await _shot(city, "demo-lan-1920")
        await city.set_viewport_size({"width": 360, "height": 740})
        await city.wait_for_selector(".one iframe")
        await city.click(".how summary")
        edges = "[...document.querySelectorAll('.steps li')].map((e) => e.getBoundingClientRect().right)"
        assert all(0 < edge <= 360 for edge in await city.evaluate(edges))
        await _shot(city, "demo-lan-360")
