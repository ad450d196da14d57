"""What the crew presses while the tablet's own process is away: kept with its time over a reload, sent once."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.doses import deep_only

from .conftest import Chromium
from .stand_ins import CASE, FakeTablet, now_us, overflow, panel_state, soon, visit

pytestmark = pytest.mark.browser


class DeadTablet(FakeTablet):
    """Answers presses as it is told to: 0 is no answer at all."""

    answers = 201

    def _http(self, route: Any) -> None:
        if self.answers == 0:
            route.abort()
        elif self.answers == 201:
            super()._http(route)
        else:
            words = {"title": "x", "code": "conflict"}
            route.fulfill(status=self.answers, content_type="application/problem+json", json=words)

    def sent(self, path: str) -> list[Any]:
        return [body for at, body in self.pressed if at == path]


def opened(page: Any) -> DeadTablet:
    tablet = DeadTablet(page)
    page.goto(page.url_of)
    page.wait_for_selector("text=送信中")
    return tablet


@pytest.mark.parametrize("size", ["tablet", *map(deep_only, ("phone", (768, 1024), "wall"))])
@pytest.mark.parametrize("dead", [0, 500])
def test_a_moment_and_a_line_are_kept_over_a_reload_and_sent_once_with_their_own_time(
    chromium: Chromium, size: Any, dead: int
) -> None:
    def work(page: Any) -> None:
        tablet = opened(page)
        tablet.answers = dead
        before_us = time.time_ns() // 1000
        page.click(".mark >> nth=0")
        page.wait_for_selector(".mark >> nth=0 >> text=▲")
        page.click(".small-act >> nth=1")
        page.fill(".own-note input", "冷汗あり")
        page.click(".own-note .primary")
        page.wait_for_selector(".unsent >> text=冷汗あり")
        page.wait_for_selector(".unsent >> text=接触")
        after_us = time.time_ns() // 1000
        page.reload()
        page.wait_for_selector(".unsent >> text=冷汗あり")
        page.wait_for_selector(".mark >> nth=0 >> text=▲")
        assert overflow(page) <= 0
        assert tablet.pressed == []
        tablet.answers = 201
        soon(page, lambda: len(tablet.sent("/note")) == 1 and len(tablet.sent("/mark")) == 1)
        page.wait_for_selector(".unsent", state="hidden")
        (mark,) = tablet.sent("/mark")
        assert (mark["mark"], mark["incident"], len(mark["act"])) == ("fmc", CASE, 36)
        assert before_us - 1000 <= mark["at_us"] <= after_us
        assert tablet.sent("/note")[0]["text"] == "冷汗あり"

    visit(chromium, "/panel", size, work, quiet=("ERR_FAILED", "500"))


def test_that_a_decision_was_read_is_told_though_the_page_was_closed_meanwhile(
    chromium: Chromium,
) -> None:
    def work(page: Any) -> None:
        tablet = opened(page)
        tablet.answers = 0
        chain = panel_state()["receipts"]
        tablet.say(receipts={**chain, "decision": "stemi-cath", "decided_by": "佐藤医師", "decided_at_us": now_us(), "decided_entry": 7})  # fmt: skip
        page.click(".understood")
        page.wait_for_selector(".unsent >> text=確認した")
        page.reload()
        page.wait_for_selector(".unsent >> text=確認した")
        tablet.answers = 201
        soon(page, lambda: len(tablet.sent("/understood")) == 1)
        assert tablet.sent("/understood")[0]["entry"] == 7

    visit(chromium, "/panel", "tablet", work, quiet=("ERR_FAILED",))


def test_an_ecg_that_was_not_taken_is_not_taken_later_in_silence(chromium: Chromium) -> None:
    """Minutes later the newest ten seconds are others than the crew meant."""

    def work(page: Any) -> None:
        page.clock.install()
        tablet = opened(page)
        tablet.answers = 0
        page.click(".snapshot")
        page.wait_for_selector(".unsent >> text=12誘導")
        for _ in range(12):
            page.clock.run_for(2_500)
        page.wait_for_selector(".unsent li[data-state=old]")
        tablet.answers = 201
        page.clock.run_for(10_000)
        assert tablet.sent("/snapshot") == []
        page.click(".unsent .primary")
        soon(page, lambda: len(tablet.sent("/snapshot")) == 1)
        page.wait_for_selector(".unsent", state="hidden")

    visit(chromium, "/panel", "tablet", work, quiet=("ERR_FAILED",))


def test_what_the_tablet_refuses_says_that_nothing_was_written_down(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        tablet = opened(page)
        tablet.answers = 409
        page.click(".mark >> nth=1")
        page.wait_for_selector(".unsent li[data-state=refused] >> text=記録されていません")
        page.wait_for_selector(".mark >> nth=1 >> text=▲", state="detached")
        page.click(".snapshot")
        page.wait_for_selector(".doing .error-line >> text=12誘導は送っていません")
        page.click(".patient")
        page.click("[data-id=pain8]")
        page.click(".card-close")
        page.wait_for_selector(".unsent >> text=傷病者カード")
        kept = json.loads(page.evaluate("localStorage.getItem('kyumei-presses')"))
        assert [act["state"] for act in kept] == ["refused"]
        while page.is_visible(".unsent"):
            page.click(".unsent li >> nth=0 >> button")

    visit(chromium, "/panel", "tablet", work, quiet=("409",))
