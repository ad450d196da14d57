"""A phone, the media plane and viewers on a real wire: real Chromiums in network namespaces."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, async_playwright

from relay.faults.namespaces import RELAY_ADDRESS, NamespaceWire, inside, open_wire, why_not
from tests.browser_page import FLAGS, chromium_path, new_page, patient

NO_HIDING = "--disable-features=WebRtcHideLocalIpsWithMdns"
"""A page without a camera hides its addresses by mDNS, and over a lossy wire one time in twelve never has one."""


class WiredStage:
    """The plane in the relay's namespace, and a browser at each end of the wire.

    Attributes:
        wire: loss, narrow lines, blackouts.
        near: pages in the relay's own namespace, whose packets never meet the wire.
        far: pages beyond the wire.
    """

    def __init__(self, wire: NamespaceWire, base: str) -> None:
        self.wire, self.base = wire, base
        self.near: list[Page] = []
        self.far: list[Page] = []

    async def stats(self, call: UUID) -> dict[str, Any]:
        """What the plane says of a call."""
        page = (self.near or self.far)[0]
        found: dict[str, Any] = await page.evaluate(
            f"fetch('/stats/{call}').then((answer) => answer.json())"
        )
        return found


def need_namespaces() -> None:
    """Skip with the reason where they cannot be made; fail in CI."""
    if reason := why_not():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@asynccontextmanager
async def wired_stage(folder: Path, *, near: int, far: int) -> AsyncIterator[WiredStage]:
    """The stage with so many open pages at each end."""
    need_namespaces()
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(open_wire())
        server = await asyncio.create_subprocess_exec(
            *(*inside(wire.relay), sys.executable, "-m", "tests.video.stage", RELAY_ADDRESS),
            stdout=asyncio.subprocess.PIPE,
        )
        stack.push_async_callback(_ended, server)
        assert server.stdout is not None
        stage = WiredStage(wire, (await server.stdout.readline()).decode().strip())
        playwright = await stack.enter_async_context(async_playwright())
        for namespace, count, pages in (
            (wire.relay, near, stage.near),
            (wire.tablet, far, stage.far),
        ):
            if count:
                await _open(stack, playwright, namespace, folder, count, pages, stage.base)
        yield stage


async def _open(
    stack: AsyncExitStack,
    playwright: Any,
    namespace: str,
    folder: Path,
    count: int,
    pages: list[Page],
    base: str,
) -> None:
    start = folder / f"chromium-{namespace}"
    command = shlex.join((*inside(namespace), chromium_path()))
    start.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    start.chmod(0o755)
    browser = patient(
        await playwright.chromium.launch(executable_path=str(start), args=[*FLAGS, NO_HIDING])
    )
    stack.push_async_callback(browser.close)
    for _ in range(count):
        page, _ = await new_page(browser, 400, 300)
        await page.goto(f"{base}/page")
        pages.append(page)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()
