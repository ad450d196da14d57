"""The media plane between real Chromiums: a phone with a fake camera, consoles that count frames."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx2 as httpx
import pytest
from playwright.async_api import Page

from relay.video.forwarding import ForwardingPlane
from relay.video.port import PublisherChange
from tests.browser_page import chromium, new_page
from tests.patience import PATIENCE_S, contention
from tests.video.stage import CAMERA_FLAGS, Stage, new_call, on_stage

pytestmark = pytest.mark.browser


@asynccontextmanager
async def pages(count: int) -> AsyncIterator[tuple[Stage, ForwardingPlane, list[Page]]]:
    """A stage, and so many open pages; at the end none may have complained."""
    plane = ForwardingPlane()
    async with on_stage(plane) as stage, chromium(*CAMERA_FLAGS) as browser:
        opened = [await new_page(browser, 400, 300) for _ in range(count)]
        for page, _ in opened:
            await page.goto(f"{stage.base}/page")
        yield stage, plane, [page for page, _ in opened]
        assert [complaint for _, complaints in opened for complaint in complaints] == []


async def watch(page: Page, call: UUID) -> int:
    return await page.evaluate(f"watch('{call}')")


async def advances(page: Page, count: int, view: int = 0, within_s: float = PATIENCE_S) -> float:
    """Seconds until so many more frames were shown."""
    began, seen = time.monotonic(), await page.evaluate(f"frames({view})")
    while await page.evaluate(f"frames({view})") < seen + count:
        assert time.monotonic() - began < within_s, await page.evaluate(f"inbound({view})")
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def test_the_picture_arrives_also_late_and_when_the_phone_reloads_or_changes_codec() -> None:
    async with pages(3) as (_, plane, (phone, console, hospital)):
        call = new_call()
        changes: list[PublisherChange] = []
        plane.on_change(lambda _, change: changes.append(change))
        await watch(console, call)
        await phone.evaluate(f"publish('{call}', 'video/VP8')")
        await advances(console, 10)
        await watch(hospital, call)
        await advances(hospital, 1)
        assert await hospital.evaluate("views[0].first") < 2_000 * contention()
        assert await hospital.evaluate(
            "[views[0].video.videoWidth, views[0].video.videoHeight]"
        ) == [640, 360]

        for codec in ("VP8", "H264"):
            await phone.reload()
            await phone.evaluate(f"publish('{call}', 'video/{codec}')")
            await advances(console, 10)
            await advances(hospital, 5)
            stats = plane.stats(call)
            assert stats is not None
            assert stats.publisher is not None
            assert stats.publisher.codec == codec
            assert (stats.publisher.width, stats.publisher.height) == (640, 360)
            assert changes[-1] is PublisherChange.LIVE
        seen = await console.evaluate("inbound()")
        assert seen["keyFramesDecoded"] >= 3
        assert seen["packetsLost"] == 0
        assert seen["pliCount"] == 0


async def test_the_phone_raises_its_rate_and_obeys_a_limit() -> None:
    async with pages(1) as (_, plane, (phone,)):
        call = new_call()
        await phone.evaluate(f"publish('{call}', null, 640, 480, true)")
        async with asyncio.timeout(PATIENCE_S):
            while ((await phone.evaluate("outbound()"))["available"] or 0) < 1_000_000:
                await asyncio.sleep(0.1)
            while (stats := plane.stats(call)) is None or stats.publisher.kbps < 800:
                await asyncio.sleep(0.1)
        plane.limit_bitrate(call, 200)
        async with asyncio.timeout(PATIENCE_S):
            while (
                (await phone.evaluate("outbound()"))["target"] or 10**9
            ) > 220_000:  # null: not known yet
                await asyncio.sleep(0.1)


async def test_delete_ends_it_and_a_restart_of_ice_does_not() -> None:
    async with pages(2) as (stage, plane, (phone, console)):
        call = new_call()
        await phone.evaluate(f"publish('{call}')")
        await watch(console, call)
        await advances(console, 5)
        before = await console.evaluate("views[0].pc.localDescription.sdp")
        old = next(iter(plane._calls[call].viewers.values())).transport._ice
        assert await console.evaluate("restart()") == 200
        assert await console.evaluate("views[0].pc.localDescription.sdp") != before
        async with asyncio.timeout(PATIENCE_S):
            while await console.evaluate("views[0].pc.iceConnectionState") != "connected":
                await asyncio.sleep(0.05)
        await advances(console, 10)  # the old path goes on while it lives
        channel = next(iter(plane._calls[call].viewers.values())).transport
        for protocol in old._protocols:
            protocol.transport.abort()
        async with asyncio.timeout(PATIENCE_S):  # it died: media moves to the new sockets
            while channel._ice is old:
                await asyncio.sleep(0.05)
        await advances(console, 20)
        assert old._protocols == []

        where = await console.evaluate("views[0].pc.where")
        async with httpx.AsyncClient() as client:
            assert (await client.delete(stage.base + where)).status_code == 200
            assert (await client.delete(stage.base + where)).status_code == 404
        stats = plane.stats(call)
        assert stats is not None
        assert stats.publisher is not None
        assert stats.viewers == ()
