"""What the journeys of a 119 call share: a signed-in dispatcher, a link, a picture that plays."""

from __future__ import annotations

import asyncio
import os

from playwright.async_api import Browser, Page

from tests.city import DISPATCHER
from tests.patience import PATIENCE_S

CAMERA = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)


async def page_until(page: Page, expression: str) -> None:
    """The page's own policy forbids Playwright's way of waiting."""
    async with asyncio.timeout(PATIENCE_S):
        while not await page.evaluate(f"() => Boolean({expression})"):
            await asyncio.sleep(0.1)


async def open_page(browser: Browser, width: int, height: int) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="ja-JP", permissions=["camera"]
    )
    return await context.new_page()


async def sign_in(page: Page, url: str, account: tuple[str, str]) -> None:
    await page.goto(url)
    await page.fill("#name", account[0])
    await page.fill("#password", account[1])
    await page.keyboard.press("Enter")


async def plays(page: Page, selector: str = "video") -> None:
    """A picture has come, and the next ones come too."""
    video = f"document.querySelector('{selector}')"
    await page_until(page, f"{video}?.videoWidth > 0")
    before = await page.evaluate(f"{video}?.currentTime ?? 0")
    await page_until(page, f"{video}?.currentTime > {before} + 0.5")


async def shot(page: Page, name: str, size: tuple[int, int] | None = None) -> None:
    """A picture for the eye, where a folder is named."""
    if folder := os.environ.get("KYUMEI_SHOTS"):
        if size:
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            await asyncio.sleep(0.5)
        await page.screenshot(path=f"{folder}/{name}.png")


async def invited(desk: Page, base: str) -> str:
    """A call taken, sent and invited; the caller's link."""
    await sign_in(desk, f"{base}/dispatch", DISPATCHER)
    await desk.fill("#complaint", "倒れている")
    await desk.click("text=119番を受ける")
    await desk.click("button[data-key=d]")
    await desk.click("text=QR・リンク")
    await desk.wait_for_selector("img.qr")
    return await desk.inner_text(".link")
