"""An order of a person reaches the relay once, or stays on the page with its words."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Chromium
from .stand_ins import CASE, FakeRelay, now_us, overflow, signed_in, soon, visit

pytestmark = pytest.mark.browser

BOX = """async () => { const { Outbox, OLD_MS } = await import('/static/kit/shared/outbox.js'); const { ApiError } = await import('/static/kit/shared/api.js');
  const kept = {}; const storage = { getItem: (k) => kept[k] ?? null, setItem: (k, v) => { kept[k] = v; } }; const sent = []; const timers = [];
  const world = { key: 'k', storage, now: 0, who: 'sato', fails: [] };
  const box = () => new Outbox({ key: 'k', storage, nowMs: () => world.now, who: () => world.who, changed: () => {}, later: (run) => timers.push(run),
    send: async (act) => { const error = world.fails.shift(); if (error) throw new ApiError(...error); sent.push(act.body); } });
  const order = { path: '/p', body: { decision: 'stemi-cath' }, title: 'STEMI', about: '救急1', incident: 'c' };
"""


def test_nothing_leaves_the_box_unsent(chromium: Chromium) -> None:
    got = chromium.run(
        BOX
        + """ const a = box(); world.fails = [[0, 'offline', 'no line'], [503, 'unavailable', 'later']];
        const left = await a.add(order); const state = left.state; const trouble = left.trouble;
        const b = box(); const afterReload = b.acts.map((x) => [x.state, x.title]);
        world.who = ''; await b.flush(); world.who = 'abe'; await b.flush(); const others = sent.length;
        world.who = 'sato'; await b.flush(); const second = b.acts[0].state; await b.flush();
        return { state, trouble, afterReload, others, second, sent, left: b.acts.length, kept: JSON.parse(kept.k).length }; }"""
    )
    assert (got["state"], got["trouble"]) == ("waiting", "no line")
    assert got["afterReload"] == [["waiting", "STEMI"]]
    assert got["others"] == 0, "another person's page never sends it"
    assert got["second"] == "waiting"
    assert len(got["sent"]) == 1
    assert got["sent"][0]["decision"] == "stemi-cath"
    assert len(got["sent"][0]["act"]) == 36
    assert (got["left"], got["kept"]) == (0, 0)


def test_a_page_without_storage_lives_and_keeps_its_orders_for_as_long_as_it_lives(
    chromium: Chromium,
) -> None:
    """A page in another site's frame: asking for the storage itself is an error there."""
    got = chromium.run(
        """async () => { const { Outbox, browserStorage } = await import('/static/kit/shared/outbox.js');
        Object.defineProperty(window, 'localStorage', { configurable: true, get() { throw new DOMException('no', 'SecurityError'); } });
        try { const a = new Outbox({ key: 'k', storage: browserStorage, nowMs: () => 0, who: () => 'x', changed: () => {}, later: () => 0, send: async () => { throw new Error('away'); } });
          const left = await a.add({ path: '/p', body: {}, title: 't', about: 'u', incident: 'c' }); return [left.state, a.acts.length]; }
        finally { delete window.localStorage; } }"""
    )
    assert got == ["waiting", 1]


def test_an_old_order_asks_and_a_refused_one_stays(chromium: Chromium) -> None:
    got = chromium.run(
        BOX
        + """ const a = box(); world.fails = [[0, 'offline', 'x'], [404, 'not-found', 'no case'], [409, 'decided-meanwhile', 'other']];
        const first = await a.add(order); world.now = OLD_MS + 1; await a.flush(); const old = a.act(first.id).state; const sentOld = sent.length;
        const refused = await a.again(first.id); const asks = await a.add(order); await a.flush();
        const stays = a.acts.map((x) => x.state); const done = await a.again(asks.id, { after: 7 });
        a.drop(first.id); return { old, sentOld, refused: refused.state, asks: asks.state, stays, done, sent, left: a.acts.length }; }"""
    )
    assert (got["old"], got["sentOld"]) == ("old", 0)
    assert (got["refused"], got["asks"]) == ("refused", "asks")
    assert got["stays"] == ["refused", "asks"]
    assert got["done"] is None
    assert [x["after"] for x in got["sent"]] == [7]
    assert got["left"] == 0


