"""Every page for everybody: axe finds nothing serious, text stays large, nothing lies outside the screen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.axe import stumbles
from tests.browser.call_stage import (
    LINK_OVER,
    NOBODY_YET,
    Stage,
    a_console,
    at,
    dead_small,
    shot,
    until,
)
from tests.browser.caller_screens import all_screens
from tests.relay.call_world import a_desk
from tests.relay.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize(
    "language",
    ["ja", *(pytest.param(more, marks=pytest.mark.soak) for more in ("ja-easy", "en"))],
)
async def test_every_screen_of_the_caller(stage: Stage, language: str) -> None:
    stage.expect(LINK_OVER, r"status of 409 .*/live/api/redeem$", r"status of 503 .*/live/whip$")
    stage.expect(r"ERR_FAILED .*/live/api/redeem$")
    bad: dict[str, list[Any]] = {}
    seen = 0
    async for name, page in all_screens(stage, language):
        seen += 1
        await shot(page, f"caller-{language}-{name}")
        bad[name] = await dead_small(page)
        if not name.endswith("-640"):
            bad[name] += await stumbles(page)
    assert seen == 29
    assert {name: found for name, found in bad.items() if found} == {}


async def test_the_dispatchers_sign_in_empty_wall_and_four_calls(stage: Stage) -> None:
    stage.expect(NOBODY_YET)
    await stage.desk.post("end", status=200)
    context = await stage.browser.new_context(
        viewport={"width": 1920, "height": 1080}, locale="ja-JP"
    )
    door = await stage.page(context)
    await door.goto(f"http://localhost:{stage.world.port}/dispatch")
    await door.wait_for_selector("#name")
    assert await stumbles(door) == []
    page = await a_console(stage)
    assert await stumbles(page) == []
    desks = [await a_desk(stage.world) for _ in range(4)]
    stage.desk, url = desks[-1], ""
    for desk in desks[:3]:
        url = (await desk.invite())["url"]
    phone = await stage.phone()
    await phone.goto(url.replace("127.0.0.1", "localhost"))
    await phone.click("button.go")
    await at(phone, "live")
    await until(page, "document.querySelectorAll('.card').length === 4")
    await page.click(".card >> nth=1")
    await until(page, "document.querySelector('video')?.videoWidth > 0")
    await asyncio.gather(*(desk.http.aclose() for desk in desks[:3]))
    for width, height in ((1920, 1080), (360, 740)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await stumbles(page) == []


async def sign_in_at_the_hospital(stage: Stage) -> Page:
    context = await stage.browser.new_context(
        viewport={"width": 1920, "height": 1080}, locale="ja-JP"
    )
    page = await stage.page(context)
    await page.goto(f"http://localhost:{stage.world.port}/")
    await page.fill("#name", "sato")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".shell")
    return page


async def test_the_hospitals_page_with_a_shared_picture(stage: Stage) -> None:
    stage.expect(NOBODY_YET)
    page = await sign_in_at_the_hospital(stage)
    await stage.desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
    await page.click(".video-strip button")
    await until(page, "document.querySelector('video')?.videoWidth > 0")
    assert await stumbles(page) == []
