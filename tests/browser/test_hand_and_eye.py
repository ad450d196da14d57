"""Keys, focus and words of the hospital's page: what a person without a mouse, or who reads English, meets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.patience import PATIENCE_MS

from .conftest import Chromium
from .stand_ins import CASE, STREAM, FakeRelay, signed_in, soon, visit

pytestmark = pytest.mark.browser
ACTIVE = "document.activeElement.className"


@pytest.mark.parametrize(
    ("tags", "first"),
    [
        (["ja-JP", "en"], "ja"),
        (["en-GB", "ja"], "en"),
        (["pt-BR", "ja", "en"], "ja"),
        (["de"], "en"),
        ([], "ja"),
    ],
)
def test_the_browsers_own_language_comes_first(
    chromium: Chromium, tags: list[str], first: str
) -> None:
    got = chromium.run("async (tags) => (await import('/static/kit/shared/i18n.js')).wanted(tags)", tags)  # fmt: skip
    assert got == first


def test_what_a_person_chose_wins_over_the_browser(chromium: Chromium) -> None:
    def work(browser: Any) -> None:
        context = browser.new_context(locale="en-US", viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        page.url_of = f"{chromium.address}/"
        signed_in(page)
        assert page.evaluate("document.documentElement.lang") == "en"
        page.click(".menu >> text=日本語")
        page.reload()
        page.wait_for_selector(".case")
        assert page.evaluate("document.documentElement.lang") == "ja"
        context.close()

    chromium.do(work)


def test_letters_and_digits_can_be_switched_off(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        signed_in(page)
        page.click(".shortcuts")
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        page.keyboard.press("1")
        page.wait_for_timeout(300)
        assert page.locator("dialog.confirm[open]").count() == 0
        page.reload()  # and they stay off
        page.wait_for_selector(".sheet-box canvas")
        page.keyboard.press("l")
        page.wait_for_timeout(300)
        assert page.locator(".sweep").count() == 0
        page.click(".shortcuts")
        page.keyboard.press("1")
        page.wait_for_selector("dialog.confirm[open]")

    visit(chromium, "/", "wall", work)


@pytest.mark.parametrize("size", ["phone", "wall"])
def test_the_focus_goes_into_the_case_and_back_to_its_row(chromium: Chromium, size: str) -> None:
    def work(page: Any) -> None:
        signed_in(page)
        page.focus(".case")
        page.keyboard.press("Enter")
        page.wait_for_selector(".sheet-box canvas")
        page.wait_for_function(f"() => {ACTIVE} === 'case-unit'")
        page.keyboard.press("c")
        page.wait_for_selector(".sheet-box.measuring")
        page.keyboard.press("Escape")  # what was opened last is closed first
        page.wait_for_selector(".sheet-box:not(.measuring)")
        assert page.evaluate("location.hash") == f"#{CASE}"
        page.keyboard.press("Escape")
        page.wait_for_function("() => location.hash === ''")
        page.wait_for_function("() => document.activeElement.classList.contains('case')")

    visit(chromium, "/", size, work)


def test_the_tabs_are_walked_with_arrows_and_name_their_panel(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        signed_in(page)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        assert page.locator("[role=tab][tabindex='0']").count() == 1
        page.focus("[role=tab][aria-selected=true]")
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector(".trend")
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector(".sweep")
        assert page.evaluate("document.activeElement.getAttribute('role')") == "tab"
        panel = page.locator("[role=tabpanel]")
        assert panel.get_attribute("aria-labelledby") == page.evaluate("document.activeElement.id")
        page.keyboard.press("End")
        page.wait_for_selector(".sheet-box canvas")

    visit(chromium, "/", "wall", work)


def test_the_live_trace_has_its_rate_and_loses_it_with_the_stream(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.click(".case")
        page.click(".tab >> nth=0")
        page.wait_for_selector(".live-rate >> text=HR –")
        report = {"kind": "report", "stream": STREAM, "incident": CASE, "first_sample": 1000, "n_samples": 5000, "statement_ja": "", "statement_en": "", "report": {"tier": "E", "hr_bpm": 71.6}}  # fmt: skip
        relay.send_second(12)
        relay.tell(report)
        page.wait_for_selector(".live-rate >> text=HR 72/min")
        page.wait_for_selector(".live-rate >> text=HR –", timeout=PATIENCE_MS)  # nothing came since

    visit(chromium, "/", "wall", work)


def test_a_drill_is_marked_on_the_list_and_beside_every_trace(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        signed_in(page, FakeRelay)
        soon(page, lambda: page.locator(".drill-mark").is_visible())
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        assert page.locator(".drill-mark").is_visible()

    visit(chromium, "/", "phone", work)
