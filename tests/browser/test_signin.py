"""The sign-in page under a hand: what comes in late changes words, never the fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Chromium
from tests.browser.stand_ins import FakeRelay, visit

pytestmark = pytest.mark.browser


def test_the_sites_name_comes_late_and_takes_neither_the_hand_nor_the_press(
    chromium: Chromium,
) -> None:
    """A press that a redraw fell into was lost: somebody who types fast stood before a page that did nothing."""

    def work(page: Any) -> None:
        FakeRelay(page)
        held: list[Any] = []
        page.route("**/api/site", lambda route: held.append(route))
        page.goto(page.url_of)
        page.fill("#name", "sato")
        page.fill("#password", "good")
        page.evaluate("window.field = document.activeElement")
        button = page.locator("button[type=submit]").bounding_box()
        page.mouse.move(button["x"] + button["width"] / 2, button["y"] + button["height"] / 2)
        page.mouse.down()
        page.evaluate("window.pressed = document.activeElement")
        (late,) = held
        late.fulfill(
            json={"name": "遅れて来た病院", "version": "1", "screen_enabled": True, "demo": True}
        )
        page.get_by_text("遅れて来た病院").wait_for()
        assert page.evaluate("document.activeElement === window.pressed")
        assert page.evaluate("document.getElementById('password') === window.field")
        page.mouse.up()
        page.wait_for_selector(".case")

    visit(chromium, "/", "tablet", work)
