"""What stands in for a relay and a tablet while one page is looked at: route handlers that remember what was asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID, uuid4

import numpy as np

from ecg.leads import INDEPENDENT_LEADS, mask_of_leads
from relay.protocol.wire import EcgFrame, pack

from .conftest import Chromium

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
        self.beats = 0
        self.receipts: dict[str, Any] = {}
        self.age_ms = 200
        self.mute = False
        self.rests = False
        self.signed_in = False
        self.alert = {"id": ALERT, "state": "raised", "raised_at_us": now_us(), "tier": "A", "snapshot": SNAP}  # fmt: skip
        self.decision: dict[str, Any] | None = None
        self.unread: str | None = None
        self.samples = beats(10 * FS).astype("<i2").tobytes()
        page.route("**/api/**", self._http)
        page.route_web_socket("**/feed/v1", self._feed)

    def call(self) -> dict[str, Any] | None:
        if self.alert["state"] not in ("raised", "delivered"):
            return None
        return {"level": "high", "snapshot": SNAP, "tier": self.alert["tier"], "reason": "manual", "since_us": self.alert["raised_at_us"]}  # fmt: skip

    def row(self) -> dict[str, Any]:
        return {
            "id": CASE, "unit": "福島救急1", "opened_at_us": now_us() - 60_000_000, "state": "open", "eta": None,
            "patient": {"age_years": 67, "sex": "M", "onset_at_us": None, "pain_nrs": 8, "history": "<b>x</b>"},
            "stream": {"id": STREAM, "fs_hz": FS, "uv_per_lsb": 1.0, "lead_mask": MASK, "state": "live", "newest_sample": 6000, "started_at_us": 0},
            "tier": "A", "statement_ja": "V2–V4でST上昇", "statement_en": "ST elevation V2-V4", "alert": self.alert,
            "opened_by": [], "decision": self.decision, "snapshots": 1, "awaiting_read": self.decision is None, "unread": self.unread,
            "call": self.call(), "place": 0 if self.call() else 4, "highest": {"tier": "A", "at_us": now_us()}, "receipts": self.receipts, "looking": [],
        }  # fmt: skip

    def snap(self) -> dict[str, Any]:
        return {
            "id": SNAP, "incident": CASE, "stream": STREAM, "first_sample": 0, "n_samples": 10 * FS, "taken_at_us": now_us(), "stored_at_us": now_us(),
            "reason": "manual", "sha256": None, "fs_hz": FS, "uv_per_lsb": 1.0, "lead_mask": MASK,
            "tier": "A", "statement_ja": "V2–V4でST上昇", "statement_en": "x", "complete": True,
            "report": {"tier": "A", "st_j_uv": {"V3": 300.0}, "st_j60_uv": {"V3": 300.0}, "thresholds": {"leads_uv": {"V3": 200.0}, "source": "entered"}, "findings": [{"code": "SCREEN", "status": "MET", "leads": ["V3"], "text_ja": "x", "text_en": "x"}]},
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
        if path == "/session/wake":
            self.rests = body["password"] != "good"
            if self.rests:
                route.fulfill(status=401, content_type="application/problem+json", body=json.dumps({"title": "パスワードが違います。", "code": "not-signed-in"}))  # fmt: skip
                return
        if path == "/session" and request.method == "POST":
            self.signed_in = body["password"] == "good"
        if path == "/session" and not self.signed_in:
            route.fulfill(status=401, content_type="application/problem+json", body=json.dumps({"title": "パスワードが違います。", "code": "not-signed-in"}))  # fmt: skip
            return
        if path.endswith("/samples"):
            route.fulfill(body=self.samples, headers={"X-Present": f"0-{10 * FS}"})
            return
        route.fulfill(json=self._answer(path, body))

    def _answer(self, path: str, body: Any) -> Any:
        if path == "/site":
            return {"name": "福島", "version": "1", "screen_enabled": True, "demo": True}
        if path in ("/session", "/session/wake"):
            return {"name": "sato", "display_name": "佐藤医師", "role": "cardiologist", "hospital": "H"}  # fmt: skip
        if path == "/incidents":
            return {"incidents": [self.row()]}
        if path.endswith("/opened"):
            self.alert = {**self.alert, "state": "opened"}
            self.tell({"kind": "incident", "incident": self.row()})
            return {"first": True}
        if path.endswith("/notes"):
            return self.entry("note", body)
        if path.endswith("/decisions"):
            self.decision = {**body, "who": "佐藤医師", "at_us": now_us()}
            self.receipts = {
                "decided_by": "佐藤医師",
                "decided_at_us": now_us(),
                "decided_entry": 9,
                "decision": body["decision"],
            }
            return self.entry("decided", body)
        if path.endswith("/trend"):
            return {"incident": CASE, "runs": []}
        if path.endswith("/comparison"):
            return {"snapshot": SNAP, "earlier": None, "earlier_taken_at_us": None, "change": None}
        if path == f"/incidents/{CASE}":
            timeline = [self.entry("alert-raised", {"alert": ALERT, "snapshot": SNAP, "tier": "A"})]
            listed = {k: v for k, v in self.snap().items() if k != "report"}
            return {**self.row(), "snapshots": [listed], "timeline": timeline, "report": None}
        return self.snap()

    def _feed(self, socket: Any) -> None:
        self.sockets.append(socket)
        socket.on_message(self._hear)
        welcome = {"kind": "welcome", "user": {}, "server_us": now_us(), "rests": self.rests}
        socket.send(json.dumps(welcome))
        self.beat()

    def beat(self, **change: Any) -> None:
        """The relay's beat: it takes the page for armed where the page last said so."""
        if self.mute:
            return
        self.beats += 1
        said = self.standing() or {"armed": False}
        beat = {"kind": "beat", "beat": self.beats, "server_us": now_us(), "armed": said["armed"], "pages": 1, "armed_pages": int(said["armed"]), "lost": [], "ages_ms": {STREAM: self.age_ms}}  # fmt: skip
        self.tell({**beat, **change})

    def standing(self) -> dict[str, Any] | None:
        """How the page last said that it stands."""
        return next((m for m in reversed(self.heard) if m["kind"] == "console"), None)

    def _hear(self, text: str) -> None:
        message = json.loads(text)
        self.heard.append(message)
        if message["kind"] == "ping":
            self.beat()
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


