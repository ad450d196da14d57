"""The crew's page: what was pressed survives a dead app, the hospital's line is heard, a photo is made small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.browser.stand_ins import CASE, FakeTablet, now_us, visit
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
