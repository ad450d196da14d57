"""A relay that cannot store, on real pages: it is said, reading goes on, a decision waits visibly and goes by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.records.port.cases import CasesAsked
from tests.browser_page import chromium as a_chromium
from tests.held_database import hold
from tests.patience import PATIENCE_MS
from tests.relay.kept_folder import a_patient
from tests.relay.test_late import until_it_takes_writes
from tests.relay.world import PASSWORD, a_world

pytestmark = pytest.mark.browser
WORDS = ".trouble, .error-line"
SAID = "新しい記録は保存されていません"


async def _signed_in(browser: Any, port: int, path: str, name: str) -> Any:
    context = await browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"http://localhost:{port}{path}")
    await page.fill("#name", name)
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    return page


async def kept(page: Any) -> None:
    """The relay has every order; one that is tried for the first time is in no list yet."""
    await page.wait_for_function(
        "() => JSON.parse(localStorage.getItem('kyumei-unsent') ?? '[]').length === 0"
    )


async def test_pages_of_a_relay_that_cannot_store(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, a_chromium() as browser:
        async with world.tablet() as tablet:
            await a_patient(world, tablet)
        desk = await _signed_in(browser, world.port, "/dispatch", "kato")
        await desk.locator(".top [role=status]").first.wait_for()
        holder = await hold(tmp_path / "records.sqlite")

        doctor = await _signed_in(browser, world.port, "/", "sato")  # signing in needs no writing
        for page in (doctor, desk):
            await page.locator(WORDS, has_text=SAID).first.wait_for()
        await doctor.locator(".case").first.click()
        await doctor.locator(".sheet-box canvas").first.wait_for()
        await doctor.locator('.answer[data-decision="repeat-5min"]').click()
        await doctor.locator("dialog.confirm textarea").fill("右室誘導も")
        await doctor.locator("dialog.confirm .send:not([disabled])").click()
        await doctor.locator("dialog.confirm", has_text="まだ送れていません").wait_for()
        await doctor.locator("dialog.confirm .back").click()
        await doctor.locator(".unsent", has_text="右室誘導も").wait_for()

        holder.rollback()
        holder.close()
        await until_it_takes_writes(world.relay.records)  # type: ignore[arg-type]  # the real one
        await kept(doctor)
        for page in (doctor, desk):
            await page.locator(WORDS, has_text=SAID).first.wait_for(state="hidden")
        async with world.relay.records.read() as records:
            (case,) = await records.cases.incidents(CasesAsked(), at_most=2)
            decision = await records.cases.last_decision(case.id)
        assert decision is not None
        assert decision.text == "右室誘導も"
        for page in (doctor, desk):
            await page.context.close()
