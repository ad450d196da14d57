"""The pages in a real Chromium against a relay made of route handlers: what a person would notice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser_page import OLD_SAFARI
from tests.patience import PATIENCE_MS

from .conftest import Chromium
from .stand_ins import (
    ALERT,
    CASE,
    SIZES,
    SNAP,
    STREAM,
    FakeRelay,
    FakeTablet,
    now_us,
    overflow,
    panel_state,
    signed_in,
    soon,
    visit,
)

pytestmark = pytest.mark.browser


def test_wrong_password_says_why(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        FakeRelay(page)
        page.goto(page.url_of)
        page.fill("#name", "sato")
        page.fill("#password", "bad")
        page.click("button[type=submit]")
        page.wait_for_selector("text=パスワードが違います。")

    visit(chromium, "/", "phone", work)


@pytest.mark.parametrize("size", SIZES)
def test_from_ring_to_decision(chromium: Chromium, size: str) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        assert overflow(page) <= 0
        page.wait_for_selector("text=この画面は鳴りません")
        soon(page, lambda: (relay.standing() or {}).get("armed") is False)
        page.click(".arm")
        page.wait_for_selector(".armed[data-armed=true]")
        soon(page, lambda: (relay.standing() or {}).get("armed") is True)
        soon(page, lambda: {"kind": "delivered", "alert": ALERT} in relay.heard)
        assert relay.posts("/opened") == []  # a drawn row is not a read trace
        page.click(".ringing .call")
        page.wait_for_selector(".sheet-box canvas")
        page.wait_for_function("() => document.querySelector('.ringing').hidden")
        soon(page, lambda: relay.posts("/opened") == [{"snapshot": SNAP}])
        page.wait_for_function("() => document.querySelector('.ringing').hidden")
        assert "<b>x</b>" in page.inner_text(".side")
        assert overflow(page) <= 0
        box = page.locator(".answer").first.bounding_box()
        assert box["height"] >= 52
        assert box["y"] + box["height"] <= SIZES[size][1]
        spot = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.click(*spot)
        page.wait_for_selector("dialog.confirm[open]")
        page.mouse.click(*spot)  # the second tap of a trembling thumb
        page.wait_for_timeout(900)
        assert relay.posts("/decisions") == []
        page.fill("dialog.confirm textarea", "直接カテ室へ")
        page.click("dialog.confirm .send")
        page.wait_for_selector(".decided-line:not([hidden])")
        (sent,) = relay.posts("/decisions")
        assert sent.pop("act")
        assert sent == {"decision": "stemi-cath", "text": "直接カテ室へ", "snapshot": SNAP, "live": None, "after": 0}  # fmt: skip

    visit(chromium, "/", size, work)


def test_a_hidden_page_has_not_read_anything(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        page.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => window.seen ? 'visible' : 'hidden' })")  # fmt: skip
        relay = signed_in(page)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        page.wait_for_timeout(500)
        assert relay.posts("/opened") == []
        page.evaluate("window.seen = true; document.dispatchEvent(new Event('visibilitychange'))")
        soon(page, lambda: relay.posts("/opened") == [{"snapshot": SNAP}])

    visit(chromium, "/", "wall", work)


def test_live_trace_ages_in_words_and_draws_the_hole(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.click(".case")
        page.click(".tab >> nth=0")
        page.wait_for_selector(".sweep[data-state=live]")
        page.wait_for_selector(".sweep[data-state=stale]", timeout=PATIENCE_MS)
        assert "更新なし" in page.inner_text(".age-badge")
        relay.send_second(16)  # seconds 12 to 15 are missing
        page.wait_for_selector(".sweep[data-state=live]")
        soon(page, lambda: relay.posts("/opened")[-1] == {"snapshot": None})
        for second in range(12, 16):
            relay.send_second(second, backlog=True)
        page.wait_for_timeout(300)
        page.wait_for_selector(".sweep[data-state=lost]", timeout=PATIENCE_MS)
        assert "途絶" in page.inner_text(".age-badge")
        assert "過去の波形" in page.inner_text(".sweep-over")

    visit(chromium, "/", "wall", work)


def test_a_heart_that_stands_still_is_said_until_it_beats_and_on_no_dead_stream(
    chromium: Chromium,
) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.click(".case")
        page.wait_for_selector(".statement")
        report = {"kind": "report", "stream": STREAM, "incident": CASE, "first_sample": 0, "n_samples": 5000, "statement_ja": "文", "statement_en": "x"}  # fmt: skip
        relay.tell({**report, "report": {"tier": "E", "standstill_s": 6}})
        page.wait_for_selector(".standstill >> text=QRSが6秒以上見えません")
        page.click(".tab >> nth=0")
        page.wait_for_selector(".standstill >> text=6秒")
        relay.tell({**report, "report": {"tier": "E"}})
        page.wait_for_selector(".standstill", state="detached")
        relay.tell({**report, "report": {"tier": "E", "standstill_s": 12}})
        page.wait_for_selector(".standstill >> text=12秒")
        row = {**relay.row(), "standstill": True}
        relay.tell({"kind": "incident", "incident": row})
        page.wait_for_selector(".case .standstill >> text=QRSが見えません")
        relay.age_ms = 60_000
        relay.beat()
        page.wait_for_selector(".standstill", state="detached")

    visit(chromium, "/", "wall", work)


def test_reduced_motion_stands_still(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        signed_in(page)
        page.click(".case")
        page.click(".tab >> nth=0")
        page.wait_for_selector(".sweep.frozen")

    visit(chromium, "/", "tablet", work, reduced_motion="reduce")


def test_sheet_is_true_to_its_own_millimetres(chromium: Chromium) -> None:
    """Paints a known recording at 4 px/mm and measures the pixels."""
    got = chromium.run(
        """async () => { const { layoutOf } = await import('/static/kit/ecg/paper.js'); const { paintSheet, tracesOf } = await import('/static/kit/ecg/sheet-paint.js');
        const { SampleRing } = await import('/static/kit/ecg/ring.js'); const n = 5000; const ring = new SampleRing(n);
        const step = Int16Array.from({ length: n }, (_, i) => (i >= 250 && i < 500 ? 1000 : 0));
        ring.write({ firstSample: 0, nSamples: n, leads: ['I', 'II'], rows: [step, new Int16Array(n)] });
        const rec = { ring, firstSample: 0, nSamples: n, fsHz: 500, uvPerLsb: 1, leadMask: 3, hash: 'match' };
        const layout = layoutOf('3x4'); const k = 4; const c = document.createElement('canvas'); c.width = layout.widthMm * k; c.height = layout.heightMm * k; const ctx = c.getContext('2d');
        const colours = { paper: '#ffffff', fine: '#00ff00', bold: '#ff0000', ink: '#000000', label: '#0000ff', mark: '#0000ff', gap: '#ffff00', caliper: '#0000ff' };
        paintSheet(ctx, { layout, rec, traces: tracesOf(rec, layout, 'diagnostic'), view: { pxPerMm: k, xPx: 0.5, yPx: 0.5, dpr: 1 }, colours, notes: new Map(), gapWords: String, missingWords: '' }, c.width, c.height);
        const d = ctx.getImageData(0, 0, c.width, c.height).data; const at = (x, y) => { const i = 4 * (Math.round(y) * c.width + Math.round(x)); return [d[i], d[i + 1], d[i + 2]]; };
        const dark = (x, y) => at(x, y).every((v) => v < 170); const red = (x, y) => { const [r, g, b] = at(x, y); return r > 200 && g < 60 && b < 60; };
        const columns = []; for (let x = 0; x < c.width; x += 1) if (red(x, 2)) columns.push(x);
        const rows = []; for (let y = 0; y < c.height; y += 1) if (red(2, y)) rows.push(y);
        const cell = layout.cells[0]; const foot = layout.pulses[0];
        const topOf = (x, from, to) => { for (let y = from; y < to; y += 1) if (dark(x, y)) return y; return null; };
        const pulseTop = topOf((foot.xMm + 5) * k, 0, 25 * k), pulseFoot = topOf((foot.xMm + 1) * k, 0, 25 * k);
        const high = topOf((cell.xMm + 18) * k, 0, 25 * k), low = topOf((cell.xMm + 6) * k, 4 * k, 25 * k);
        let rise = null; for (let x = (cell.xMm + 8) * k; x < (cell.xMm + 16) * k; x += 1) if (dark(x, (cell.yMm - 5) * k)) { rise = x; break; }
        return { columns: columns.map((x, i) => (i ? x - columns[i - 1] : 0)).slice(1), rows: rows.map((y, i) => (i ? y - rows[i - 1] : 0)).slice(1), pulse: pulseFoot - pulseTop, deflection: low - high, riseMm: rise / k - cell.xMm }; }"""
    )
    assert set(got["columns"]) == {20}  # 5 mm at 4 px/mm, both ways
    assert set(got["rows"]) == {20}
    assert got["pulse"] == pytest.approx(40, abs=1)  # 1 mV is 10 mm
    assert got["deflection"] == pytest.approx(40, abs=1)
    assert got["riseMm"] == pytest.approx(12.5, abs=0.5)  # sample 250 at 500 Hz and 25 mm/s


def test_crew_page_is_pressed_with_gloves(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=V3 外れ：貼り直してください")
        page.wait_for_selector("text=訓練")
        page.wait_for_selector("text=送信中")
        page.wait_for_function("() => document.querySelector('.sweep').dataset.state !== 'waiting'")
        small = page.evaluate("[...document.querySelectorAll('button')].filter((b) => b.offsetParent).map((b) => [b.textContent, b.offsetWidth, b.offsetHeight]).filter(([, w, h]) => w < 64 || h < 64)")  # fmt: skip
        assert small == []
        page.click(".snapshot")
        page.click(".mark >> nth=0")
        page.click(".patient")
        page.click("[data-id=sexM]")
        page.click("[data-id=age60]")
        page.click("[data-id=bp_right]")
        for key in "13284":
            page.click(f'.pad-keys button[aria-label="{key}"]')
        page.click(".pad-end .primary")
        page.wait_for_selector("text=保存しました")
        soon(page, lambda: "/snapshot" in dict(tablet.pressed))
        soon(page, lambda: dict(tablet.pressed).get("/mark", {}).get("mark") == "fmc")
        soon(
            page,
            lambda: any("bp_right" in body for path, body in tablet.pressed if path == "/patient"),
        )
        posts = [body for path, body in tablet.pressed if path == "/patient"]
        assert all(body.pop("incident") == CASE for body in posts)
        card = {name: value for body in posts for name, value in body.items()}
        assert (card["sex"], card["age_years"], card["bp_right"]) == ("M", 65, "132/84")
        assert set(card) == {"sex", "age_years", "bp_right"}  # what changed and nothing else
        small = page.evaluate("[...document.querySelectorAll('dialog[open] button')].filter((b) => b.offsetParent && (b.offsetWidth < 64 || b.offsetHeight < 64)).length")  # fmt: skip
        assert small == 0

    visit(chromium, "/panel", "tablet", work)


def test_an_ipad_of_2014_shows_and_decides_too(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        page.add_init_script(OLD_SAFARI)
        relay = signed_in(page)
        page.click(".arm")
        page.click(".ringing .call")
        page.wait_for_selector(".sheet-box canvas")
        soon(page, lambda: relay.posts("/opened") == [{"snapshot": SNAP}])
        page.click("[data-decision='stemi-cath'].answer")
        page.click("dialog[open] .send:not(:disabled)")
        soon(page, lambda: relay.posts("/decisions") != [])

    visit(chromium, "/", "tablet", work)


class TwoEcgs(FakeRelay):
    """A case whose first ECG was read, and a second that nobody has read."""

    def snap(self, which: str = SNAP) -> dict[str, Any]:
        later = 120_000_000 if which == SECOND else 0
        return {**super().snap(), "id": which, "taken_at_us": 1_790_000_000_000_000 + later}

    def _answer(self, path: str, body: Any) -> Any:
        if path == f"/snapshots/{SECOND}":
            return self.snap(SECOND)
        if path == f"/incidents/{CASE}":
            both = [{**self.snap(one), "report": None} for one in (SNAP, SECOND)]
            return {**super()._answer(path, body), "snapshots": both}
        if path.endswith("/opened") and body["snapshot"] == SECOND:
            self.unread = None
        return super()._answer(path, body)


SECOND = "5ec0de00-0000-4000-8000-000000000002"


@pytest.mark.parametrize("size", SIZES)
def test_an_ecg_that_comes_while_another_is_read_is_pointed_at(
    chromium: Chromium, size: str
) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, TwoEcgs)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        soon(page, lambda: relay.posts("/opened") == [{"snapshot": SNAP}])
        assert not page.is_visible(".newer-ecg")
        relay.unread = SECOND
        relay.tell({"kind": "incident", "incident": relay.row()})
        page.wait_for_selector("text=まだ誰も読んでいない心電図があります")
        soon(page, lambda: {"kind": "shown", "snapshot": SECOND} in relay.heard)
        assert overflow(page) <= 0
        assert page.locator(".newer-ecg").bounding_box()["height"] >= 44
        assert relay.posts("/opened") == [{"snapshot": SNAP}]
        page.click(".newer-ecg")
        soon(page, lambda: {"snapshot": SECOND} in relay.posts("/opened"))
        page.wait_for_function("() => document.querySelector('.newer-ecg').hidden")

    visit(chromium, "/", size, work)


def test_a_decision_on_the_ecg_before_is_told_as_such(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        first = {"taken_at_us": now_us(), "stored_at_us": now_us(), "delivered_at_us": now_us(), "delivered_to": "CCU", "opened_at_us": now_us(), "opened_by": "佐藤医師"}  # fmt: skip
        decided = {"decided_at_us": now_us(), "decided_by": "佐藤医師", "decision": "repeat-5min", "decision_text": ""}  # fmt: skip
        snap = {"id": SNAP, "taken_at_us": now_us(), "first_sample": 0, "reason": "manual", "stored_at_us": now_us(), "tier": "E", "statement_ja": "x", "statement_en": "x"}  # fmt: skip
        tablet.say(snapshots=[snap], receipts={**first, **decided})
        page.click(".understood")
        assert page.locator(".chain li.done").count() == 4
        assert page.locator(".answer-newer").count() == 0
        tablet.say(snapshots=[snap], receipts={"taken_at_us": now_us(), **decided, "decided_on_earlier": True})  # fmt: skip
        page.wait_for_selector("text=上の判断は前の心電図についてです。")
        assert "未送信" in page.inner_text(".answer-newer")
        assert page.locator(".chain li.done").count() == 0
        tablet.say(snapshots=[snap], receipts={"taken_at_us": now_us(), "stored_at_us": 1, "watched_live_by": "佐藤医師", "watched_live_at_us": now_us(), **decided, "decided_on_earlier": True})  # fmt: skip
        page.wait_for_selector("text=ライブ波形を見ました")
        assert page.locator(".chain li.done").count() == 1
        assert page.locator("dialog.decided[open]").count() == 0
        assert overflow(page) <= 0

    visit(chromium, "/panel", "phone", work)


def test_crew_cannot_miss_the_decision_nor_a_dead_link(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        lost = {"state": "lost", "since_us": now_us() - 12_000_000, "text": "", "rtt_ms": None, "offset_ms": None}  # fmt: skip
        tablet.say(link=lost, backlog_s=12)
        page.wait_for_selector("text=圏外・保存中 12秒")
        snap = {"id": SNAP, "taken_at_us": now_us(), "first_sample": 0, "reason": "manual", "stored_at_us": now_us(), "tier": "A", "statement_ja": "V2–V4でST上昇", "statement_en": "x"}  # fmt: skip
        receipts = {"stored_at_us": now_us(), "delivered_at_us": now_us(), "delivered_to": "当直", "opened_at_us": now_us(), "opened_by": "佐藤医師"}  # fmt: skip
        tablet.say(snapshots=[snap], receipts=receipts)
        page.wait_for_selector("text=に波形を開きました")
        assert "見ています" not in page.inner_text("body")  # what was is not what is
        now = {"looking": [{"who": "佐藤医師", "snapshot": SNAP, "since_us": now_us()}], "pages": 1, "armed": 1}  # fmt: skip
        tablet.say(snapshots=[snap], receipts=receipts, attention=now)
        page.wait_for_selector("text=佐藤医師 が今 波形を見ています")
        tablet.say(snapshots=[snap], receipts=receipts, attention={**now, "looking": [], "armed": 0})  # fmt: skip
        page.wait_for_selector("text=病院に、今 鳴る画面がありません")
        assert "見ています" not in page.inner_text("body")
        decided = {**receipts, "decided_at_us": now_us(), "decided_by": "佐藤医師", "decision": "stemi-cath", "decision_text": "直接カテ室へ"}  # fmt: skip
        tablet.say(snapshots=[snap], receipts=decided)
        huge = page.locator("dialog.decided[open] .answer-huge")
        huge.wait_for()
        assert "STEMI → カテ室" in huge.inner_text()
        assert huge.evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)") >= 60
        page.click(".understood")
        tablet.say(snapshots=[snap], receipts=decided)
        page.wait_for_timeout(300)
        assert (
            page.locator("dialog.decided[open]").count() == 0
        )  # once understood it stays on top of the column
        assert "STEMI → カテ室" in page.inner_text(".answer-big")
        for socket in tablet.sockets:
            socket.close()
        page.wait_for_selector("text=この端末のアプリが応答しません")

    visit(chromium, "/panel", "tablet", work)


ANSWERED = """async ([first, second]) => {
  let latest = first;
  const { Answer } = await import("/static/panel/js/answer.js");
  const { Alarm } = await import("/static/kit/shared/alarm.js");
  const answer = new Answer(new Alarm(() => answer.render(latest)));
  answer.render(first);
  answer.dialog.querySelector(".understood").click();
  answer.render(latest = second); // in the same task: before the browser tells that the dialog was closed
  await new Promise((done) => setTimeout(done, 300));
  return {
    isOpen: answer.dialog.open, text: answer.dialog.innerText, known: localStorage.getItem("kyumei-understood"), ringing: answer.alarm.ringing,
  };
}"""


def test_a_state_that_comes_with_the_press_neither_asks_twice_nor_confirms_the_unread(
    chromium: Chromium,
) -> None:
    def work(page: Any) -> None:
        FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        told = {**panel_state()["receipts"], "decided_at_us": 1, "decided_by": "佐藤医師"}
        first = panel_state(receipts={**told, "decision": "stemi-cath"})
        again = page.evaluate(ANSWERED, [first, first])
        assert not again["isOpen"]
        assert again["known"].endswith(":1:stemi-cath")
        assert again["ringing"] is None
        page.evaluate("localStorage.clear()")
        newer = panel_state(receipts={**told, "decided_at_us": 2, "decision": "not-stemi"})
        unread = page.evaluate(ANSWERED, [first, newer])
        assert unread["isOpen"]
        assert "確認した" in unread["text"]
        assert unread["known"].endswith(":1:stemi-cath")
        assert unread["ringing"] == "medium"

    visit(chromium, "/panel", "tablet", work)
