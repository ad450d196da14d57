"""A press whose button is drawn anew between finger down and finger up: carried out once, as the person saw it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Chromium
from tests.browser.stand_ins import CASE, FakeRelay, visit

pytestmark = pytest.mark.browser


def _middle(page: Any, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _signed_in(page: Any) -> FakeRelay:
    relay = FakeRelay(page)
    relay.signed_in = True
    page.goto(page.url_of)
    page.wait_for_selector(".ringing button")
    return relay


def _drawn_anew(page: Any, relay: FakeRelay) -> None:
    """The alarm has been delivered meanwhile: its strip is drawn anew."""
    page.evaluate("window.old = document.querySelector('.ringing button')")
    relay.alert = {**relay.alert, "state": "delivered"}
    relay.tell({"kind": "incident", "incident": relay.row()})
    page.wait_for_function("() => !window.old.isConnected")


def test_an_alarm_opens_although_its_strip_was_drawn_anew_under_the_finger(
    chromium: Chromium,
) -> None:
    def work(page: Any) -> None:
        relay = _signed_in(page)
        page.mouse.move(*_middle(page, ".ringing button"))
        page.mouse.down()
        _drawn_anew(page, relay)
        page.mouse.up()
        page.wait_for_selector(".sheet-box canvas")
        assert page.evaluate("location.hash") == f"#{CASE}"

    visit(chromium, "/", "tablet", work)


def test_a_space_bar_is_a_press_too(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = _signed_in(page)
        page.focus(".ringing button")
        page.keyboard.down(" ")
        _drawn_anew(page, relay)
        page.keyboard.up(" ")
        page.wait_for_selector(".sheet-box canvas")

    visit(chromium, "/", "tablet", work)


PAGE = """async ([kind, touch]) => {
  const { Finger } = await import('/static/kit/shared/finger.js');
  const stage = document.createElement('main'); document.body.append(stage); new Finger(stage);
  const list = document.createElement('div'); stage.append(list);
  const done = [];
  const draw = (name) => { const b = document.createElement('button'); b.style.cssText = 'position:fixed;left:0;top:0;width:100px;height:50px';
    b.textContent = name; b.onclick = () => done.push(name); list.replaceChildren(b); return b; };
  const old = draw('old');
  const at = (type, target, more = {}) => target.dispatchEvent(new PointerEvent(type, { bubbles: true, isPrimary: true, button: 0, clientX: 50, clientY: 20,
    pointerType: touch ? 'touch' : 'mouse', ...more }));
  at('pointerdown', old);
  if (kind === 'redrawn' || kind === 'elsewhere' || kind === 'cancelled') draw('new');
  if (kind === 'same again') { list.replaceChildren(); list.append(old); }
  if (kind === 'screen gone') stage.replaceChildren();
  if (kind === 'twice') { draw('new'); draw('newer'); }
  if (kind === 'disabled') { old.disabled = true; draw('new'); }
  if (kind === 'cancelled') at('pointercancel', document.body);
  at('pointerup', list.firstChild ?? document.body, kind === 'elsewhere' ? { clientX: 300 } : {});
  await new Promise((done) => setTimeout(done, 500));
  return done;
}"""


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
@pytest.mark.parametrize(
    ("kind", "done"),
    [
        ("redrawn", ["old"]),
        ("twice", ["old"]),
        ("same again", ["old"]),
        ("untouched", []),  # the browser's own click, which a made event does not bring
        ("elsewhere", []),
        ("cancelled", []),
        ("screen gone", []),
        ("disabled", []),
    ],
)
def test_what_becomes_of_a_press(
    chromium: Chromium, kind: str, done: list[str], *, touch: bool
) -> None:
    assert chromium.run(PAGE, [kind, touch]) == done


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_a_press_that_the_browser_carries_out_is_not_carried_out_twice(
    chromium: Chromium, *, touch: bool
) -> None:
    def work(browser: Any) -> list[str]:
        context = browser.new_context(has_touch=True)
        page = context.new_page()
        page.goto(f"{chromium.address}/blank")
        page.evaluate(
            """async () => { const { Finger } = await import('/static/kit/shared/finger.js'); window.done = [];
            const list = document.createElement('div'), stage = document.createElement('main'); stage.append(list); document.body.append(stage); new Finger(stage);
            window.draw = (name) => { const b = document.createElement('button'); b.style.cssText = 'position:fixed;left:0;top:0;width:100px;height:50px';
              b.onclick = () => { done.push(name); draw(name + '+'); }; list.replaceChildren(b); }; draw('a'); }"""
        )
        (page.touchscreen.tap if touch else page.mouse.click)(50, 20)
        page.wait_for_timeout(500)
        said: list[str] = page.evaluate("done")
        context.close()
        return said

    assert chromium.do(work) == ["a"]
