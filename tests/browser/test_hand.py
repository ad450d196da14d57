"""A person's hand on the page: it keeps what is shown; what the page or a script does by itself does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from relay.model.clock import SystemClock
from relay.wiring.adapters import Adapters
from tests.browser.call_stage import CAMERA, NOBODY_YET, a_console, a_play, shot, until
from tests.browser_page import chromium
from tests.relay.world import PASSWORD, a_world

pytestmark = pytest.mark.browser
RESTS = r"status of (401|404) .*/api/(session|calls|places)"
"""What a page asked while its session went to rest."""
SOON = "document.body.innerText.includes('秒で患者・通報者の情報を隠します')"


class WallClock(SystemClock):
    """The system's clock with the wall time moved on by hand."""

    moved_us = 0

    def now_us(self) -> int:
        """The moved time."""
        return super().now_us() + self.moved_us


async def _script_touches(page: Page) -> None:
    """Events that no person made."""
    await page.evaluate(
        "for (const kind of ['pointerdown', 'pointermove', 'wheel']) document.body.dispatchEvent(new Event(kind, { bubbles: true }))"
    )


async def test_a_desk_that_nobody_touches_hides_its_callers_and_asks_for_the_person(
    tmp_path: Path,
) -> None:
    clock = WallClock()
    async with (
        a_world(tmp_path, Adapters(clock=clock)) as world,
        chromium(*CAMERA) as browser,
        a_play(world, browser) as stage,
    ):
        stage.expect(RESTS)
        page = await a_console(stage)
        before = len(stage.told)
        await page.click(".card")
        await page.fill("#address", "打ちかけの住所")
        await until(page, "document.querySelector('main').innerText.includes('胸が痛い')", 120)
        assert not await page.evaluate(f"() => {SOON}")

        await stage.hand_is_told(before)  # one told after the clock has moved would begin anew

        clock.moved_us = 14 * 60_000_000 + 30_000_000
        await until(page, SOON, 120)  # it is said beforehand
        await _script_touches(page)
        before = len(stage.told)
        await page.mouse.move(300, 300)
        await page.mouse.move(310, 320)
        await until(page, f"!{SOON}", 120)
        await stage.hand_is_told(before)
        clock.moved_us = 16 * 60_000_000  # the hand has begun the time anew
        await until(page, "document.querySelector('.card')", 120)
        await page.wait_for_timeout(3_000)
        assert await page.locator(".card").count() == 1

        clock.moved_us = 40 * 60_000_000
        await _script_touches(page)
        await page.wait_for_selector(".rest", timeout=120_000)
        shown = await page.inner_text("body")
        assert "胸が痛い" not in shown
        assert "中央町" not in shown
        assert await page.locator("video").count() == 0
        assert (await stage.desk.row()).get("code") == "session-rests"  # by HTTP too

        await page.fill("#wake-password", "not the password")
        await page.click(".rest button[type=submit]")
        await until(page, "document.querySelector('.rest .error-line').innerText !== ''", 120)
        await page.fill("#wake-password", PASSWORD)
        await page.click(".rest button[type=submit]")
        await page.wait_for_selector(".card", timeout=120_000)
        await until(page, "document.querySelector('main').innerText.includes('胸が痛い')", 120)
        assert (
            await page.input_value("#address") == "打ちかけの住所"
        )  # what was typed is still there
        clock.moved_us = 0


async def test_a_person_changes_their_own_password_and_their_other_page_says_why_it_ended(
    tmp_path: Path,
) -> None:
    new = "three quiet herons over the weir"
    async with (
        a_world(tmp_path) as world,
        chromium(*CAMERA) as browser,
        a_play(world, browser) as stage,
    ):
        stage.expect(NOBODY_YET, r"status of 422 .*/api/session/password")
        pages = []
        for _ in range(2):
            context = await browser.new_context(locale="ja-JP")
            page = await stage.page(context)
            await page.goto(f"http://localhost:{world.port}/")
            await page.fill("#name", "sato")
            await page.fill("#password", PASSWORD)
            await page.click("button[type=submit]")
            await page.wait_for_selector(".own-password-open")
            pages.append(page)
        here, elsewhere = pages
        await here.click(".own-password-open")
        for wanted, again, words in (
            (new, "another", "一致しません"),
            ("hospital2026!", "hospital2026!", "推測されやすい"),
            ("short", "short", "13文字以上"),
        ):
            await here.fill("#password-old", PASSWORD)
            await here.fill("#password-new", wanted)
            await here.fill("#password-again", again)
            await here.click(".own-password button[type=submit]")
            await until(here, f"document.querySelector('.own-password .error-line').innerText.includes('{words}')", 120)  # fmt: skip
        await shot(here, "own-password")
        await here.fill("#password-new", new)
        await here.fill("#password-again", new)
        await here.click(".own-password button[type=submit]")
        await until(
            here, "document.querySelector('.own-password').innerText.includes('変更しました')"
        )
        await here.click(".own-password button")
        assert await here.locator(".own-password input").count() == 0
        assert await here.locator(".topbar").count() == 1  # this page goes on
        await until(
            elsewhere, "document.body.innerText.includes('パスワードが変更されました')", 120
        )
