"""The crew's page: what was pressed survives a dead app, the hospital's line is heard, a photo is made small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.stand_ins import CASE, FakeTablet, now_us, overflow, panel_state, visit
from tests.patience import PATIENCE_MS
from tests.relay.pictures import a_jpeg


def test_an_entry_survives_a_dead_app_and_a_reload_and_touches_nothing_else(chromium: Any) -> None:
    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        page.route("**/api/patient", lambda route: route.abort())
        page.click(".patient")
        page.click("[data-id=pain8]")
        page.wait_for_selector(".card-state >> text=✕")
        page.unroute("**/api/patient")
        page.reload()
        page.wait_for_function("() => localStorage.getItem('kyumei-card-edits') === '{}'")
        assert ("/patient", {"incident": CASE, "pain_nrs": 8}) in tablet.pressed

    visit(chromium, "/panel", "tablet", work, quiet=("ERR_FAILED",))


def test_a_line_from_the_hospital_is_heard_and_stays_until_it_is_understood(chromium: Any) -> None:
    def work(page: Any) -> None:
        page.add_init_script("window.played = 0; const make = AudioContext.prototype.createOscillator; AudioContext.prototype.createOscillator = function () { window.played += 1; return make.call(this); };")  # fmt: skip
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        page.mouse.click(300, 300)
        page.wait_for_selector(".sound[data-armed=true]")
        silent = page.evaluate("window.played")
        line = {"entry": 9, "incident": CASE, "at_us": now_us(), "stage": "note", "who": "佐藤医師", "data": {"text": "V4Rも記録してください"}}  # fmt: skip
        tablet.say(notices=[line])
        page.wait_for_selector(".notices li[data-new=true] >> text=V4Rも記録してください")
        page.wait_for_function(f"() => window.played > {silent}")
        page.click(".notices-heard")
        page.wait_for_selector(".notices li[data-new=false]")
        page.reload()
        page.wait_for_selector("text=送信中")
        tablet.say(notices=[line])
        page.wait_for_selector(".notices li[data-new=false] >> text=V4R")

    visit(chromium, "/panel", "tablet", work)


def test_a_heart_that_stands_still_is_said_above_the_trace(chromium: Any) -> None:
    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        assert not page.is_visible(".standstill")
        tablet.say(standstill_s=7)
        page.wait_for_selector(".standstill >> text=QRSが7秒ありません")
        assert page.get_attribute(".standstill", "role") == "alert"
        tablet.say(standstill_s=None)
        page.wait_for_selector(".standstill", state="hidden")

    visit(chromium, "/panel", "tablet", work)


def test_daylight_is_remembered(chromium: Any) -> None:
    def work(page: Any) -> None:
        FakeTablet(page)
        page.goto(page.url_of)
        page.click(".light")
        page.reload()
        page.wait_for_selector("html[data-theme=light]")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(238, 241, 245)"

    visit(chromium, "/panel", "phone", work)


def test_a_photo_is_made_small_and_loses_where_it_was_taken(chromium: Any, tmp_path: Path) -> None:
    photo = tmp_path / "scene.jpg"
    photo.write_bytes(a_jpeg((4000, 3000), exif=True, noise=7))
    assert photo.stat().st_size > 204_800

    def work(page: Any) -> None:
        sent: list[bytes] = []
        FakeTablet(page)
        page.route("**/api/photo", lambda route: (sent.append(route.request.post_data_buffer), route.fulfill(status=201, body=json.dumps({"photo": "x"}))))  # fmt: skip
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        page.set_input_files(".small-acts input[type=file]", photo)
        page.wait_for_function("() => !document.querySelector('.photo').disabled")
        page.wait_for_timeout(300)
        (body,) = sent
        assert body.startswith(b"\xff\xd8\xff") and len(body) <= 204_800
        assert b"Secret" not in body

    visit(chromium, "/panel", "tablet", work)


LONG = "直接カテ室へ運んでください。背部痛と血圧の左右差も教えてください。" * 15
TABLETS = [(1024, 768, 230), (768, 1024, 230), (1920, 1080, 500), (360, 740, 200)]
ON_TOP = """(css) => { const e = document.querySelector(css), b = e.getBoundingClientRect();
  const at = document.elementFromPoint(b.left + b.width / 2, b.top + Math.min(b.height / 2, 20));
  return b.top >= 0 && b.bottom <= innerHeight && (e === at || e.contains(at)); }"""


@pytest.mark.parametrize(("width", "height", "least"), TABLETS)
def test_an_order_of_five_hundred_letters_hides_neither_itself_nor_the_trace(
    chromium: Any, width: int, height: int, least: int
) -> None:
    """Twenty-eight lines from the hospital as well: each list scrolls in its own frame."""

    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        lines = [{"entry": 9 + k, "incident": CASE, "at_us": now_us(), "stage": "note", "who": "佐藤医師", "data": {"text": f"V4Rも記録してください {k}"}} for k in range(28)]  # fmt: skip
        times = dict.fromkeys(("taken_at_us", "stored_at_us", "delivered_at_us", "opened_at_us", "decided_at_us"), now_us())  # fmt: skip
        told = {**panel_state()["receipts"], **times, "decision": "stemi-cath", "decision_text": LONG[:500], "decided_by": "佐藤 医師"}  # fmt: skip
        tablet.say(notices=lines, receipts=told)
        page.wait_for_selector("dialog.decided[open]")
        assert page.evaluate(ON_TOP, ".answer-huge")
        assert page.evaluate(ON_TOP, ".understood")
        page.click(".understood")
        assert page.evaluate(ON_TOP, ".snapshot")
        assert page.locator(".sweep-box").bounding_box()["height"] >= least
        if width >= 600:
            assert page.evaluate(ON_TOP, ".answer-big")
            assert page.evaluate(ON_TOP, ".notices-heard")
            assert page.evaluate(ON_TOP, ".sweep-box")
        assert overflow(page) <= 0

    visit(chromium, "/panel", (width, height), work)


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("size", [(1024, 768), (768, 1024), (800, 1280), (360, 740)])
def test_no_word_on_a_button_is_cut_off(chromium: Any, size: tuple[int, int], lang: str) -> None:
    def work(page: Any) -> None:
        page.add_init_script(f"localStorage.setItem('kyumei-lang', '{lang}')")
        FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector(".sweep[data-state]")
        page.wait_for_selector(".snapshot small")
        cut = page.evaluate("""[...document.querySelectorAll('button')].filter((b) => b.offsetParent).flatMap((b) => { const box = b.getBoundingClientRect(), range = document.createRange();
          range.selectNodeContents(b); return [...range.getClientRects()].some((r) => r.left < box.left - 0.5 || r.right > box.right + 0.5 || r.top < box.top - 0.5 || r.bottom > box.bottom + 0.5) ? [b.textContent] : []; })""")  # fmt: skip
        assert cut == []
        if size[1] > size[0] > 600:
            assert page.locator(".sweep-box").bounding_box()["height"] >= 250

    visit(chromium, "/panel", size, work)


def test_words_about_a_dead_program_go_when_it_answers_again(chromium: Any) -> None:
    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        page.route("**/api/case", lambda route: route.abort())
        page.click(".small-act >> nth=2")
        page.click(".ask .go:not([disabled])")
        page.wait_for_selector(
            ".ask .error-line >> text=まだ切り替わっていません"
        )  # not behind the dialog
        page.click(".ask .back")
        page.wait_for_selector(".doing .error-line:not(:empty)")
        page.unroute("**/api/case")
        page.wait_for_timeout(300)
        assert page.inner_text(".doing .error-line") != ""  # it is still true
        tablet.sockets.pop().close()
        page.wait_for_selector(".doing .error-line:empty", state="attached", timeout=PATIENCE_MS)

    visit(chromium, "/panel", "tablet", work, quiet=("ERR_FAILED",))