class Stubborn(FakeRelay):
    """Refuses orders as it is told to."""

    refuses: tuple[int, str] | None = None

    def _http(self, route: Any) -> None:
        path = route.request.url.split("/api", 1)[1]
        if self.refuses and path.endswith(("/decisions", "/notes")):
            status, code = self.refuses
            route.fulfill(status=status, content_type="application/problem+json", json={"title": "x", "code": code})  # fmt: skip
            return
        super()._http(route)


def decide(page: Any, words: str) -> None:
    page.click(".answer >> nth=0")
    page.wait_for_selector("dialog.confirm .send:not([disabled])")
    page.fill("dialog.confirm textarea", words)
    page.click("dialog.confirm .send")


@pytest.mark.parametrize("size", ["phone", "wall"])
def test_a_decision_after_the_session_ended_is_kept_and_sent_after_signing_in(
    chromium: Chromium, size: str
) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Stubborn)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        relay.refuses = (401, "not-signed-in")
        decide(page, "直接カテ室へ")
        relay.signed_in = False
        page.wait_for_selector("#password")  # the sign-in, and above it what was not sent
        page.wait_for_selector(".unsent")
        assert "直接カテ室へ" not in page.inner_text("body"), "nobody is signed in: no words"
        page.reload()
        page.wait_for_selector("#password")
        relay.refuses = None
        page.fill("#name", "sato")
        page.fill("#password", "good")
        page.click("button[type=submit]")
        soon(page, lambda: len(relay.posts("/decisions")) == 1)
        assert relay.posts("/decisions")[0]["text"] == "直接カテ室へ"
        page.wait_for_selector(".unsent", state="hidden")
        assert overflow(page) <= 0

    visit(chromium, "/", size, work)


def test_words_half_written_when_the_page_rests_come_back(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        page.click(".answer >> nth=0")
        page.fill("dialog.confirm textarea", "右室梗塞も")
        relay.rests = True
        relay.tell({"kind": "welcome", "user": {"name": "sato", "display_name": "佐藤医師"}, "server_us": now_us(), "rests": True})  # fmt: skip
        page.wait_for_selector(".lock")
        assert page.locator("dialog[open]").count() == 0
        page.fill("#wake-password", "good")
        page.click(".lock button[type=submit]")
        page.wait_for_selector(".sheet-box canvas")
        page.click(".answer >> nth=0")
        assert page.input_value("dialog.confirm textarea") == "右室梗塞も"
        assert relay.posts("/decisions") == []

    visit(chromium, "/", "phone", work)


@pytest.mark.parametrize("size", ["phone", "wall"])
def test_a_decision_that_cannot_be_sent_says_so_and_stays(chromium: Chromium, size: str) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Stubborn)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        relay.refuses = (503, "unavailable")
        decide(page, "直接カテ室へ")
        page.wait_for_selector("dialog.confirm >> text=まだ送れていません")
        page.click("dialog.confirm .back")
        page.wait_for_selector(".unsent >> text=直接カテ室へ")
        box = page.locator(".answer").first.bounding_box()
        assert box["y"] + box["height"] <= page.viewport_size["height"]
        assert overflow(page) <= 0
        relay.refuses = None
        page.click(".unsent >> text=今すぐ送る")
        soon(page, lambda: len(relay.posts("/decisions")) == 1)
        page.wait_for_selector(".unsent", state="hidden")
        page.wait_for_selector(".decided-line:not([hidden])")

    visit(chromium, "/", size, work, quiet=("401", "503"))


def test_another_doctors_decision_is_shown_before_ones_own_goes(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Stubborn)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        relay.refuses = (409, "decided-meanwhile")
        relay.receipts = {"decided_by": "鈴木医師", "decided_at_us": now_us(), "decided_entry": 33, "decision": "not-stemi", "decision_text": "経過をみます"}  # fmt: skip
        decide(page, "直接カテ室へ")
        page.wait_for_selector("dialog.confirm >> text=その間に別の判断がありました")
        assert "鈴木医師" in page.inner_text("dialog.confirm")
        assert "経過をみます" in page.inner_text("dialog.confirm")
        relay.refuses = None
        page.click("dialog.confirm >> text=それでも送る")
        soon(page, lambda: len(relay.posts("/decisions")) == 1)
        assert relay.posts("/decisions")[0]["after"] == 33

    visit(chromium, "/", "tablet", work, quiet=("401", "409"))


