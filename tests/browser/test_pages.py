"""The pages in a real Chromium against a relay made of route handlers: what a person would notice."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from ecg.leads import INDEPENDENT_LEADS, mask_of_leads
from relay.protocol.wire import EcgFrame, pack

from .conftest import Chromium

pytestmark = pytest.mark.browser
MASK = mask_of_leads(INDEPENDENT_LEADS)
FS = 500
STREAM, CASE, SNAP, ALERT = (str(UUID(int=k)) for k in range(1, 5))
SIZES = {"phone": (360, 740), "tablet": (1024, 768), "wall": (1920, 1080)}


def now_us() -> int:
    return int(time.time() * 1e6)


def beats(n: int) -> np.ndarray:
    """Eight leads with a spike a second, 1 mV at 1 µV a step; V3 stays high after it."""
    t = np.arange(n) % FS
    adc = np.zeros((8, n), dtype=np.int16)
    adc[:, (t > 50) & (t < 60)] = 1000
    adc[4, (t >= 60) & (t < 200)] = 300
    return adc


class FakeRelay:
    """Answers the viewer's requests and remembers what was asked of it."""

    def __init__(self, page: Any) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.sockets: list[Any] = []
        self.signed_in = False
        self.alert = {"id": ALERT, "state": "raised", "raised_at_us": now_us(), "tier": "A", "snapshot": SNAP}  # fmt: skip
        self.decision: dict[str, Any] | None = None
        self.samples = beats(10 * FS).astype("<i2").tobytes()
        page.route("**/api/**", self._http)
        page.route_web_socket("**/feed/v1", self._feed)

    def row(self) -> dict[str, Any]:
        return {
            "id": CASE, "unit": "福島救急1", "opened_at_us": now_us() - 60_000_000, "state": "open", "eta": None,
            "patient": {"age_years": 67, "sex": "M", "onset_at_us": None, "pain_nrs": 8, "history": "<b>x</b>"},
            "stream": {"id": STREAM, "fs_hz": FS, "uv_per_lsb": 1.0, "lead_mask": MASK, "state": "live", "newest_sample": 6000, "started_at_us": 0},
            "tier": "A", "statement_ja": "V2–V4でST上昇", "statement_en": "ST elevation V2-V4", "alert": self.alert,
            "opened_by": [], "decision": self.decision, "snapshots": 1, "awaiting_read": self.decision is None,
        }  # fmt: skip

    def snap(self) -> dict[str, Any]:
        return {
            "id": SNAP, "incident": CASE, "stream": STREAM, "first_sample": 0, "n_samples": 10 * FS, "taken_at_us": now_us(), "stored_at_us": now_us(),
            "reason": "manual", "sha256": hashlib.sha256(self.samples).hexdigest(), "fs_hz": FS, "uv_per_lsb": 1.0, "lead_mask": MASK,
            "tier": "A", "statement_ja": "V2–V4でST上昇", "statement_en": "x", "complete": True,
            "report": {"tier": "A", "st_j_uv": {"V3": 300.0}, "st_j60_uv": {"V3": 300.0}, "thresholds": {"leads_uv": {"V3": 200.0}, "source": "entered"}},
        }  # fmt: skip

    def entry(self, stage: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"entry": len(self.asked) + 10, "incident": CASE, "at_us": now_us(), "stage": stage, "who": "佐藤医師", "data": data}  # fmt: skip

    def _http(self, route: Any) -> None:
        request = route.request
        path = request.url.split("/api", 1)[1].partition("?")[0]
        body = json.loads(request.post_data) if request.post_data else None
        self.asked.append((request.method, path, body))
        if request.method != "GET":
            assert request.headers["x-kyumei"] == "1"
        if path == "/session" and request.method == "POST":
            self.signed_in = body["password"] == "good"
        if path == "/session" and not self.signed_in:
            route.fulfill(status=401, content_type="application/problem+json", body=json.dumps({"title": "パスワードが違います。", "code": "not-signed-in"}))  # fmt: skip
            return
        if path.endswith("/samples"):
            route.fulfill(body=self.samples, headers={"X-Sha256": hashlib.sha256(self.samples).hexdigest()})  # fmt: skip
            return
        route.fulfill(json=self._answer(path, body))

    def _answer(self, path: str, body: Any) -> Any:
        if path == "/site":
            return {"name": "福島", "version": "1", "screen_enabled": True, "demo": True}
        if path == "/session":
            return {"name": "sato", "display_name": "佐藤医師", "role": "cardiologist", "hospital": "H"}  # fmt: skip
        if path == "/incidents":
            return {"incidents": [self.row()]}
        if path.endswith("/opened"):
            self.alert = {**self.alert, "state": "opened"}
            self.tell({"kind": "incident", "incident": self.row()})
            return {"first": True}
        if path.endswith("/decisions"):
            self.decision = {**body, "who": "佐藤医師", "at_us": now_us()}
            return self.entry("decided", body)
        if path == f"/incidents/{CASE}":
            timeline = [self.entry("alert-raised", {"alert": ALERT, "snapshot": SNAP, "tier": "A"})]
            return {**self.row(), "snapshots": [{**self.snap(), "report": None}], "timeline": timeline, "report": None}  # fmt: skip
        return self.snap()

    def _feed(self, socket: Any) -> None:
        self.sockets.append(socket)
        socket.on_message(self._hear)
        socket.send(json.dumps({"kind": "welcome", "user": {}, "server_us": now_us()}))

    def _hear(self, text: str) -> None:
        message = json.loads(text)
        self.heard.append(message)
        if message["kind"] == "watch":
            for second in range(12):
                self.send_second(second)

    def send_second(self, second: int, *, backlog: bool = False) -> None:
        payload = beats(FS).astype("<i2").tobytes()
        frame = EcgFrame(UUID(STREAM), 1, second, second * FS, FS, MASK, 0, payload, backlog)
        for socket in self.sockets:
            socket.send(pack(frame))

    def tell(self, message: dict[str, Any]) -> None:
        for socket in self.sockets:
            socket.send(json.dumps(message))

    def posts(self, end: str) -> list[Any]:
        return [body for method, path, body in self.asked if method == "POST" and path.endswith(end)]  # fmt: skip


