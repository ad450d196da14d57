"""An armed page proves that it would ring; where it would not, that is heard and read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.patience import PATIENCE_MS

from .conftest import Chromium
from .stand_ins import SNAP, FakeRelay, now_us, overflow, signed_in, soon, visit

pytestmark = pytest.mark.browser

ARMED = """async () => { const { Armed } = await import('/static/kit/shared/armed.js');
  const a = new Armed(); const said = []; const good = { running: true, hasOutput: true };
  const look = (nowMs, found = {}) => { a.look(nowMs, { ...good, heardMs: nowMs, provedMs: nowMs, ...found }); said.push([a.state, a.cause, a.lostS(nowMs)]); };
"""

EAR = """
window.tones = []; const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) { window.tones.push([Date.now(), Math.round(this.frequency.value)]); return start.call(this, at); };
"""


def test_armed_is_what_is_proved(chromium: Chromium) -> None:
    got = chromium.run(
        ARMED
        + """ look(0); a.want(1000); look(2000); look(10500, { heardMs: 2000, provedMs: 2000 }); look(11500, { heardMs: 2000, provedMs: 2000 });
        look(72000, { heardMs: 2000, provedMs: 2000 }); look(73000); const gap = a.gaps[0];
        look(74000, { running: false }); look(75000, { hasOutput: false }); look(90000, { provedMs: 76000 }); look(91000);
        a.end(92000); look(93000); a.want(94000); look(95000); a.release(); look(99000, { heardMs: NaN });
        return { said, gap, gaps: a.gaps.length }; }"""
    )
    assert got["said"][0] == ["silent", None, 0]
    assert got["said"][1] == ["armed", None, 0]
    assert got["said"][2] == ["armed", None, 0]
    assert got["said"][3] == ["lost", "link", 10], "seconds since the relay was last heard"
    assert got["said"][4] == ["lost", "link", 70], "redials do not begin it anew"
    assert got["said"][5][0] == "armed"
    assert got["gap"] == {"fromMs": 2000, "toMs": 73000}
    assert [x[:2] for x in got["said"][6:9]] == [
        ["lost", "sound"],
        ["lost", "output"],
        ["lost", "relay"],
    ]
    assert got["said"][10][:2] == ["lost", "session"]
    assert got["said"][11][0] == "armed"
    assert got["said"][12][0] == "silent"


def armed(page: Any) -> FakeRelay:
    page.add_init_script(EAR)
    relay = signed_in(page)
    relay.alert = {**relay.alert, "state": "decided"}
    relay.tell({"kind": "incident", "incident": relay.row()})
    page.click(".arm")
    soon(page, lambda: (relay.standing() or {}).get("armed") is True)
    page.wait_for_selector(".armed[data-armed=true]")
    return relay


def test_a_relay_that_falls_silent_is_heard_and_counted(chromium: Chromium) -> None:
    """Nothing closes, nothing answers: within ten seconds the page says that it will not ring."""

    def work(page: Any) -> None:
        relay = armed(page)
        relay.mute = True
        page.evaluate("window.tones.length = 0")
        page.wait_for_selector(".armed[data-armed=lost] >> text=鳴りません", timeout=PATIENCE_MS)
        assert "アラーム有効" not in page.inner_text(".topbar")
        assert page.title().startswith("▲ 鳴りません")
        soon(page, lambda: page.evaluate("window.tones.length") >= 2)
        assert [hz for _, hz in page.evaluate("window.tones")][:2] == [330, 262], "two, falling"
        soon(page, lambda: int(page.inner_text(".lost-for").partition("秒")[0]) >= 12)
        relay.mute = False
        relay.beat()
        page.wait_for_selector(".armed[data-armed=true]", timeout=PATIENCE_MS)
        assert "鳴りませんでした" in page.inner_text(".armed")
        page.click(".gap-seen")
        assert "鳴りませんでした" not in page.inner_text(".armed")
        assert overflow(page) <= 0

    visit(chromium, "/", "phone", work, quiet=("401", "WebSocket"))


def test_a_sound_that_stops_is_told_to_the_relay(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        page.add_init_script(
            "window.contexts = []; const A = window.AudioContext; window.AudioContext = class extends A { constructor(...a) { super(...a); window.contexts.push(this); } resume() { return window.stopped ? Promise.reject(new Error('taken')) : super.resume(); } };"
        )
        relay = armed(page)
        page.evaluate("window.stopped = true; window.contexts[0].suspend()")
        page.wait_for_selector(".armed[data-armed=lost] >> text=この端末の音が止まっています")
        soon(page, lambda: (relay.standing() or {}).get("armed") is False)
        page.evaluate("window.stopped = false")
        page.click(".armed .arm")
        page.wait_for_selector(".armed[data-armed=true]")

    visit(chromium, "/", "tablet", work)


def test_a_colleagues_lost_console_is_heard_once_and_read(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = armed(page)
        page.wait_for_timeout(1_500)  # the trial burst has been put on the clock
        page.evaluate("window.tones.length = 0")
        lost = [{"who": "鈴木医師", "since_us": now_us(), "why": "gone"}]
        for _ in range(3):
            relay.beat(lost=lost)
        page.wait_for_selector("text=鈴木医師 の画面が")
        soon(page, lambda: page.evaluate("window.tones.length") == 2)

    visit(chromium, "/", "wall", work)


def test_a_page_nobody_touches_hides_the_patient_and_rings_on(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = armed(page)
        relay.alert = {**relay.alert, "state": "raised"}
        relay.tell({"kind": "incident", "incident": relay.row()})
        page.wait_for_selector(".call")
        page.click(".call")
        page.wait_for_selector(".sheet-box canvas")
        relay.alert = {**relay.alert, "state": "raised"}  # the next ECG rings
        relay.tell({"kind": "incident", "incident": relay.row()})
        relay.rests = True
        relay.tell({"kind": "welcome", "user": {"name": "sato", "display_name": "佐藤医師", "role": "cardiologist", "hospital": "H"}, "server_us": now_us(), "rests": True})  # fmt: skip
        page.wait_for_selector(".lock")
        assert "67" not in page.inner_text("body")
        assert "福島救急1" in page.inner_text(".lock-waiting")
        assert page.locator("canvas").count() == 0
        said = len(relay.heard)
        for socket in relay.sockets:
            socket.close(code=4003, reason="Come back at once.")
        relay.sockets.clear()
        soon(page, lambda: any(m["kind"] == "console" and m["armed"] for m in relay.heard[said:]))
        assert not any(m["kind"] == "watch" for m in relay.heard[said:]), (
            "a page that rests may not"
        )
        page.evaluate("window.tones.length = 0")
        soon(page, lambda: page.evaluate("window.tones.length") >= 10)  # it rings on
        page.fill("#wake-password", "bad")
        page.click(".lock button[type=submit]")
        page.wait_for_selector("text=パスワードが違います。")
        page.fill("#wake-password", "good")
        page.click(".lock button[type=submit]")
        page.wait_for_selector(".sheet-box canvas")
        assert overflow(page) <= 0

    visit(chromium, "/", "phone", work)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("account-disabled", "管理者がこの利用者を停止しました"),
        ("password-changed", "パスワードが変更されました"),
        ("too-old", "日がたった"),
    ],
)
def test_an_end_by_somebody_else_is_said_and_heard(
    chromium: Chromium, why: str, words: str
) -> None:
    def work(page: Any) -> None:
        relay = armed(page)
        page.wait_for_timeout(1_500)
        page.evaluate("window.tones.length = 0")
        for socket in relay.sockets:
            socket.close(code=4001, reason=f"{why}: in words")
        page.wait_for_selector(f"text={words}")
        page.wait_for_selector(".ring-notice >> text=鳴りません")
        soon(page, lambda: page.evaluate("window.tones.length") >= 2)

    visit(chromium, "/", "tablet", work)


def test_what_somebody_does_is_said_only_while_it_is_so(chromium: Chromium) -> None:
    """Looking, receiving: in the present tense while the link lives, and not after it."""

    def work(page: Any) -> None:
        relay = signed_in(page)
        looking = [{"who": "鈴木医師", "snapshot": SNAP, "since_us": now_us()}]
        relay.tell({"kind": "incident", "incident": {**relay.row(), "looking": looking}})
        page.wait_for_selector(".case >> text=鈴木医師 が今 見ています")
        page.wait_for_selector(".case >> text=受信中")
        relay.age_ms = 70_000
        relay.beat()
        page.wait_for_selector(".case >> text=途絶")
        relay.age_ms = 200
        relay.beat()
        page.wait_for_selector(".case >> text=受信中")
        relay.mute = True
        page.wait_for_selector(".case >> text=今は不明", timeout=PATIENCE_MS)
        text = page.inner_text(".case")
        assert "見ています" not in text
        assert "受信中" not in text

    visit(chromium, "/", "phone", work, quiet=("401", "WebSocket"))


def test_what_is_seen_and_by_whose_hand_is_told_with_each_beat(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        soon(page, lambda: (relay.standing() or {}).get("snapshot") == SNAP)
        said = len(relay.heard)
        relay.beat()
        soon(page, lambda: len(relay.heard) > said)
        relay.beat()
        soon(page, lambda: relay.standing()["input"] is False)
        page.mouse.click(5, 400)
        relay.beat()
        soon(page, lambda: any(m.get("input") for m in relay.heard[said:]))
        page.click(".back-to-list") if page.locator(".back-to-list").is_visible() else page.keyboard.press("Escape")  # fmt: skip
        soon(page, lambda: relay.standing()["incident"] is None)

    visit(chromium, "/", "phone", work)


def test_a_page_that_is_woken_on_another_tab_shows_its_cases_again(chromium: Chromium) -> None:
    """Two tabs of one browser have one session: the relay sends whole rows again, and no lock hides them."""

    def work(page: Any) -> None:
        relay = armed(page)
        me = {"name": "sato", "display_name": "佐藤医師", "role": "cardiologist", "hospital": "H"}
        relay.tell({"kind": "welcome", "user": me, "server_us": now_us(), "rests": True})
        page.wait_for_selector(".lock")
        relay.tell({"kind": "welcome", "user": me, "server_us": now_us(), "rests": False})
        page.wait_for_selector(".case >> text=67歳")
        assert page.locator(".lock").count() == 0

    visit(chromium, "/", "tablet", work)