def test_no_answer_can_be_pressed_before_the_case_is_there(chromium: Chromium) -> None:
    """On a slow line the buttons stood there from the case before, and a press did nothing."""

    class Slow(FakeRelay):
        waiting: list[Any] | None = None

        def _http(self, route: Any) -> None:
            if self.waiting is not None and f"/incidents/{CASE}" in route.request.url:
                self.waiting.append(route)
            else:
                super()._http(route)

    def work(page: Any) -> None:
        relay = signed_in(page, Slow)
        page.click(".case")
        page.wait_for_selector(".answer:enabled")
        page.keyboard.press("Escape")
        relay.waiting = []
        page.click(".case")
        page.wait_for_selector(".answer:disabled")
        soon(page, lambda: bool(relay.waiting))
        held, relay.waiting = relay.waiting, None
        for route in held:
            relay._http(route)
        page.click(".answer >> nth=0")
        page.wait_for_selector("dialog.confirm .send")

    visit(chromium, "/", "wall", work)


def test_what_comes_behind_the_open_question_was_not_read(chromium: Chromium) -> None:
    """The answer says which decision stood there when it was asked, not when it was sent."""

    def work(page: Any) -> None:
        relay = signed_in(page, Stubborn)
        relay.receipts = {"decided_by": "鈴木医師", "decided_at_us": now_us(), "decided_entry": 31, "decision": "repeat-5min"}  # fmt: skip
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        page.click(".answer >> nth=0")
        page.wait_for_selector("dialog.confirm .send:not([disabled])")
        other = {"decision": "not-stemi", "text": "", "who": "田中医師", "at_us": now_us()}
        relay.receipts = {"decided_by": "田中医師", "decided_at_us": now_us(), "decided_entry": 32, "decision": "not-stemi"}  # fmt: skip
        relay.tell({"kind": "incident", "incident": {**relay.row(), "decision": other}})
        page.wait_for_selector(".decided-line >> text=田中医師", state="attached")
        page.click("dialog.confirm .send")
        soon(page, lambda: len(relay.posts("/decisions")) == 1)
        assert relay.posts("/decisions")[0]["after"] == 31

    visit(chromium, "/", "tablet", work)


def test_a_decision_on_the_live_trace_names_its_ten_seconds(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.click(".case")
        page.click(".tab >> nth=0")
        page.wait_for_selector(".sweep[data-state=live]")
        decide(page, "")
        soon(page, lambda: len(relay.posts("/decisions")) == 1)
        body = relay.posts("/decisions")[0]
        assert body["snapshot"] is None
        assert body["live"]["n_samples"] > 500
        assert body["live"]["first_sample"] + body["live"]["n_samples"] <= 6000

    visit(chromium, "/", "wall", work)


def test_a_line_to_the_crew_that_cannot_be_sent_stays(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Stubborn)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        relay.refuses = (503, "unavailable")
        page.fill(".note-form input", "血圧は両腕で")
        page.click(".note-form button")
        page.wait_for_selector(".unsent >> text=血圧は両腕で")
        relay.refuses = None
        page.click(".unsent >> text=今すぐ送る")
        soon(page, lambda: [b["text"] for b in relay.posts("/notes")] == ["血圧は両腕で"])

    visit(chromium, "/", "wall", work, quiet=("401", "503"))


@pytest.mark.parametrize(("tried", "hidden"), [(True, False), (False, True)])
@pytest.mark.parametrize(
    "view",
    [
        "(await import('/static/viewer/js/unsent.js')).Unsent",
        "(await import('/static/dispatch/js/undone.js')).Undone",
    ],
    ids=["hospital", "dispatcher"],
)
def test_an_order_that_failed_once_stays_in_sight_while_it_is_tried_again(
    chromium: Chromium, view: str, *, tried: bool, hidden: bool
) -> None:
    """It went out of sight for as long as a dead line took to be given up, and came back."""
    got = chromium.run(
        """async (tried) => { const View = VIEW;
        const act = { id: 'a', title: 'cath', about: 'unit 1', who: 'x', madeMs: 1, incident: 'c', path: '/p', body: {}, state: 'sending', trouble: 'no line', tried };
        const box = { acts: [act] }; const view = new View({ outbox: box, box, me: { name: 'x' }, resting: false }, () => {});
        view.render(); return [view.el.hidden, view.el.textContent]; }""".replace("VIEW", view),
        tried,
    )
    assert got[0] is hidden
    assert ("cath" in got[1] and "no line" in got[1]) is not hidden
