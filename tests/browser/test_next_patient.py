"""Nothing that was set or typed for one patient is there for the next; doubts about a file are said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from .conftest import Chromium
from .stand_ins import CASE, SNAP, FakeRelay, FakeTablet, now_us, overflow, signed_in, soon, visit

pytestmark = pytest.mark.browser
OTHER = str(UUID(int=77))
ORIGIN = {
    "recorded_ja": "2019-02-03 08:15 記録（7年前）", "recorded_en": "recorded 2019-02-03 08:15 (7 years ago)",
    "doubts": ["old", "other-age"], "doubts_ja": "2019-02-03 08:15 記録（7年前）、ファイルは34歳女性、患者情報は61歳男性",
    "doubts_en": "recorded 2019-02-03 08:15 (7 years ago); the file is of a woman of 34, the card says a man of 61",
}  # fmt: skip


class TwoCases(FakeRelay):
    """Two patients; the ECG of the second is a file."""

    def row(self) -> dict[str, Any]:
        return {**super().row(), "alert": None, "awaiting_read": False}

    def _answer(self, path: str, body: Any) -> Any:
        other = {**self.row(), "id": OTHER, "unit": "福島救急2", "stream": None}
        if path == "/incidents":
            return {"incidents": [self.row(), other]}
        if path == f"/incidents/{OTHER}":
            snap = {**self.snap(), "report": None, "origin": ORIGIN, "reason": "file"}
            return {**other, "snapshots": [snap], "timeline": [], "report": None}
        return super()._answer(path, body)


@pytest.mark.parametrize("size", ["phone", "wall"])
def test_gain_band_order_and_words_do_not_follow_to_the_next_patient(
    chromium: Chromium, size: str
) -> None:
    def work(page: Any) -> None:
        signed_in(page, TwoCases)
        page.click(".case >> text=福島救急1")
        page.wait_for_selector(".sheet-box canvas")
        page.click(".sheet-tools button:has-text('Cabrera')")
        page.locator(".sheet-tools button").last.click()
        page.click(".trace-tabs >> text=ライブ")
        page.click(".sweep-tools button:has-text('mm/mV')")
        assert "warn" in page.get_attribute(".sweep .scale-text", "class")
        if size == "wall":
            page.fill(".note-form input", "V4Rも")
        assert page.evaluate(SET)["gain"] != 10
        page.evaluate(OPEN, "福島救急2")
        page.wait_for_selector(".trace .origin.doubt:not([hidden])")
        assert "ファイルは34歳女性、患者情報は61歳男性" in page.inner_text(".trace .origin.doubt")
        assert overflow(page) <= 0
        assert page.evaluate(SET) == {"gain": 10, "cabrera": "false", "band": True}
        assert page.evaluate("document.querySelector('.note-form input').value") == ""
        page.evaluate(OPEN, "福島救急1")
        soon(page, lambda: not page.is_visible(".trace .origin.doubt"))
        if size == "wall":
            soon(page, lambda: page.input_value(".note-form input") == "V4Rも")

    visit(chromium, "/", size, work)


OPEN = "(unit) => [...document.querySelectorAll('button.case')].find((b) => b.innerText.includes(unit)).click()"
SET = """() => {
  const gain = /(\\d+) mm/.exec(document.querySelector('.sweep-tools') ? [...document.querySelectorAll('.sweep-tools button')].map((b) => b.innerText).find((x) => x.includes('mm/mV')) : '10 mm')[1];
  const sheet = document.querySelector('.sheet-tools');
  return { gain: Number(gain), cabrera: sheet ? [...sheet.querySelectorAll('button')].find((b) => b.innerText === 'Cabrera').getAttribute('aria-pressed') : 'false',
    band: sheet ? !document.querySelector('.sheet .scale-text').className.includes('warn') : true };
}"""


@pytest.mark.parametrize("size", ["phone", "tablet"])
def test_a_refused_file_stands_until_it_is_confirmed(chromium: Chromium, size: str) -> None:
    remark = {
        "id": "r1", "at_us": now_us(), "cause": "file-other-format",
        "words_ja": "ecg12.dcm：この形式は読めません（a DICOM file）。", "words_en": "ecg12.dcm is a DICOM file.",
    }  # fmt: skip

    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        assert not page.is_visible(".remarks")
        snap = {"id": SNAP, "taken_at_us": now_us(), "first_sample": 0, "reason": "file", "stored_at_us": now_us(), "tier": "A", "statement_ja": "V2–V4でST上昇", "statement_en": "x", "origin": ORIGIN}  # fmt: skip
        tablet.say(remarks=[remark], snapshots=[snap])
        page.wait_for_selector(".remarks >> text=この形式は読めません")
        page.wait_for_selector(".screened .origin.doubt >> text=34歳女性")
        assert overflow(page) <= 0
        assert page.locator(".remarks-seen").bounding_box()["height"] >= 44
        page.click(".remarks-seen")
        soon(page, lambda: ("/remarks/seen", {"ids": ["r1"]}) in tablet.pressed)
        tablet.say(remarks=[], snapshots=[snap], incident=CASE)
        soon(page, lambda: not page.is_visible(".remarks"))

    visit(chromium, "/panel", size, work)
