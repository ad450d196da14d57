"""Chromium for tests: found, started, and its complaints collected."""

from __future__ import annotations

import base64
import hashlib
import inspect
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.patience import PATIENCE_MS

expect.set_options(timeout=PATIENCE_MS)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
OLD_SAFARI = """
  delete AbortSignal.timeout;
  delete AbortSignal.any;
  for (const name of ['permissions', 'wakeLock', 'getBattery', 'vibrate', 'userActivation', 'locks']) delete Navigator.prototype[name];
  for (const name of ['toSorted', 'toReversed', 'toSpliced', 'with']) delete Array.prototype[name];
  delete Object.groupBy; delete Map.groupBy; delete Promise.withResolvers; delete Array.fromAsync; delete URL.canParse;
"""
"""What Safari 15 has not, the newest an iPhone of 2015 and an iPad of 2014 can have: taken away from Chromium."""
COUNT_TONES = """
  window.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...args) { window.tones += 1; return start.apply(this, args); };
"""


SHELL = "chromium-headless-shell"
WHOLE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_path(*, whole: bool = False) -> str:
    """Where Chromium is; the sentence of ``scripts/chromium`` where it is not.

    Args:
        whole: the browser as people have it. Otherwise its shell where there is one: the same engine
            without windows, for a quarter of the processor's time.
    """
    found = None if whole else os.environ.get("KYUMEI_CHROMIUM")
    names = WHOLE if whole else (SHELL, *WHOLE)
    found = found or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise AssertionError("The browser tests need Chromium: run scripts/chromium.")
    return found


def trust_of(certificate: Path) -> str:
    """The flag with which Chromium accepts this server's key, and no other that it does not know."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    key = found.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return f"--ignore-certificate-errors-spki-list={digest}"


@asynccontextmanager
async def chromium(*flags: str, whole: bool = False) -> AsyncIterator[Browser]:
    """A running browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(whole=whole), args=[*FLAGS, *flags]
        )
        try:
            yield patient(browser)
        finally:
            await browser.close()


def patient(browser: Any) -> Any:
    """The browser, whose every page is as patient as the tests are: Playwright's own half minute is the machine's to spend."""
    plain_context, plain_page = browser.new_context, browser.new_page

    def patiently(made: Any) -> Any:
        made.set_default_timeout(PATIENCE_MS)
        return made

    def asked(plain: Any) -> Any:
        def make(**options: Any) -> Any:
            made = plain(**options)
            return _after(made, patiently) if inspect.isawaitable(made) else patiently(made)

        return make

    browser.new_context, browser.new_page = asked(plain_context), asked(plain_page)
    return browser


async def _after(made: Any, patiently: Any) -> Any:
    return patiently(await made)


async def new_page(browser: Browser, width: int, height: int) -> tuple[Page, list[str]]:
    """A page in a fresh profile, and the list its errors go to."""
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="ja-JP")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda m: complaints.append(f"{m.text} {m.location['url']}") if m.type == "error" else None,
    )
    await page.add_init_script(COUNT_TONES)
    return page, complaints


async def ink(page: Page, selector: str = "canvas") -> int:
    """How many pixels of all canvases under a selector are not transparent."""
    return await page.evaluate(
        """(selector) => [...document.querySelectorAll(selector)].reduce((sum, canvas) => {
             const { width, height } = canvas;
             if (!width || !height) return sum;
             const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
             let n = 0;
             for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
             return sum + n;
           }, 0)""",
        selector,
    )
