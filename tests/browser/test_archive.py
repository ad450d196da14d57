"""Closed cases as a doctor finds them: apart from the open ones, read only, and marked with their day."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from .axe import RUN, WORST, axe_source
from .call_stage import SHOTS
from .conftest import Chromium
from .stand_ins import CASE, SIZES, SNAP, FakeRelay, overflow, signed_in, soon, visit

pytestmark = pytest.mark.browser
LONG_AGO_US = 1_764_000_000_000_000
N = 60


class Keeping(FakeRelay):
    """A relay with sixty closed cases; the first page looks far and finds little."""

    def old(self, n: int) -> dict[str, Any]:
        told = {"tier": "A", "at_us": LONG_AGO_US} if n % 3 == 0 else None
        decision = {"decision": "stemi-cath", "text": "LAD近位部を疑う。すぐ来てください", "who": "佐藤医師", "at_us": LONG_AGO_US}  # fmt: skip
        return {**self.row(), "id": CASE if n == 0 else str(UUID(int=900 + n)), "state": "closed", "call": None, "stream": None,
                "unit": f"福島救急{n}", "opened_at_us": LONG_AGO_US - n * 86_400_000_000, "highest": told, "tier": "E", "awaiting_read": False,
                "decision": decision if n % 2 == 0 else None, "cabin": None}  # fmt: skip

    def _answer(self, path: str, body: Any) -> Any:
        if path == "/archive":
            turn = sum(1 for _, asked, _ in self.asked if asked == "/archive")
            rows = [self.old(n) for n in (range(2) if turn == 1 else range(2, N))]
            beyond = str(UUID(int=7)) if turn == 1 else None
            return {
                "cases": rows,
                "beyond": beyond,
                "looked_to_us": LONG_AGO_US if beyond else None,
            }
        answer = super()._answer(path, body)
        if path == f"/incidents/{CASE}":
            known = {"onset_fmc": (3_720, False), "fmc_ecg": (None, True), "scene": (65, False)}
            intervals = {k: {"seconds": s, "is_reversed": r} for k, (s, r) in known.items()}
            return {
                **answer,
                **self.old(0),
                "snapshots": answer["snapshots"],
                "intervals": intervals,
            }
        if path == "/incidents":
            return {
                "incidents": [{**self.row(), "id": str(UUID(int=5))}],
                "more": 0,
                "beyond": None,
            }
        return answer


@pytest.mark.parametrize("size", SIZES)
def test_a_closed_case_is_found_and_read_and_nothing_can_be_done_to_it(
    chromium: Chromium, size: str
) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Keeping)
        page.click(".to-archive")
        page.wait_for_selector(f".archive .case >> nth={N - 1}")
        assert "60件" in page.inner_text(".archive-state")
        assert overflow(page) <= 0
        picture(page, f"archive-{size}")
        page.click(".archive .case >> nth=0")
        page.wait_for_selector(".case-since.archived")
        assert "終了した症例（閲覧のみ）" in page.inner_text(".case-since")
        assert "2025" in page.inner_text(".case-since")
        page.wait_for_selector(".sheet-box canvas")
        # said in the moment in which an open case's trace would count as opened
        soon(page, lambda: (relay.standing() or {}).get("snapshot") == SNAP)
        assert not page.is_visible(".answers")
        assert not page.is_visible(".note-form")
        page.keyboard.press("1")
        assert not page.is_visible("dialog.confirm")
        times = page.inner_text(".intervals").replace("\n", " ")
        for words in (
            "発症→接触 1時間2分",
            "接触→心電図 不明（時刻が前後）",
            "現場滞在 1分5秒",
            "病着→デバイス 不明",
        ):
            assert words in times, times
        page.locator(".intervals").scroll_into_view_if_needed()
        assert overflow(page) <= 0
        picture(page, f"archived-{size}")
        page.wait_for_timeout(
            1_500
        )  # longer than a trace has to be in sight before it counts as read
        assert relay.posts("/opened") == []
        assert page.locator(".list .case").count() == 1, "never among the open ones"
        page.evaluate("location.hash = 'archive'")
        page.wait_for_selector(".archive .case >> nth=0")
        assert relay.posts("/opened") == []
        assert page.input_value(".archive input[type=search]") == "", "the search is as it was left"

    visit(chromium, "/", size, work)


def test_a_case_that_is_closed_while_it_is_read_can_still_be_answered(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.click(".case")
        page.wait_for_selector(".answers button:not([disabled])")
        relay.tell({"kind": "incident", "incident": {**relay.row(), "state": "closed"}})
        page.wait_for_selector(".list .case", state="detached")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        assert page.is_visible(".answers")

    visit(chromium, "/", "tablet", work)


def picture(page: Any, name: str) -> None:
    """Axe finds nothing serious; a picture stays where somebody asks for them to look at."""
    line = page.context.new_cdp_session(page)
    line.send("Runtime.evaluate", {"expression": axe_source()})
    ask = {"expression": RUN, "awaitPromise": True, "returnByValue": True}
    found = line.send("Runtime.evaluate", ask)["result"]["value"]
    line.detach()
    assert [one for one in found if one[0] in WORST] == []
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")
