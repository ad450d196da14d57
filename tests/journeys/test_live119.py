"""A 119 call through the running system: link → one tap → the dispatcher's picture → the hospital's.

Real processes, the real media plane, three real Chromium pages, a fake camera in the phone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser_page import chromium
from tests.city import CARDIOLOGIST, HOSPITAL, City, kyumei

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.slow]

CAMERA = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
DISPATCHER = ("kato", "a long enough password")
WITHIN_S = 20.0


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    """A relay with a dispatcher and a cardiologist."""
    made = await asyncio.to_thread(City, tmp_path, ["救急1"])
    name, password = DISPATCHER
    kyumei(
        "users", "add", name, "--role", "dispatcher", "--display", "加藤", "--password-stdin",
        "--data", str(made.data), stdin=password + "\n",
    )  # fmt: skip
    await asyncio.to_thread(made.start_relay)
    yield made
    await asyncio.to_thread(made.stop)


async def _until(page: Page, expression: str) -> None:
    """The page's own policy forbids Playwright's way of waiting."""
    async with asyncio.timeout(WITHIN_S):
        while not await page.evaluate(f"() => Boolean({expression})"):
            await asyncio.sleep(0.1)


async def _page(browser: Browser, width: int, height: int) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="ja-JP", permissions=["camera"]
    )
    return await context.new_page()


async def _sign_in(page: Page, url: str, account: tuple[str, str]) -> None:
    await page.goto(url)
    await page.fill("#name", account[0])
    await page.fill("#password", account[1])
    await page.keyboard.press("Enter")


async def _plays(page: Page) -> None:
    """A picture has come, and the next ones come too."""
    await _until(page, "document.querySelector('video')?.videoWidth > 0")
    before = await page.evaluate("document.querySelector('video').currentTime")
    await _until(page, f"document.querySelector('video').currentTime > {before} + 0.5")


@pytest.mark.timeout(180)
async def test_the_callers_picture_reaches_dispatcher_and_hospital(city: City) -> None:
    async with chromium(*CAMERA) as browser:
        desk = await _page(browser, 1920, 1080)
        await _sign_in(desk, f"{city.base}/dispatch", DISPATCHER)
        await desk.fill("#number", "090-0000-0000")
        await desk.fill("#address", "中央町1-2-3")
        await desk.fill("#complaint", "倒れている")
        await desk.click("text=119番を受ける")
        await desk.click("text=/^出動$/")
        await desk.click("text=QR・リンク")
        await desk.wait_for_selector("img.qr")
        url = await desk.inner_text(".link")

        phone = await _page(browser, 360, 740)
        await phone.goto(url)
        await phone.click("button.go")
        await phone.wait_for_selector("body[data-screen='live']", timeout=WITHIN_S * 1000)
        await _plays(desk)
        await _until(
            desk, "document.querySelector('.next').innerText.includes('映像が見えています')"
        )

        await phone.reload()
        await phone.wait_for_selector("body[data-screen='live']", timeout=WITHIN_S * 1000)
        await _plays(desk)

        hospital = await _page(browser, 1920, 1080)
        await _sign_in(hospital, f"{city.base}/", CARDIOLOGIST)
        await desk.select_option("select[aria-label='共有先']", f"hospital {HOSPITAL}")
        await desk.click("text=/^共有$/")
        await hospital.click(".video-strip button", timeout=WITHIN_S * 1000)
        await _plays(hospital)

        await desk.click("text=胸骨圧迫 大人")
        await phone.wait_for_selector(".g h1", timeout=WITHIN_S * 1000)
        await desk.click("text=通報を終了")
        await phone.wait_for_selector("body[data-screen='end']", timeout=WITHIN_S * 1000)
        await _until(hospital, "!document.querySelector('video')")
