"""What a dispatcher pressed or typed and the relay does not have stays on the desk, and is sent again by hand."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, Route

from tests.browser.call_stage import Stage, a_console, shot, until
from tests.relay.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
DROPPED = r"ERR_FAILED"
SIGNED_OUT = r"status of 401 "


async def refuse(route: Route) -> None:
    await route.abort()


async def again(page: Page) -> None:
    await page.click(".undone .primary")
    await page.wait_for_selector(".undone", state="hidden")


async def test_an_ending_that_failed_does_not_look_like_one(stage: Stage) -> None:
    stage.expect(DROPPED)
    page = await a_console(stage)
    await page.click(".card")
    await page.route("**/api/calls/*/end", refuse)
    await page.click(".tools .end")
    await page.click(".ending .end:not([disabled])")
    await page.wait_for_selector(".ending[open] >> text=まだ終了していません")
    await page.click(".ending .primary")
    await page.wait_for_selector(".undone li")
    assert (await stage.desk.row())["state"] != "ended"
    await page.unroute("**/api/calls/*/end")
    await again(page)
    await stage.desk.until(state="ended")


async def test_what_failed_stays_over_a_reload_and_nothing_goes_by_itself(stage: Stage) -> None:
    stage.expect(DROPPED)
    page = await a_console(stage)
    await page.click(".card")
    for path in ("guidance", "invite", "shares"):
        await page.route(f"**/api/calls/*/{path}", refuse)
    await page.click(".topics button >> nth=2")
    await page.click("text=QR・リンク")
    await page.wait_for_selector(".undone li >> nth=1")
    await page.click(".topics button >> nth=2")  # pressed anew: one line
    await page.wait_for_selector(".undone li >> nth=1")
    assert await page.locator(".undone li").count() == 2
    await shot(page, "dispatch-undone")
    await page.unroute_all()
    await page.reload()
    await page.wait_for_selector(".undone li >> nth=1")
    row = await stage.desk.row()
    assert (row["guidance"], row["sent_at_us"]) == (None, None)
    await page.click(".undone li:has-text('AED') .primary")
    await stage.desk.until(guidance="aed")
    await page.click(".card")
    await page.click(".undone .primary")
    await page.wait_for_selector("img.qr")
    await page.wait_for_selector(".undone", state="hidden")


async def test_a_call_whose_answer_was_lost_is_taken_once(stage: Stage) -> None:
    stage.expect(DROPPED)
    page = await a_console(stage)

    async def lose(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        await route.fetch()
        await route.abort()

    async def rows() -> list[Any]:
        return (await stage.desk.http.get("/api/calls")).json()["calls"]

    before = len(await rows())
    await page.route("**/api/calls", lose)
    await page.fill("#address", "本町1-1")
    await page.fill("#complaint", "胸が痛い 67歳")
    await page.click(".takebox .primary")
    await page.wait_for_selector("text=まだ受付できていません")
    await page.unroute("**/api/calls")
    await page.reload()
    await page.wait_for_selector("#complaint")
    assert await page.input_value("#complaint") == "胸が痛い 67歳"
    await page.click(".takebox .primary")
    await until(page, "document.querySelector('#complaint').value === ''")
    assert len(await rows()) == before + 1


async def test_what_was_typed_survives_the_end_of_the_session(stage: Stage) -> None:
    stage.expect(SIGNED_OUT)
    page = await a_console(stage)
    await page.click(".card")
    await page.click("text=内容を直す")
    await page.fill(".told input[name=address]", "本町2-2 3階")
    await page.fill("#complaint", "二件目")
    await page.context.clear_cookies()
    await page.click(".told button[type=submit]")
    await page.wait_for_selector("#password")
    assert await page.locator("dialog[open]").count() == 0
    await page.reload()
    await page.fill("#name", "kato")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".undone >> text=本町2-2 3階")
    assert await page.input_value("#complaint") == "二件目"
    await page.click(".card >> nth=-1")
    assert await page.input_value(".told input[name=address]") == "本町2-2 3階"
    await page.click(".told button[type=submit]")
    await stage.desk.until(address="本町2-2 3階")
    await page.wait_for_selector(".undone", state="hidden")