def visit(
    chromium: Chromium, path: str, size: str, work: Callable[[Any], None], **options: Any
) -> None:
    """Opens a page in a context of its own and fails on any error in its console."""

    def go(browser: Any) -> None:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, locale="ja-JP", **options)  # fmt: skip
        page = context.new_page()
        page.set_default_timeout(15_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" and "401" not in m.text else None)  # fmt: skip
        try:
            page.url_of = f"{chromium.address}{path}"
            work(page)
            assert errors == []
        finally:
            context.close()

    chromium.do(go)


def signed_in(page: Any) -> FakeRelay:
    relay = FakeRelay(page)
    page.goto(page.url_of)
    page.fill("#name", "sato")
    page.fill("#password", "good")
    page.click("button[type=submit]")
    page.wait_for_selector(".case")
    return relay


def overflow(page: Any) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


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
        page.wait_for_selector("text=この端末は鳴りません")
        assert {"kind": "console", "armed": False} in relay.heard
        page.click(".arm")
        page.wait_for_selector(".armed[data-armed=true]")
        page.wait_for_timeout(200)
        assert {"kind": "console", "armed": True} in relay.heard
        assert {"kind": "delivered", "alert": ALERT} in relay.heard
        assert relay.posts("/opened") == []  # a drawn row is not a read trace
        page.click(".ringing .call")
        page.wait_for_selector(".sheet-box canvas")
        page.wait_for_function("document.querySelector('.ringing').hidden")
        assert relay.posts("/opened") == [{"snapshot": SNAP}]
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
        assert relay.posts("/decisions") == [{"decision": "stemi-cath", "text": "直接カテ室へ", "snapshot": SNAP}]  # fmt: skip

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
        page.wait_for_timeout(300)
        assert relay.posts("/opened") == [{"snapshot": SNAP}]

    visit(chromium, "/", "wall", work)


def test_live_trace_ages_in_words_and_draws_the_hole(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page)
        page.click(".case")
        page.click(".tab >> nth=0")
        page.wait_for_selector(".sweep[data-state=live]")
        page.wait_for_selector(".sweep[data-state=stale]", timeout=6_000)
        assert "更新なし" in page.inner_text(".age-badge")
        relay.send_second(16)  # seconds 12 to 15 are missing
        page.wait_for_selector(".sweep[data-state=live]")
        page.wait_for_timeout(700)
        assert relay.posts("/opened")[-1] == {"snapshot": None}
        for second in range(12, 16):
            relay.send_second(second, backlog=True)
        page.wait_for_timeout(300)
        page.wait_for_selector(".sweep[data-state=lost]", timeout=15_000)
        assert "途絶" in page.inner_text(".age-badge")
        assert "過去の波形" in page.inner_text(".sweep-over")

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
        paintSheet(ctx, { layout, rec, traces: tracesOf(rec, layout, 'diagnostic'), view: { pxPerMm: k, xPx: 0, yPx: 0 }, colours, notes: new Map(), gapWords: String, missingWords: '' }, c.width, c.height);
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


def panel_state(**change: Any) -> dict[str, Any]:
    leads = dict.fromkeys(INDEPENDENT_LEADS, "good")
    return {
        "unit": "福島救急1", "drill": True, "incident": CASE, "now_us": now_us(),
        "link": {"state": "connected", "since_us": now_us(), "text": "", "rtt_ms": 40, "offset_ms": 0},
        "source": {"name": "x", "state": "running", "text": ""},
        "stream": {"id": STREAM, "fs_hz": FS, "uv_per_lsb": 1.0, "lead_mask": MASK, "newest_sample": 0},
        "backlog_s": 0, "spool_ok": True, "disk_free_mb": 9000, "patient": {"rev": 3, "age_years": None, "sex": None},
        "marks": {"fmc": None, "depart": None, "door": None}, "electrodes": {**leads, "V3": "off"}, "snapshots": [],
        "receipts": dict.fromkeys(("stored_at_us", "delivered_at_us", "delivered_to", "opened_at_us", "opened_by", "decided_at_us", "decided_by", "decision", "decision_text")),
        "notices": [], **change,
    }  # fmt: skip


class FakeTablet:
    """The tablet's own process: one state, and what was pressed."""

    def __init__(self, page: Any) -> None:
        self.pressed: list[tuple[str, Any]] = []
        self.sockets: list[Any] = []
        page.route("**/api/**", self._http)
        page.route_web_socket("**/api/feed", self._feed)

    def _http(self, route: Any) -> None:
        path = route.request.url.split("/api", 1)[1]
        self.pressed.append((path, json.loads(route.request.post_data)))
        route.fulfill(json={"snapshot": str(uuid4())}, status=201)

    def _feed(self, socket: Any) -> None:
        self.sockets.append(socket)
        self.say()

    def say(self, **change: Any) -> None:
        for socket in self.sockets:
            socket.send(json.dumps({"kind": "state", "state": panel_state(**change)}))


def test_crew_page_is_pressed_with_gloves(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=V3 外れ：貼り直してください")
        page.wait_for_selector("text=訓練")
        page.wait_for_selector("text=送信中")
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
        page.wait_for_timeout(400)
        assert ("/snapshot", {}) in tablet.pressed
        assert ("/mark", {"mark": "fmc"}) in tablet.pressed
        card = [body for path, body in tablet.pressed if path == "/patient"][-1]
        assert (card["sex"], card["age_years"], card["bp_right"]) == ("M", 65, "132/84")
        assert "rev" not in card
        small = page.evaluate("[...document.querySelectorAll('dialog[open] button')].filter((b) => b.offsetParent && (b.offsetWidth < 64 || b.offsetHeight < 64)).length")  # fmt: skip
        assert small == 0

    visit(chromium, "/panel", "tablet", work)


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
        page.wait_for_selector("text=佐藤医師 が波形を見ています")
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