R = TypeVar("R", bound=FakeRelay)


def visit(
    chromium: Chromium,
    path: str,
    size: str | tuple[int, int],
    work: Callable[[Any], None],
    quiet: tuple[str, ...] = ("401",),
    **options: Any,
) -> None:
    """Opens a page to which nothing was ever stored, and fails on any error in its console but the quiet ones."""

    def go(browser: Any) -> None:
        width, height = SIZES[size] if isinstance(size, str) else size
        window = {"width": width, "height": height}
        if options:
            context = browser.new_context(viewport=window, locale="ja-JP", **options)
        else:
            context = chromium.lent()
        page = context.new_page()
        page.set_viewport_size(window)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" and not any(q in m.text for q in quiet) else None)  # fmt: skip
        try:
            page.url_of = f"{chromium.address}{path}"
            work(page)
            assert errors == []
        finally:
            if options:
                context.close()
            else:
                chromium.given_back(page)

    chromium.do(go)


def signed_in(page: Any, kind: type[R] = FakeRelay) -> R:
    """The viewer's list, after a person has signed in at this stand-in."""
    relay = kind(page)
    page.goto(page.url_of)
    page.fill("#name", "sato")
    page.fill("#password", "good")
    page.click("button[type=submit]")
    page.wait_for_selector(".case")
    return relay


def soon(page: Any, true: Callable[[], bool]) -> None:
    """Waits until something holds, as long as a busy machine needs."""
    for _ in range(600):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within 30 s")


def overflow(page: Any) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def panel_state(**change: Any) -> dict[str, Any]:
    leads = dict.fromkeys(INDEPENDENT_LEADS, "good")
    return {
        "unit": "福島救急1", "drill": True, "incident": CASE, "now_us": now_us(),
        "link": {"state": "connected", "since_us": now_us(), "text": "", "rtt_ms": 40, "offset_ms": 0},
        "source": {"name": "x", "state": "running", "text": ""},
        "stream": {"id": STREAM, "fs_hz": FS, "uv_per_lsb": 1.0, "lead_mask": MASK, "newest_sample": 6000},
        "backlog_s": 0, "lost_s": 0, "recovered": None, "spool_ok": True, "disk_free_mb": 9000, "room_min": 4000, "swap": None, "standstill_s": None, "photos": [], "video": {"step": "full", "calls": [], "camera": None}, "patient": {"rev": 3, "age_years": None, "sex": None},
        "marks": {"fmc": None, "depart": None, "door": None}, "electrodes": {**leads, "V3": "off"}, "snapshots": [],
        "receipts": dict.fromkeys(("snapshot", "taken_at_us", "stored_at_us", "delivered_at_us", "delivered_to", "opened_at_us", "opened_by", "decided_at_us", "decided_by", "decision", "decision_text", "watched_live_at_us", "watched_live_by", "decided_on_earlier")),
        "attention": None, "notices": [], **change,
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
        """The look-back comes first, as the tablet sends it: before the state that names the stream."""
        self.sockets.append(socket)
        for second in range(12):
            payload = beats(FS).astype("<i2").tobytes()
            socket.send(pack(EcgFrame(UUID(STREAM), 0, second, second * FS, FS, MASK, 0, payload)))
        self.say()

    def say(self, **change: Any) -> None:
        for socket in self.sockets:
            socket.send(json.dumps({"kind": "state", "state": panel_state(**change)}))
