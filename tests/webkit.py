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

BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"
START_S = 60.0
SCREEN = ("-screen", "0", "1920x1080x24", "-displayfd", "1")


def webkit_path() -> str | None:
    """Where the small browser around WebKit is; None where it or its driver is missing."""
    found = sorted(Path("/").glob(BROWSERS.lstrip("/")))
    has_driver = shutil.which("WebKitWebDriver") and shutil.which("Xvfb")
    return str(found[-1]) if found and has_driver else None


class WebKitPage:
    """The one window."""

    def __init__(self, http: httpx2.AsyncClient, session: str) -> None:
        self._http = http
        self._session = session

    async def _ask(self, what: str, **body: Any) -> Any:
        answer = (await self._http.post(f"/session/{self._session}/{what}", json=body)).json()
        value = answer["value"]
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{what}: {value['error']}: {value['message']}")
        return value

    async def size(self, width: int, height: int) -> None:
        """Of the window, as far as it can be so small."""
        await self._ask("window/rect", width=width, height=height)

    async def goto(self, url: str) -> None:
        """Load a page."""
        await self._ask("url", url=url)

    async def run(self, expression: str) -> Any:
        """The value of an expression."""
        return await self._ask("execute/sync", script=f"return {expression}", args=[])

    async def until(self, expression: str, within_s: float = 40.0) -> None:
        """Wait until it holds."""
        try:
            async with asyncio.timeout(within_s):
                while not await self.run(f"Boolean({expression})"):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            text = await self.run("document.body.innerText")
            message = f"{expression} did not become true. The page said: {text}"
            raise AssertionError(message) from None

    async def _element(self, selector: str) -> str:
        await self.until(f"document.querySelector({json.dumps(selector)})?.getClientRects().length")
        found = await self._ask("element", using="css selector", value=selector)
        return str(next(iter(found.values())))

    async def press(self, selector: str) -> None:
        """Press what is seen there."""
        await self._ask(f"element/{await self._element(selector)}/click")

    async def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        await self._ask(f"element/{await self._element(selector)}/value", text=text)


@asynccontextmanager
async def webkit() -> AsyncIterator[WebKitPage]:
    """A running WebKit with an empty profile and a mock camera."""
    port, read = free_port(), asyncio.subprocess.PIPE
    screen = await asyncio.create_subprocess_exec(
        "Xvfb", *SCREEN, stdout=read, stderr=asyncio.subprocess.DEVNULL
    )
    assert screen.stdout is not None
    display = f":{(await screen.stdout.readline()).decode().strip()}"
    env = {
        **os.environ, "DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1", "NO_AT_BRIDGE": "1",
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # its sandbox needs namespaces a container has not
    }  # fmt: skip
    driver = await asyncio.create_subprocess_exec(
        "WebKitWebDriver", f"--port={port}", env=env,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
            await _listens(http)
            options = {
                "binary": webkit_path(),
                "args": ["--automation", "--features=+MockCaptureDevices"],
            }
            wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
            made = (await http.post("/session", json={"capabilities": wanted})).json()["value"]
            assert "sessionId" in made, made
            yield WebKitPage(http, made["sessionId"])
            await http.delete(f"/session/{made['sessionId']}")
    finally:
        for process in (driver, screen):
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
