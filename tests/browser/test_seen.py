"""Painted is not seen, and no list pushes the trace away: forty-two cases, twenty-eight of them ringing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.doses import deep_only

from .conftest import Chromium
from .stand_ins import ALERT, CASE, SNAP, FakeRelay, now_us, overflow, signed_in, soon, visit

pytestmark = pytest.mark.browser
SCREENS = [(360, 640), (1024, 768), deep_only((360, 740)), deep_only((1920, 1080))]
RINGING, CASES = 28, 42
BOX = "document.querySelector('.sheet-box, .sweep-box')"
IN_SIGHT = f"""() => {{ const b = {BOX}.getBoundingClientRect(), pane = document.querySelector('.case-body').getBoundingClientRect();
  const high = Math.min(b.bottom, pane.bottom, innerHeight) - Math.max(b.top, pane.top, 0);
  const on = document.elementFromPoint(b.left + b.width / 2, Math.max(b.top, pane.top) + high / 2);
  return [high / b.height, {BOX}.contains(on)]; }}"""


class Ward(FakeRelay):
    """A night with everything at once."""

    def rows(self) -> list[dict[str, Any]]:
        first = self.row()
        out = [{**first, "alert": self.alert, "unit": "市原広域消防組合 姉崎高規格救急車 第2小隊"}]
        for k in range(1, CASES):
            alert = {**self.alert, "id": str(UUID(int=900 + k)), "state": "raised"} if k < RINGING else None  # fmt: skip
            out.append({**first, "id": str(UUID(int=500 + k)), "unit": f"福島救急{k + 1}", "alert": alert, "tier": "A" if alert else "E",
                        "awaiting_read": alert is not None, **({} if alert else {"call": None}), "unread": None if alert else str(UUID(int=700 + k)), "opened_at_us": now_us() - k * 60_000_000})  # fmt: skip
        return out

    def _answer(self, path: str, body: Any) -> Any:
        if path == "/incidents":
            return {"incidents": self.rows()}
        return super()._answer(path, body)

    def told(self, kind: str) -> list[str]:
        """What this page said reached somebody."""
        return [m.get("alert") or m.get("snapshot") for m in self.heard if m["kind"] == kind]


def open_case(page: Any) -> None:
    """The first case, by its address: as a message to the physician's phone does."""
    page.evaluate(f"location.hash = '{CASE}'")
    page.wait_for_selector(".sheet-box canvas")


@pytest.mark.parametrize("size", SCREENS)
@pytest.mark.parametrize("armed", [False, True])
def test_trace_and_answers_stay_with_twenty_eight_alarms(
    chromium: Chromium, size: tuple[int, int], armed: bool
) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Ward)
        if armed:
            page.click(".arm")
        open_case(page)
        share, is_on_top = page.evaluate(IN_SIGHT)
        assert share >= 0.5
        assert is_on_top
        for answer in page.locator(".answer").all():
            box = answer.bounding_box()
            assert box["y"] + box["height"] <= size[1]
            assert box["height"] >= 52
        assert overflow(page) <= 0
        soon(page, lambda: {"snapshot": SNAP} in relay.posts("/opened"))
        page.click(".calls-more")  # all the others are one press away, in a frame of their own
        frame = page.locator(".calls-all").bounding_box()
        assert frame["y"] + frame["height"] <= size[1]
        calls = page.locator(".ringing .call")
        assert calls.count() == RINGING - 1
        calls.last.scroll_into_view_if_needed()
        assert page.evaluate("innerHeight - [...document.querySelectorAll('.ringing .call')].at(-1).getBoundingClientRect().bottom") >= 0  # fmt: skip
        page.keyboard.press("Escape")
        assert page.locator(".calls-all").is_hidden()

    visit(chromium, "/", size, work)


def test_a_sheet_out_of_sight_was_not_opened(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.evaluate("document.querySelector('.case-body').append(Object.assign(document.createElement('div'), { className: 'far' }))")  # fmt: skip
        page.evaluate("document.querySelector('.trace').style.marginTop = '2400px'")
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        page.wait_for_timeout(2_500)
        assert relay.posts("/opened") == []
        page.evaluate("document.querySelector('.sheet-box').scrollIntoView({ block: 'center' })")
        soon(page, lambda: relay.posts("/opened") == [{"snapshot": SNAP}])

    visit(chromium, "/", (360, 740), work)


def test_a_glance_is_shorter_than_a_second(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        page.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => window.away ? 'hidden' : 'visible' })")  # fmt: skip
        turn = "(away) => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"  # fmt: skip
        relay = signed_in(page)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        # three looks of less than a second each, never a whole one
        page.evaluate(f"""async () => {{ const turn = {turn}, wait = (ms) => new Promise((done) => setTimeout(done, ms));
          for (let k = 0; k < 3; k += 1) {{ turn(true); await wait(300); turn(false); await wait(400); }} turn(true); }}""")  # fmt: skip
        page.wait_for_timeout(1_500)
        assert relay.posts("/opened") == []
        page.evaluate(turn, False)
        soon(page, lambda: relay.posts("/opened") == [{"snapshot": SNAP}])

    visit(chromium, "/", "wall", work)


def test_a_row_below_the_fold_is_on_nobodys_screen(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Ward)
        soon(page, lambda: ALERT in relay.told("delivered"))
        page.wait_for_timeout(1_500)
        last = str(UUID(int=700 + CASES - 1))  # a quiet ECG at the end of the list
        assert 1 <= len(relay.told("delivered")) < RINGING
        assert relay.told("shown") == []
        page.evaluate("document.querySelector('.case:last-child, .cases').lastElementChild.scrollIntoView()")  # fmt: skip
        soon(page, lambda: last in relay.told("shown"))
        assert len(relay.told("shown")) < CASES - RINGING

    visit(chromium, "/", (360, 640), work)


def test_an_armed_page_rings_for_rows_that_nobody_scrolls_to(chromium: Chromium) -> None:
    """A sound reaches a person; a quiet ECG in a row out of sight does not."""

    def work(page: Any) -> None:
        relay = signed_in(page, Ward)
        page.click(".arm")
        soon(page, lambda: len(relay.told("delivered")) == RINGING)
        page.wait_for_timeout(1_500)
        assert relay.told("shown") == []

    visit(chromium, "/", (360, 640), work)
