"""Firefox for tests, spoken to over WebDriver BiDi: as much of it as a journey needs.

Playwright drives builds of its own only; a person's Firefox is Debian's, and it listens to BiDi by itself.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets

from tests.patience import PATIENCE_S

PREFS = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.loopback": True,
    "media.autoplay.default": 0,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.disabledForTesting": True,
    "intl.accept_languages": "ja,en",
}
START_S = PATIENCE_S
ANSWER_S = PATIENCE_S


def firefox_path() -> str | None:
    """Where Firefox is, None where it is not."""
    return (
        os.environ.get("KYUMEI_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    )


class Firefox:
    """A session: commands and their answers by number; errors of the pages' consoles are kept."""

    def __init__(self, wire: websockets.ClientConnection) -> None:
        self._wire = wire
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self.errors: dict[str, list[str]] = {}

    async def listen(self) -> None:
        """Until the browser has gone."""
        async for text in self._wire:
            told = json.loads(text)
            if told.get("id") in self._asked:
                self._answer(self._asked.pop(told["id"]), told)
            elif told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
                self.errors.setdefault(told["params"]["source"]["context"], []).append(
                    told["params"]["text"]
                )

    @staticmethod
    def _answer(asked: asyncio.Future[Any], told: dict[str, Any]) -> None:
        if asked.done():
            return
        if told["type"] == "error":
            asked.set_exception(AssertionError(f"{told['error']}: {told['message']}"))
        else:
            asked.set_result(told["result"])

    async def ask(self, method: str, **params: Any) -> Any:
        """One command's answer."""
        number = next(self._ids)
        self._asked[number] = asyncio.get_running_loop().create_future()
        await self._wire.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(ANSWER_S):
            return await self._asked[number]

    async def page(self, width: int, height: int) -> FirefoxPage:
        """A page in a profile of its own."""
        user = (await self.ask("browser.createUserContext"))["userContext"]
        made = await self.ask("browsingContext.create", type="tab", userContext=user)
        size = {"width": width, "height": height}
        await self.ask("browsingContext.setViewport", context=made["context"], viewport=size)
        return FirefoxPage(self, made["context"])


class FirefoxPage:
    """One page."""

    def __init__(self, browser: Firefox, context: str) -> None:
        self._browser = browser
        self._context = context

    @property
    def errors(self) -> list[str]:
        """What its console complained of."""
        return self._browser.errors.get(self._context, [])

    async def goto(self, url: str) -> None:
        await self._browser.ask(
            "browsingContext.navigate", context=self._context, url=url, wait="complete"
        )

    async def run(self, expression: str) -> Any:
        """The value of an expression (a promise is awaited)."""
        got = await self._browser.ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then((it) => JSON.stringify(it ?? null))",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if got["type"] == "exception":
            raise AssertionError(got["exceptionDetails"]["text"])
        return json.loads(got["result"]["value"])

    async def until(self, expression: str, within_s: float = PATIENCE_S) -> None:
        """Wait until it holds."""
        try:
            async with asyncio.timeout(within_s):
                while not await self.run(f"Boolean({expression})"):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            text = await self.run("document.body.innerText")
            raise AssertionError(
                f"{expression} did not become true. The page said: {text}"
            ) from None

    async def press(self, selector: str) -> None:
        """A real press of a finger's width: moved to, down, up."""
        await self.until(f"document.querySelector({json.dumps(selector)})?.getClientRects().length")
        x, y = await self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{ block: 'center' }});"
            " const r = e.getBoundingClientRect(); return [Math.round(r.x + r.width / 2), Math.round(r.y + r.height / 2)]; })()"
        )
        actions = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        source = {
            "type": "pointer",
            "id": "hand",
            "parameters": {"pointerType": "mouse"},
            "actions": actions,
        }
        await self._browser.ask("input.performActions", context=self._context, actions=[source])

    async def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        await self.press(selector)
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        await self._browser.ask(
            "input.performActions",
            context=self._context,
            actions=[{"type": "key", "id": "keys", "actions": keys}],
        )

    async def screenshot(self, path: Path) -> None:
        """What is seen, as PNG."""
        got = await self._browser.ask("browsingContext.captureScreenshot", context=self._context)
        path.write_bytes(base64.b64decode(got["data"]))


@asynccontextmanager
async def firefox() -> AsyncIterator[Firefox]:
    """A running Firefox with a fake camera, in a profile that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFS.items()
        ]
        (Path(folder) / "user.js").write_text("\n".join(lines))
        process = await asyncio.create_subprocess_exec(
            firefox_path() or "firefox", "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        drained: asyncio.Task[None] | None = None
        try:
            address = await _address(process)
            drained = asyncio.create_task(_drain(process))
            async with websockets.connect(f"{address}/session", max_size=None) as wire:
                browser = Firefox(wire)
                listening = asyncio.create_task(browser.listen())
                await browser.ask(
                    "session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}}
                )
                await browser.ask("session.subscribe", events=["log.entryAdded"])
                try:
                    yield browser
                finally:
                    listening.cancel()
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            if drained:
                drained.cancel()


async def _address(process: asyncio.subprocess.Process) -> str:
    """Said by Firefox once it listens."""
    assert process.stderr is not None
    async with asyncio.timeout(START_S):
        while line := (await process.stderr.readline()).decode(errors="replace"):
            if "WebDriver BiDi listening on" in line:
                return line.rsplit(" ", 1)[1].strip()
    raise AssertionError("Firefox ended before it listened.")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.readline():
        pass
