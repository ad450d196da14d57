"""WebKit, Safari's engine, for tests: Debian's build spoken to over WebDriver, on a screen nobody sees.

This build has no WebRTC, as a device in lockdown mode has none; its camera is WebKit's own mock.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.city import free_port
from tests.patience import PATIENCE_S

BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"
START_S = PATIENCE_S
BEGINNINGS = 3
FINDINGS = 20
SCREEN = ("-screen", "0", "1920x1080x24", "-displayfd", "1")


def webkit_path() -> str | None:
    """Where the small browser around WebKit is; None where it or its driver is missing."""
    found = sorted(Path("/").glob(BROWSERS.lstrip("/")))
    has_driver = shutil.which("WebKitWebDriver") and shutil.which("Xvfb")
    return str(found[-1]) if found and has_driver else None


JAPANESE = """if (localStorage.getItem('kyumei-lang')) return false;
  localStorage.setItem('kyumei-lang', 'ja'); return location.pathname !== '/live';"""


class Redrawn(AssertionError):
    """The element that was found stands in the page no more; nothing was done to it."""


class WebKitPage:
    """The one window."""

    def __init__(self, http: httpx2.AsyncClient, session: str) -> None:
        self._http = http
        self._session = session

    async def _ask(self, what: str, **body: Any) -> Any:
        answer = (await self._http.post(f"/session/{self._session}/{what}", json=body)).json()
        value = answer["value"]
        if isinstance(value, dict) and "error" in value:
            error = Redrawn if value["error"] == "stale element reference" else AssertionError
            raise error(f"{what}: {value['error']}: {value['message']}")
        return value

    async def size(self, width: int, height: int) -> None:
        """Of the window, as far as it can be so small."""
        await self._ask("window/rect", width=width, height=height)

    async def goto(self, url: str) -> None:
        """Load a page, in Japanese: a machine without that locale would be given the English words."""
        await self._ask("url", url=url)
        if url.startswith("http") and await self._ask("execute/sync", script=JAPANESE, args=[]):
            await self._ask("refresh")

    async def run(self, expression: str) -> Any:
        """The value of an expression."""
        return await self._ask("execute/sync", script=f"return {expression}", args=[])

    async def until(self, expression: str, within_s: float = PATIENCE_S) -> None:
        """Wait until it holds."""
        try:
            async with asyncio.timeout(within_s):
                while not await self.run(f"Boolean({expression})"):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            text = await self.run("document.body.innerText")
            message = f"{expression} did not become true. The page said: {text}"
            raise AssertionError(message) from None

    async def press(self, selector: str) -> None:
        """Press what is seen there."""
        await self._at(selector, "click")

    async def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        await self._at(selector, "value", text=text)

    async def _at(self, selector: str, what: str, **body: Any) -> None:
        """Do it to the element that stands there: a page may draw it anew between finding and touching."""
        for left in reversed(range(FINDINGS)):
            try:
                await self._ask(f"element/{await self._element(selector)}/{what}", **body)
            except Redrawn:
                if not left:
                    raise
            else:
                return

    async def _element(self, selector: str) -> str:
        await self.until(f"document.querySelector({json.dumps(selector)})?.getClientRects().length")
        found = await self._ask("element", using="css selector", value=selector)
        return str(next(iter(found.values())))


@asynccontextmanager
async def webkit() -> AsyncIterator[WebKitPage]:
    """A running WebKit with an empty profile and a mock camera."""
    screen = await asyncio.create_subprocess_exec(
        "Xvfb", *SCREEN, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert screen.stdout is not None
    display = f":{(await screen.stdout.readline()).decode().strip()}"
    try:
        async with _window(display) as page:
            yield page
    finally:
        await _end(screen)


@asynccontextmanager
async def _window(display: str) -> AsyncIterator[WebKitPage]:
    """A browser that answers. Its driver sometimes never answers the first command; another one then does."""
    env = {
        **os.environ, "DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1", "NO_AT_BRIDGE": "1",
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # its sandbox needs namespaces a container has not
    }  # fmt: skip
    for left in reversed(range(BEGINNINGS)):
        port = free_port()
        driver = await asyncio.create_subprocess_exec(
            "WebKitWebDriver", f"--port={port}", env=env, start_new_session=True,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        base = f"http://127.0.0.1:{port}"
        try:
            async with httpx2.AsyncClient(base_url=base, timeout=PATIENCE_S) as http:
                try:
                    async with asyncio.timeout(PATIENCE_S / BEGINNINGS):
                        session = await _begun(http)
                except TimeoutError:
                    if left:
                        continue
                    raise
                yield WebKitPage(http, session)
                await http.delete(f"/session/{session}")
                return
        finally:
            await _end(driver)


async def _begun(http: httpx2.AsyncClient) -> str:
    await _listens(http)
    options = {"binary": webkit_path(), "args": ["--automation", "--features=+MockCaptureDevices"]}
    wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
    made = (await http.post("/session", json={"capabilities": wanted})).json()["value"]
    assert "sessionId" in made, made
    session = str(made["sessionId"])
    await http.post(f"/session/{session}/execute/sync", json={"script": "return 1", "args": []})
    return session


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def _listens(http: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(START_S):
        while True:
            try:
                await http.get("/status")
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
