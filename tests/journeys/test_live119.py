"""A 119 call through the running system: link → one tap → the dispatcher's picture → crew and hospital.

Real processes, the real media plane, three real Chromium pages, a fake camera in the phone.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import av
import pytest
from playwright.async_api import Browser, Page

from tests.browser.axe import stumbles
from tests.browser_page import chromium
from tests.city import CARDIOLOGIST, DISPATCHER, HOSPITAL, City, answers, free_port, until
from tests.journeys.calls import (
    CAMERA,
    invited,
    open_page,
    page_until,
    plays,
    shot,
    sign_in,
)
from tests.patience import PATIENCE_MS, PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.slow]


async def _the_crew_sees_it_while_it_is_shared(city: City, browser: Browser, desk: Page) -> None:
    port = free_port()
    city.start_tablet(
        "救急1", "synthetic:anterior-stemi?seed=3", "--camera", "synthetic", panel_port=port
    )
    crew = await open_page(browser, 1180, 820)
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(answers, f"http://localhost:{port}/"):
            await asyncio.sleep(0.1)
    await crew.goto(f"http://localhost:{port}/")
    await crew.wait_for_selector(".sweep canvas")
    assert await crew.is_hidden(".picture")

    await desk.select_option("select[aria-label='共有先']", "unit 救急1")
    await desk.click("text=/^共有$/")
    await plays(crew)
    small = await crew.evaluate("document.querySelector('.picture video').clientWidth")
    for width, height in ((360, 740), (1920, 1080), (1180, 820)):
        await shot(crew, f"crew-picture-{width}", (width, height))
    for theme in ("light", "night"):  # by day and by night
        await crew.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        await crew.wait_for_timeout(300)
        assert await stumbles(crew) == [], theme
    await crew.click(".picture-size")
    assert await crew.evaluate("document.querySelector('.picture video').clientWidth") > small
    trace = await crew.locator(".sweep").bounding_box()
    assert trace and trace["width"] > 400
    await shot(crew, "crew-picture-big-tablet")

    share = desk.locator(".side .row", has_text="救急1").get_by_role("button", name="共有をやめる")
    await share.click()
    async with asyncio.timeout(PATIENCE_S):
        while await crew.evaluate("Boolean(document.querySelector('.picture video'))"):
            await asyncio.sleep(0.05)
    assert "終わりました" in await crew.inner_text(".picture")
    await shot(crew, "crew-picture-gone-tablet")


async def _the_cabin_is_seen_by_both(hospital: Page, desk: Page) -> None:
    await hospital.click("text=救急1 >> nth=-1")
    for page in (hospital, desk):
        await page.click(".cabin-open", timeout=PATIENCE_MS)
        await plays(page, ".cabin video")
    await shot(hospital, "hospital-cabin-1920")
    await shot(desk, "dispatch-cabin-1920")
    await hospital.set_viewport_size({"width": 360, "height": 740})
    await shot(hospital, "hospital-cabin-360")
    await hospital.click(".cabin-open")


async def test_a_recorded_call_can_be_played_even_after_a_power_cut(city: City) -> None:
    city.relay.stop()
    city.env["KYUMEI_CALL_RECORDING"] = "clips"
    await asyncio.to_thread(city.start_relay)
    async with chromium(*CAMERA) as browser:
        desk = await open_page(browser, 1920, 1080)
        url = await invited(desk, city.base)
        assert "録画されます" in await desk.inner_text(".read")
        phone = await open_page(browser, 360, 740)
        await phone.goto(url)
        await phone.wait_for_selector("button.go")
        assert "録画されます" in await phone.inner_text("body")
        await shot(phone, "caller-recorded-360")
        await phone.click("button.go")
        await phone.wait_for_selector("body[data-screen='live']", timeout=PATIENCE_MS)
        assert "録画されます" in await phone.inner_text("body")
        await plays(desk)
        assert "録画されます" in await desk.inner_text(".say")
        await _recorded(city, files=1)
        await phone.reload()  # the same phone sends anew: another file
        await phone.wait_for_selector("body[data-screen='live']", timeout=PATIENCE_MS)
        await _recorded(city, files=2)
        city.relay.kill9()

        cut = sorted((city.data / "clips").glob("*/*.webm"))
        assert len(cut) == 2
        counts = [_pictures_in(path) for path in cut]
        assert all(20 <= count <= 900 for count in counts), counts

        await asyncio.to_thread(city.start_relay)
        desk = await open_page(browser, 1920, 1080)
        await sign_in(desk, f"{city.base}/dispatch", DISPATCHER)
        await desk.click("text=倒れている", timeout=PATIENCE_MS)
        await desk.locator(".clips summary").first.click(timeout=PATIENCE_MS)
        await desk.evaluate("document.querySelector('.clips video').play()")
        await plays(desk, ".clips video")
        await shot(desk, "dispatch-clips-1920")


async def _recorded(city: City, files: int) -> None:
    """Wait until each of so many clips holds two seconds on disk."""

    def enough() -> bool:
        clips = sorted((city.data / "clips").glob("*/*.webm"))
        with contextlib.suppress(av.error.FFmpegError):  # its head is not written yet
            return len(clips) == files and all(_pictures_in(path) >= 60 for path in clips)
        return False

    await until(lambda: asyncio.to_thread(enough), PATIENCE_S, 0.5)


def _pictures_in(path: Path) -> int:
    """Pictures a decoder finds, none of them broken."""
    with av.open(str(path)) as film:
        assert film.streams.video[0].codec_context.name == "vp8"
        return sum(1 for _ in film.decode(video=0))


async def test_the_callers_picture_reaches_dispatcher_and_hospital(city: City) -> None:
    async with chromium(*CAMERA) as browser:
        desk = await open_page(browser, 1920, 1080)
        await sign_in(desk, f"{city.base}/dispatch", DISPATCHER)
        await desk.fill("#number", "090-0000-0000")
        await desk.fill("#address", "中央町1-2-3")
        await desk.fill("#complaint", "倒れている")
        await desk.click("text=119番を受ける")
        await desk.click("button[data-key=d]")
        await desk.click("text=QR・リンク")
        await desk.wait_for_selector("img.qr")
        url = await desk.inner_text(".link")

        phone = await open_page(browser, 360, 740)
        await phone.goto(url)
        await phone.click("button.go")
        await phone.wait_for_selector("body[data-screen='live']", timeout=PATIENCE_MS)
        await plays(desk)
        await page_until(
            desk, "document.querySelector('.next').innerText.includes('映像が見えています')"
        )

        await phone.reload()
        await phone.wait_for_selector("body[data-screen='live']", timeout=PATIENCE_MS)
        await plays(desk)

        hospital = await open_page(browser, 1920, 1080)
        await sign_in(hospital, f"{city.base}/", CARDIOLOGIST)
        await desk.select_option("select[aria-label='共有先']", f"hospital {HOSPITAL}")
        await desk.click("text=/^共有$/")
        await hospital.click(".video-strip button", timeout=PATIENCE_MS)
        await plays(hospital)

        await _the_crew_sees_it_while_it_is_shared(city, browser, desk)
        await _the_cabin_is_seen_by_both(hospital, desk)

        # the fake camera's scene needs 0.1 Mbit/s: that is no weak radio
        assert "電波が弱い" not in await desk.inner_text(".say")
        await desk.click("text=胸骨圧迫 大人")
        await phone.wait_for_selector(".g h1", timeout=PATIENCE_MS)
        await desk.click("text=通報を終了")
        await desk.click(".ending .end")
        await phone.wait_for_selector("body[data-screen='end']", timeout=PATIENCE_MS)
        await page_until(hospital, "!document.querySelector('video')")
