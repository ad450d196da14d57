"""Who was told: devices of one person are one line, a link's ECG opens also where it comes late, and the two rings have two names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.browser.stand_ins import (
    ALERT,
    CASE,
    SNAP,
    FakeRelay,
    FakeTablet,
    now_us,
    overflow,
    signed_in,
    soon,
    visit,
)

from .conftest import Chromium

LATER = str(UUID(int=9))
TOLD_AT_US = 1_750_000_000_000_000


def told(entry: int, after_s: float = 0.0, stage: str = "told", **data: Any) -> dict[str, Any]:
    about = {"letter": str(entry), "channel": "web-push", "told": "田中医師", "hospital": "H", "step": 1, "alert": ALERT, "snapshot": SNAP}  # fmt: skip
    at_us = TOLD_AT_US + round(after_s * 1e6)
    return {"entry": entry, "incident": CASE, "at_us": at_us, "stage": stage, "who": "", "data": {**about, **data}}  # fmt: skip


LINES = [
    told(11), told(12, 1), told(13, 2, told="伊藤医師"), told(14, 3, channel="sms"),
    told(15, 4, "not-told", cause="way-gone"), told(16, 5, "not-told", cause="way-gone"),
    told(17, 120),
]  # fmt: skip
EXPECTED = {
    "田中医師の端末 2 台に通知": 1,
    "田中医師の端末に通知": 1,
    "伊藤医師の端末に通知": 1,
    "SMS 田中医師 送信済": 1,
    "田中医師の端末 2 台に通知できませんでした": 1,
}


def shot(page: Any, name: str) -> None:
    """A picture for the eye, where a folder is named."""
    if folder := os.environ.get("KYUMEI_SHOTS"):
        page.wait_for_timeout(300)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def counted(texts: list[str]) -> dict[str, int]:
    return {
        words: sum(text.split("：")[0].strip() == words for text in texts) for words in EXPECTED
    }


@pytest.mark.parametrize("size", [(360, 740), (1024, 768)])
def test_the_crew_reads_one_line_for_the_devices_of_one_doctor(
    chromium: Chromium, size: tuple[int, int]
) -> None:
    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        tablet.say(notices=LINES[:1])
        page.get_by_text("田中医師の端末に通知", exact=True).wait_for()
        tablet.say(notices=LINES[::-1])
        page.get_by_text("田中医師の端末 2 台に通知", exact=True).wait_for()
        texts = page.locator(".notices li > span").all_inner_texts()
        assert counted(texts) == EXPECTED
        assert len(texts) == len(EXPECTED)
        line = page.locator(
            ".notices li", has=page.get_by_text("田中医師の端末 2 台に通知", exact=True)
        )
        at = line.locator("time").inner_text()
        assert at == page.evaluate(
            "us => import('/static/kit/shared/format.js').then((f) => f.clock(us, true))",
            TOLD_AT_US,
        )
        assert overflow(page) <= 0
        page.locator(".from-hospital").scroll_into_view_if_needed()
        shot(page, f"told-tablet-{size[0]}")

    visit(chromium, "/panel", size, work)


class Late(FakeRelay):
    """A case whose second ECG is announced and not yet stored, and whose timeline has letters."""

    is_stored = False

    def _answer(self, path: str, body: Any) -> Any:
        later = {**self.snap(), "id": LATER, "stored_at_us": now_us() if self.is_stored else None}
        if path == f"/snapshots/{LATER}":
            return later
        found = super()._answer(path, body)
        if path == f"/incidents/{CASE}":
            snaps = [*found["snapshots"], {k: v for k, v in later.items() if k != "report"}]
            return {**found, "snapshots": snaps, "timeline": [*found["timeline"], *LINES]}
        return found


def opened_by_link(page: Any) -> Late:
    relay = signed_in(page, Late)
    page.evaluate(f"location.hash = '{CASE}?letter={LATER}&ecg={LATER}'")
    page.wait_for_selector(".sheet-box canvas")
    assert selected(page) == f"tab-{SNAP}"
    return relay


def selected(page: Any) -> str:
    return str(page.locator(".trace-tabs [aria-selected=true]").get_attribute("id"))


def stored(page: Any, relay: Late) -> None:
    """The ECG is stored, and the page has drawn it."""
    relay.is_stored = True
    asked = len(relay.asked)
    about = relay.entry("snapshot-stored", {"snapshot": LATER, "reason": "manual"})
    relay.tell({"kind": "timeline", **about})
    soon(page, lambda: any(path == f"/incidents/{CASE}" for _, path, _ in relay.asked[asked:]))


def test_a_links_ecg_opens_also_where_it_is_stored_after_the_case_was_drawn(
    chromium: Chromium,
) -> None:
    def work(page: Any) -> None:
        relay = opened_by_link(page)
        stored(page, relay)
        page.wait_for_selector(f"#tab-{LATER}[aria-selected=true]")
        page.click(f"#tab-{SNAP}")
        relay.tell({"kind": "incident", "incident": relay.row()})
        page.wait_for_timeout(300)
        assert selected(page) == f"tab-{SNAP}", "it is asked for once"
        texts = page.locator(".timeline li > span").all_inner_texts()
        assert counted(texts) == EXPECTED

    visit(chromium, "/", (1920, 1080), work)


def test_who_went_to_another_trace_is_left_there(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = opened_by_link(page)
        page.click("#tab-live")
        stored(page, relay)
        page.wait_for_timeout(500)
        assert selected(page) == "tab-live"

    visit(chromium, "/", (1920, 1080), work)


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("size", [(360, 740), (1920, 1080)])
def test_the_sound_of_the_page_and_the_closed_pages_ring_have_two_names(
    chromium: Chromium, size: tuple[int, int], lang: str
) -> None:
    page_words, device_words = {
        "ja": ("この画面は鳴りません", "画面を閉じていても鳴らす端末"),
        "en": ("This page will not ring", "Devices that ring while the page is closed"),
    }[lang]

    def work(page: Any) -> None:
        page.add_init_script(f"localStorage.setItem('kyumei-lang', '{lang}')")
        signed_in(page, Rings)
        assert page.inner_text(".armed-words").strip().endswith(page_words)
        shot(page, f"two-rings-bar-{lang}-{size[0]}")
        page.click(".ring-device-open")
        page.get_by_role("heading", name=device_words).wait_for()
        assert overflow(page) <= 0
        shot(page, f"two-rings-{lang}-{size[0]}")

    visit(chromium, "/", size, work)


class Rings(FakeRelay):
    """A person with one device that rings."""

    def _answer(self, path: str, body: Any) -> Any:
        if path == "/ring-devices":
            device = {"id": LATER, "name": "Chrome, Android", "put_at_us": 1, "told_at_us": None}
            return {"public_key": "x", "devices": [device]}
        return super()._answer(path, body)
