"""The dispatcher's console in a real Chromium: one call from the ring to its end, and a wall of four."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, Route

from relay.video.port import PublisherChange
from tests.browser.call_stage import (
    LINK_OVER,
    NOBODY_YET,
    VIEWER_GONE,
    Stage,
    a_console,
    at,
    shot,
    until,
)
from tests.patience import PATIENCE_S
from tests.relay.call_world import a_desk
from tests.relay.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
HOUSE = Path(__file__).resolve().parents[2]


async def test_from_the_ring_to_the_end(stage: Stage) -> None:
    stage.expect(VIEWER_GONE, LINK_OVER)
    await stage.desk.post("end", status=200)
    page = await a_console(stage)
    await page.fill("#number", "090-1234-5678")
    await page.fill("#address", "中央町1-2-3")
    await page.fill("#complaint", "胸が痛い・冷汗")
    await page.click("text=119番を受ける")
    await until(page, "document.querySelector('.next').innerText.includes('まず出動')")
    assert await page.locator("text=SMSを送る").count() == 0
    await shot(page, "dispatch-taken")
    await page.click("button[data-key=d]")
    await page.wait_for_selector("text=読み上げて同意を得る")
    await page.click("text=QR・リンク")
    await page.wait_for_selector("img.qr")
    await until(page, "document.querySelector('img.qr').naturalWidth > 0")
    url = await page.inner_text(".link")
    await shot(page, "dispatch-sent")
    phone = await stage.phone()
    await phone.goto(url)
    await until(page, "document.querySelector('.next').innerText.includes('大きな青いボタン')")
    await phone.click("button.go")
    await at(phone, "live")
    (row,) = (await stage.desk.http.get("/api/calls")).json()["calls"]
    call = UUID(row["id"])
    stage.world.plane.tell(call, PublisherChange.LIVE)
    await until(page, "document.querySelector('.next').innerText.includes('映像が見えています')")
    await until(page, "document.querySelector('video')?.videoWidth > 0")
    await until(page, "document.querySelector('.whep').dataset.live === 'true'")
    await page.click("text=胸骨圧迫 大人")
    await phone.wait_for_selector(".g h1")
    await until(page, "document.querySelector('.next').innerText.includes('音に合わせて')")
    await page.click("text=静止画を保存")
    await page.wait_for_selector(".stills img")
    await until(page, "document.querySelector('.stills img').naturalWidth > 0")
    await phone.context.grant_permissions(["camera", "geolocation"])
    await phone.context.set_geolocation(
        {"latitude": 35.6895, "longitude": 139.6917, "accuracy": 18}
    )
    await phone.click("text=場所を送る")
    await page.wait_for_selector("svg.map")
    assert "35.68950, 139.69170" in await page.inner_text(".side")
    await page.select_option("select[aria-label='共有先']", "hospital chuo")
    await page.click("text=/^共有$/")
    await page.wait_for_selector("text=共有をやめる")
    await shot(page, "dispatch-live")
    stage.world.plane.tell(call, PublisherChange.FROZEN)
    await until(page, "document.querySelector('.say').dataset.warn === 'true'")
    await page.click("text=通報を終了")
    await page.click(".ending .end")
    await at(phone, "end")
    await until(page, "document.body.innerText.includes('映像は終了しました')")
    assert stage.world.plane.viewers == {}
    await page.click("text=English")
    await page.wait_for_selector("text=Take a 119 call")


async def a_hospitals_page(stage: Stage) -> Page:
    stage.expect(NOBODY_YET)
    context = await stage.browser.new_context(
        viewport={"width": 1920, "height": 1080}, locale="ja-JP"
    )
    page = await stage.page(context)
    await page.goto(f"http://localhost:{stage.world.port}/")
    await page.fill("#name", "sato")
    await page.fill("#password", PASSWORD)
    return page


async def test_a_hospital_sees_the_shared_picture_until_it_is_taken_back(stage: Stage) -> None:
    stage.expect(VIEWER_GONE)
    page = await a_hospitals_page(stage)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".shell")
    body = {"kind": "hospital", "target": "chuo"}
    row = await stage.desk.post("shares", body, 201)
    await page.click(".video-strip button")
    await until(page, "document.querySelector('video')?.videoWidth > 0")
    await shot(page, "dispatch-hospital")
    share = row["shares"][0]["id"]
    await stage.desk.http.delete(f"/api/calls/{stage.desk.call}/shares/{share}")
    await until(page, "document.querySelector('.video').hidden")
    assert await page.locator("video").count() == 0
    assert stage.world.plane.viewers == {}


async def test_a_share_said_while_the_list_travels_is_not_lost_with_the_older_list(
    stage: Stage,
) -> None:
    page = await a_hospitals_page(stage)
    asked, said = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await said.wait()
        await route.fulfill(response=answer)

    await page.route("**/api/calls", slowly)
    await page.click("button[type=submit]")
    await asyncio.wait_for(asked.wait(), PATIENCE_S)
    await stage.desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
    await page.wait_for_selector(".video-strip button")
    async with page.expect_response("**/api/calls"):
        said.set()
    await page.wait_for_timeout(500)
    assert await page.locator(".video-strip button").count() == 1
    button = await page.query_selector(".video-strip button")
    assert button
    await stage.desk.post("guidance", {"topic": "aed"}, 200)
    await page.wait_for_timeout(500)
    assert await button.is_visible()  # told of a change, it is still the one under the finger


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1024, 768), (360, 740)])
async def test_a_wall_of_twenty_eight_calls_leaves_the_call_where_it_is(
    stage: Stage, width: int, height: int
) -> None:
    desks = [await a_desk(stage.world) for _ in range(27)]
    page = await a_console(stage, width, height)
    await until(page, "document.querySelectorAll('.card').length === 28")
    await page.keyboard.press("ArrowDown")
    for _ in range(14):
        await page.keyboard.press("ArrowDown")
    await until(
        page, "document.querySelectorAll('.card')[14].getAttribute('aria-current') === 'true'"
    )
    sight = """(css) => { const b = document.querySelector(css).getBoundingClientRect();
      return b.top >= 0 && b.left >= 0 && b.right <= innerWidth + 1 && b.top + Math.min(b.height, 80) <= innerHeight; }"""
    assert await page.evaluate(sight, ".card[aria-current=true]")
    assert await page.evaluate(sight, ".say .next")
    assert await page.evaluate("scrollY") == 0
    await shot(page, f"dispatch-many-{width}")
    for desk in desks:
        await desk.http.aclose()


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1024, 768), (360, 740)])
async def test_a_wall_of_four_calls(stage: Stage, width: int, height: int) -> None:
    desks = [stage.desk, *[await a_desk(stage.world) for _ in range(3)]]
    for desk in desks[1:]:
        await desk.invite()
    page = await a_console(stage, width, height)
    await until(page, "document.querySelectorAll('.card').length === 4")
    await page.click(".card >> nth=1")
    await page.wait_for_selector(".say")
    if width > 760:  # narrower, they stand in a row under the thumb
        hidden = await page.evaluate(
            "[...document.querySelectorAll('.card')].filter((c) => { const r = c.getBoundingClientRect();"
            " return !c.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)); }).length"
        )
        assert hidden == 0
    await shot(page, f"dispatch-wall-{width}")
    wide = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wide
    low = await page.evaluate(
        "[...document.querySelectorAll('main button')].filter((b) => b.getClientRects().length"
        " && b.getBoundingClientRect().height < 40).map((b) => b.innerText)"
    )
    assert low == []
    for desk in desks[1:]:
        await desk.http.aclose()
