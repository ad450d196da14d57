"""The same journeys in the browsers people use beside Chromium: as the caller, the dispatcher, at the hospital, in the ambulance.

A real Firefox, and WebKit, which is Safari's engine; the other side of a picture is Chromium, so that both kinds meet.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.browser_page import chromium
from tests.city import CARDIOLOGIST, DISPATCHER, HOSPITAL, City, answers, free_port
from tests.firefox import FirefoxPage, firefox, firefox_path
from tests.journeys.calls import (
    CAMERA,
    invited,
    open_page,
    page_until,
    plays,
)
from tests.patience import PATIENCE_MS, PATIENCE_S
from tests.webkit import WebKitPage, webkit, webkit_path

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.slow]
needs_firefox = pytest.mark.skipif(
    firefox_path() is None and not os.environ.get("CI"),
    reason="there is no Firefox here: scripts/other_browsers",
)
needs_webkit = pytest.mark.skipif(
    webkit_path() is None and not os.environ.get("CI"),
    reason="there is no WebKit with a driver here: scripts/other_browsers",
)
LIVE = "document.body.dataset.screen === 'live'"


INK = """(() => { const c = document.querySelector('.sheet-box canvas'); const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  let dark = 0; for (let i = 0; i < data.length; i += 4) if (data[i] + data[i + 1] + data[i + 2] < 200) dark += 1; return dark; })()"""


async def _shot(page: FirefoxPage, name: str) -> None:
    if folder := os.environ.get("KYUMEI_SHOTS"):
        await page.screenshot(Path(folder) / f"firefox-{name}.png")


async def _shows(page: FirefoxPage, selector: str = "video") -> None:
    video = f"document.querySelector('{selector}')"
    await page.until(f"{video}?.videoWidth > 0")
    before = await page.run(f"{video}.currentTime")
    await page.until(f"{video}.currentTime > {before} + 0.5")


@needs_firefox
async def test_a_caller_with_firefox(city: City) -> None:
    async with chromium(*CAMERA) as browser, firefox() as fox:
        desk = await open_page(browser, 1920, 1080)
        url = await invited(desk, city.base)
        phone = await fox.page(360, 740)
        await phone.goto(url)
        await _shot(phone, "caller-start")
        await phone.press("button.go")
        await phone.until(LIVE)
        await plays(desk)
        await _shot(phone, "caller-live")
        await phone.goto("about:blank")
        await phone.goto(url)  # Firefox forgets the permission: one more tap
        await phone.press("button.go")
        await phone.until(LIVE)
        await plays(desk)
        await desk.click("text=胸骨圧迫 大人")
        await phone.until("document.querySelector('.g h1')")
        await _shot(phone, "caller-cpr")
        await desk.click("text=通報を終了")
        await desk.click(".ending .end")
        await phone.until("document.body.dataset.screen === 'end'")
        assert phone.errors == []


async def _signs_in(page: FirefoxPage | WebKitPage, url: str, account: tuple[str, str]) -> None:
    await page.goto(url)
    await page.fill("#name", account[0])
    await page.fill("#password", account[1])
    await page.press("button[type=submit]")


async def _press_text(page: FirefoxPage, text: str) -> None:
    """The button that says just this, beside the key that stands on it."""
    find = f"[...document.querySelectorAll('button')].find((b) => [...b.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join('').trim() === '{text}' && b.offsetParent)"
    await page.until(find)
    await page.run(f"{find}.setAttribute('data-found', '{text}')")
    await page.press(f"[data-found='{text}']")


@needs_firefox
async def test_dispatcher_crew_and_hospital_with_firefox(city: City) -> None:
    async with chromium(*CAMERA) as browser, firefox() as fox:
        desk = await fox.page(1280, 900)
        await _signs_in(desk, f"{city.base}/dispatch", DISPATCHER)
        await desk.fill("#complaint", "倒れている")
        await _press_text(desk, "119番を受ける")
        await _press_text(desk, "出動")
        await _press_text(desk, "QR・リンク")
        await desk.until("document.querySelector('.link')?.innerText")
        phone = await open_page(browser, 360, 740)
        await phone.goto(await desk.run("document.querySelector('.link').innerText"))
        await phone.click("button.go")
        await phone.wait_for_selector("body[data-screen='live']", timeout=PATIENCE_MS)
        await _shows(desk)

        port = free_port()
        city.start_tablet("救急1", "synthetic:anterior-stemi?seed=3", panel_port=port)
        async with asyncio.timeout(PATIENCE_S):
            while not await asyncio.to_thread(answers, f"http://localhost:{port}/"):
                await asyncio.sleep(0.1)
        crew = await fox.page(1180, 820)
        await crew.goto(f"http://localhost:{port}/")
        await crew.until("document.querySelector('.sweep canvas')")
        await desk.run(
            "(() => { const s = document.querySelector(\"select[aria-label='共有先']\");"
            f" s.value = 'hospital {HOSPITAL}'; s.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
        )
        await _press_text(desk, "共有")
        hospital = await fox.page(1920, 1080)
        await _signs_in(hospital, f"{city.base}/", CARDIOLOGIST)
        await hospital.press(".video-strip button")
        await _shows(hospital)
        await _shot(desk, "dispatch")
        await _shot(hospital, "hospital-call")
        await hospital.press(".cases li button")
        await hospital.until("document.querySelector('.sheet-box canvas, .sweep canvas')")
        await crew.until("document.body.innerText.includes('が今 波形を見ています')")
        await _shot(hospital, "hospital-trace")
        await _shot(crew, "crew")
        assert [*desk.errors, *crew.errors] == []
        assert [e for e in hospital.errors if "401" not in e] == []


@needs_webkit
async def test_the_hospital_with_webkit(city: City) -> None:
    """Also without TLS on this machine, where Safari keeps no Secure cookie."""
    city.start_tablet("救急1", "synthetic:anterior-stemi?seed=3&age=62&sex=M")
    async with webkit() as page:
        await page.size(1600, 1000)
        await _signs_in(page, f"{city.base}/", CARDIOLOGIST)
        await page.press(".arm")
        await page.until("document.querySelector('.armed[data-armed=true]')")
        await page.press(".ringing button")
        await page.until("document.querySelector('.sheet-box canvas')")
        await page.until("document.querySelector('.ringing').hidden")
        await page.until("document.querySelectorAll('.receipts li.done').length === 3")
        assert await page.run(INK) > 5_000
        await page.press(".trace-tabs button")
        await page.until("document.querySelector('.sweep canvas')")
        await page.press("[data-decision='stemi-cath'].answer")
        await page.press("dialog[open] .send:not(:disabled)")
        await page.until("document.querySelectorAll('.receipts li.done').length === 4")


@needs_webkit
async def test_a_caller_with_webkit(city: City) -> None:
    async with chromium(*CAMERA) as browser, webkit() as phone:
        desk = await open_page(browser, 1920, 1080)
        url = await invited(desk, city.base)
        await phone.size(390, 844)
        await phone.goto(url)
        await phone.press("button.go")
        await phone.until(LIVE)
        assert not await phone.run("'RTCPeerConnection' in window"), "with it this is video"
        await phone.until("document.body.innerText.includes('写真を送っています')")
        await desk.click("text=胸骨圧迫 大人")
        await phone.until("document.querySelector('.g h1')")
        await page_until(
            desk, "document.querySelector('.say').innerText.includes('写真が届いています')"
        )
        await desk.click("text=通報を終了")
        await desk.click(".ending .end")
        await phone.until("document.body.dataset.screen === 'end'")
