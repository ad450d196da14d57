"""A real Chromium that loads the pages' own modules, and a server that maps the rooms to URLs.

The browser lives in a thread of its own: Playwright's synchronous API keeps an event loop running in
its thread, which the asyncio tests of this house must not see.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from tests.browser.call_stage import stage, theatre
from tests.browser_page import FLAGS, chromium_path, patient

__all__ = ["stage", "theatre"]
HOUSE = Path(__file__).resolve().parents[2]
VECTORS = HOUSE / "tests" / "vectors"
ROOMS = {
    "/static/kit/": HOUSE / "browser_kit",
    "/static/viewer/": HOUSE / "hospital_viewer" / "static",
    "/static/panel/": HOUSE / "ambulance_client" / "panel" / "static",
    "/static/dispatch/": HOUSE / "live119" / "dispatch",
}
PAGES = {
    "/": HOUSE / "hospital_viewer" / "static" / "index.html",
    "/panel": HOUSE / "ambulance_client" / "panel" / "static" / "index.html",
    "/demo": HOUSE / "browser_kit" / "demo" / "demo.html",
}
KINDS = {".js": "text/javascript", ".json": "application/json", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}  # fmt: skip
CSP = "default-src 'self'; script-src 'self'"
T = TypeVar("T")


class _Rooms(http.server.BaseHTTPRequestHandler):
    """Serves the pages as the relay does: same addresses, same content policy."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        file = PAGES.get(path)
        for prefix, room in ROOMS.items():
            if path.startswith(prefix):
                file = room / path.removeprefix(prefix)
        body = b"<!doctype html><title>blank</title>" if path == "/blank" else b""
        if file is not None and file.is_file():
            body = file.read_bytes()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", KINDS.get(file.suffix if file else ".html", "text/html"))
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="session")
def rooms() -> Iterator[str]:
    """The address under which the browser rooms are served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Rooms)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Chromium:
    """One browser in one thread; ``do`` runs a function of the Playwright browser there."""

    def __init__(self, path: str, address: str) -> None:
        self.address = address
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._thread.submit(self._start, path).result()

    def _start(self, path: str) -> None:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        self.browser = patient(self._playwright.chromium.launch(executable_path=path, args=FLAGS))
        self._page = self.browser.new_page()
        self._shared: Any = None

    def lent(self) -> Any:
        """The context that most visits share, one after another.

        Beside its pages one blank page of the same origin stays open, so that the next visit finds a renderer
        that has already read the scripts: a page then takes half as long.
        """
        if self._shared is None:
            self._shared = self.browser.new_context(locale="ja-JP")
            self._shared.new_page().goto(f"{self.address}/blank")
        return self._shared

    def given_back(self, page: Any) -> None:
        """Nothing of a visit stays for the next; a context whose clock was stopped is thrown away."""
        context = page.context
        try:
            clean = not page.evaluate("Boolean(globalThis.__pwClock)")
            for other in context.pages[1:]:
                other.close()
            context.clear_cookies()
            context.clear_permissions()
            place = {"origin": self.address, "storageTypes": "all"}
            line = context.new_cdp_session(context.pages[0])
            line.send("Storage.clearDataForOrigin", place)
            line.detach()
        except Exception:  # noqa: BLE001  a page that crashed, or was closed by the test: a new context then
            clean = False
        if not clean:
            self._shared = None
            context.close()

    def do(self, work: Callable[[Any], T]) -> T:
        """The result of ``work(browser)``, run in the browser's thread."""
        return self._thread.submit(lambda: work(self.browser)).result()

    def run(self, script: str, argument: object = None) -> Any:
        """The result of a JavaScript function on a blank page of the same origin, loaded anew each time.

        Modules keep what they hold (a timer's worker, a language), and a script may take a part of the window
        away: on one page for all, what a test finds would depend on those before it.
        """
        return self._thread.submit(lambda: self._anew().evaluate(script, argument)).result()

    def _anew(self) -> Any:
        self._page.goto(f"{self.address}/blank")
        self._page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        return self._page

    def close(self) -> None:
        """Ends the browser and its thread."""

        def end() -> None:
            self.browser.close()
            self._playwright.stop()

        self._thread.submit(end).result()
        self._thread.shutdown()


@pytest.fixture(scope="session")
def chromium(rooms: str) -> Iterator[Chromium]:
    """A Chromium on this machine."""
    pytest.importorskip("playwright", reason="playwright is a development dependency")
    browser = Chromium(chromium_path(), rooms)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def vector() -> Callable[[str], Any]:
    """Golden vectors by name."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text())
