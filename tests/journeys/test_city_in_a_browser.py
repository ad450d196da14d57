"""``kyumei demo`` as a newcomer sees it: the alarm rings, a cardiologist decides, the crew is told."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Page, expect

from relay.auth.hash_processes import PROGRAM
from tests.browser.axe import stumbles
from tests.browser_page import chromium, ink, new_page
from tests.city import free_ports, until
from tests.patience import PATIENCE_MS, PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.slow]

STEMI, QUIET, MIMIC = "福島救急1", "福島救急2", "福島救急3"


def _invited(log: Path) -> bool:
    return "Ctrl-C ends everything" in log.read_text()


async def _sign_in(page: Page, base: str, password: str) -> None:
    await page.goto(base)
    await page.fill("#name", "sato")
    await page.fill("#password", password)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="アラームを有効にする")).to_be_visible()


def _row(page: Page, unit: str):
    return page.locator(".cases li", has_text=unit)


async def test_from_the_first_beat_to_the_decision_on_the_tablet(tmp_path: Path) -> None:
    port = free_ports(4)
    log = tmp_path / "demo.log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "relay", "demo", "--port", str(port)],
            stdout=output,
            stderr=output,
        )
    try:
        await until(lambda: demo.poll() is not None or _invited(log))
        assert demo.poll() is None, log.read_text()
        children = psutil.Process(demo.pid).children(recursive=True)
        hash_passwords = [one for one in children if PROGRAM.name in " ".join(one.cmdline())]
        # the relay, three ambulances, the caller's camera
        assert len(children) - len(hash_passwords) == 5
        password = re.search(r"password (\S+)\)", log.read_text())[1]
        async with chromium() as browser:
            hospital, complaints = await new_page(browser, 1920, 1080)
            crew, crew_complaints = await new_page(browser, 1024, 768)
            await _sign_in(hospital, f"http://localhost:{port}/", password)
            complaints.clear()  # asking who is signed in answers 401 before anybody is
            await crew.goto(f"http://localhost:{port + 1}/")
            await _play(hospital, crew)
            quiet, quiet_complaints = await new_page(browser, 360, 740)
            await quiet.goto(f"http://localhost:{port + 2}/")
            await _is_told_of_a_quiet_ecg(quiet)
            assert complaints + crew_complaints + quiet_complaints == []
    finally:
        demo.send_signal(signal.SIGINT)
        code = await asyncio.to_thread(demo.wait, PATIENCE_S)
    assert code == 0, log.read_text()
    assert [c for c in children if c.is_running()] == []
    assert "Traceback" not in log.read_text()


async def _play(hospital: Page, crew: Page) -> None:
    await hospital.get_by_role("button", name="アラームを有効にする").click()
    await expect(hospital.locator(".armed")).to_contain_text("アラーム有効")
    for unit in (STEMI, QUIET, MIMIC):
        await expect(_row(hospital, unit)).to_be_visible(timeout=PATIENCE_MS)
    await hospital.wait_for_timeout(4000)
    after_test_tone = await hospital.evaluate("window.tones")
    assert after_test_tone > 0

    await expect(hospital.locator(".ringing")).to_contain_text(STEMI, timeout=PATIENCE_MS)
    await until(lambda: _more_tones(hospital, after_test_tone))
    assert QUIET not in await hospital.locator(".ringing").inner_text()
    assert MIMIC not in await hospital.locator(".ringing").inner_text()
    await expect(crew.locator("body")).to_contain_text("病院に届きました", timeout=PATIENCE_MS)
    await expect(crew.locator("body")).to_contain_text("まだ誰も開いていません")

    await hospital.locator(".ringing button").first.click()
    await expect(crew.locator("body")).to_contain_text(
        "佐藤 医師(当直) が今 波形を見ています", timeout=PATIENCE_MS
    )
    await expect(hospital.locator(".ringing")).to_be_hidden()
    await expect(hospital.locator(".trace-tabs [aria-selected=true]")).to_contain_text("ST変化")
    assert "一致しません" not in await hospital.locator("body").inner_text()  # the hash was checked
    assert await ink(hospital) > 5000
    assert await ink(crew) > 5000
    await _stays_silent(hospital)

    await hospital.locator('[data-decision="stemi-cath"].answer').click()
    await hospital.locator("dialog textarea").fill("直接カテ室へ")
    await hospital.get_by_role("button", name="確定して救急隊へ送る").click()
    await expect(crew.locator("dialog.decided")).to_be_visible(timeout=PATIENCE_MS)
    await expect(crew.locator("dialog.decided")).to_contain_text("直接カテ室へ")
    await crew.get_by_role("button", name="確認した").click()
    await expect(crew.locator(".answer-big")).to_be_visible()
    await expect(_row(hospital, QUIET)).not_to_contain_text("STEMI基準を満たすST上昇")

    assert await stumbles(hospital) == []
    await hospital.get_by_role("tab", name="ST推移").click()
    await expect(hospital.locator(".trend-chart")).to_have_count(12)
    await expect(hospital.locator(".trend-top")).to_contain_text("最大 V")
    assert await stumbles(hospital) == []

    await crew.reload()
    await expect(crew.locator(".answer-big")).to_be_visible(timeout=PATIENCE_MS)
    await _second_ecg(hospital, crew)


async def _second_ecg(hospital: Page, crew: Page) -> None:
    """Another ECG after the decision: nobody has read it until somebody opens it."""
    done = crew.locator(".chain li.done")
    await expect(done).to_have_count(5)  # the last: the crew has read the decision
    await expect(hospital.locator(".receipts li.done")).to_have_count(5)
    await crew.locator(".snapshot").click()
    await expect(crew.locator(".answer-newer")).to_contain_text("前の心電図", timeout=PATIENCE_MS)
    await expect(crew.locator(".answer-newer")).to_contain_text(
        "病院に届きました", timeout=PATIENCE_MS
    )
    await expect(done).to_have_count(2)
    await hospital.locator(".newer-ecg").click()
    await expect(crew.locator(".answer-newer")).to_contain_text(
        "波形を見ています", timeout=PATIENCE_MS
    )
    await expect(done).to_have_count(3)
    await expect(hospital.locator(".newer-ecg")).to_be_hidden()


async def _is_told_of_a_quiet_ecg(crew: Page) -> None:
    """Nothing rang, and the hospital's list shows the case all the same."""
    await expect(crew.locator(".answer-words")).to_contain_text(
        "病院に届きました", timeout=PATIENCE_MS
    )
    await expect(crew.locator(".answer-words")).to_contain_text("まだ誰も開いていません")


async def _more_tones(page: Page, than: int) -> bool:
    return await page.evaluate("window.tones") > than


async def _stays_silent(page: Page) -> None:
    """After the opening no new burst begins."""
    await page.wait_for_timeout(1500)
    before = await page.evaluate("window.tones")
    await page.wait_for_timeout(6000)
    assert await page.evaluate("window.tones") == before
