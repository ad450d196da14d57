"""A viewer whose line carries no video is shown pictures, is told so, and gets video back by itself.

A whole relay with the real media plane, three real pages; the second console's line carries 60 kbit/s.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from relay.video.forwarding import ForwardingPlane
from relay.wiring.adapters import Adapters
from tests.browser.call_stage import CAMERA, until
from tests.browser_page import chromium, new_page
from tests.relay.call_world import Desk, a_desk
from tests.relay.world import PASSWORD, World, a_world
from tests.video.radio import Radio, switched_on

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FRAMES = "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"


async def a_console(browser: Browser, world: World, desk: Desk) -> Page:
    page, _ = await new_page(browser, 1024, 768)
    await page.goto(f"http://localhost:{world.port}/dispatch")
    await page.fill("#name", "kato")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector("nav .card")
    return page


async def test_a_line_without_room_for_video_shows_pictures_and_comes_back(tmp_path: Path) -> None:
    plane = ForwardingPlane()
    async with (
        a_world(tmp_path, Adapters(plane=plane)) as world,
        chromium(*CAMERA) as browser,
    ):
        desk = await a_desk(world)
        good = await a_console(browser, world, desk)
        phone, _ = await new_page(browser, 360, 740)
        await phone.goto((await desk.invite())["url"].replace("127.0.0.1", "localhost"))
        await phone.click("button.go")
        await desk.until(15, state="live")
        await good.click("nav .card")
        await until(good, "document.querySelector('.whep')?.dataset.live === 'true'")
        radio = Radio(down_kbps=60)
        with switched_on(radio):
            narrow = await a_console(browser, world, desk)  # its wall dials at once
            await narrow.click("nav .card")
            await until(narrow, "document.querySelector('.whep')?.dataset.mode === 'pictures'")
        await until(
            narrow, "document.querySelector('.whep-words').innerText.includes('写真で表示')", 15
        )
        assert await narrow.evaluate("document.querySelector('.whep-glimpse').width") > 100
        stats = (await desk.http.get(f"/api/calls/{desk.call}/stats")).json()
        assert [viewer["slow"] for viewer in stats["viewers"]] == [False]  # its video has stopped
        row = await desk.row()
        assert (row["state"], row["stills"]) == ("live", [])

        before = await good.evaluate(FRAMES)
        await asyncio.sleep(2)
        assert (await good.evaluate(FRAMES) - before) / 2 >= 8  # the phone sends 15 a second
        assert await phone.evaluate("document.body.dataset.screen") == "live"

        await until(narrow, "document.querySelector('.whep').dataset.mode === 'video'")
        await until(narrow, "document.querySelector('.whep').dataset.live === 'true'")
        await until(narrow, "document.querySelector('.whep-glimpse').hidden")
        await until(narrow, "document.querySelector('.whep-words').innerText === ''")
        await desk.http.aclose()
