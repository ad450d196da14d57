"""Loss, narrow lines and blackouts as real packets meet them: Chromiums and the plane in namespaces.

The bars are those of the specification. The default run plays the two that only a wire can show; the
others run with ``-m soak``.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.patience import PATIENCE_S
from tests.video.stage import new_call
from tests.video.wire import WiredStage, wired_stage

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def decoded(page: Page, seconds: float) -> float:
    """Frames decoded per second over the next seconds."""
    before, began_s = (await page.evaluate("inbound()"))["framesDecoded"], time.monotonic()
    await asyncio.sleep(seconds)
    after = (await page.evaluate("inbound()"))["framesDecoded"]
    return (after - before) / (time.monotonic() - began_s)


async def publisher(stage: WiredStage, call: Any) -> dict[str, Any]:
    """The caller's side as the plane sees it."""
    return (await stage.stats(call))["publisher"]


async def begun(stage: WiredStage, phone: Page, console: Page) -> Any:
    """A call with a busy picture, on the console's screen."""
    call = new_call()
    await phone.evaluate(f"publish('{call}', null, 640, 480, true)")
    await console.evaluate(f"watch('{call}')")
    async with asyncio.timeout(PATIENCE_S):
        while await console.evaluate("frames()") < 10:
            await asyncio.sleep(0.05)
    return call


async def test_a_bad_uplink_keeps_the_picture_moving(tmp_path: Path) -> None:
    """Bar under 10 % loss: at least 20 frames/s at 0.5 Mbit/s or more.

    A Chromium on a busy processor sends less for a while, so the bar may be met in any of six windows;
    without transport-wide feedback it is met in none (below 0.1 Mbit/s, 6 to 11 frames/s).

    Then the line turns narrow: without transport-wide feedback the phone goes on at its old rate,
    and nothing can be decoded for 13 s.
    """
    async with wired_stage(tmp_path, near=1, far=1) as stage:
        console, phone = stage.near[0], stage.far[0]
        await stage.wire.lose(10, 0)
        call = await begun(stage, phone, console)
        await asyncio.sleep(3)
        for _ in range(6):
            shown, figures = await decoded(console, 4), await publisher(stage, call)
            if figures["kbps"] >= 500 and shown >= 20:
                break
        assert figures["recovered"] > 20
        assert figures["kbps"] >= 500
        assert shown >= 20, figures

        await stage.wire.lose(0)
        await asyncio.sleep(1)
        lost = (await publisher(stage, call))["lost"]
        await stage.wire.narrow(600)
        await asyncio.sleep(4)
        shown, figures = await decoded(console, 5), await publisher(stage, call)
        assert shown >= 5, figures
        assert figures["lost"] - lost < 200
        assert figures["kbps"] < 650
        assert (await phone.evaluate("outbound()"))["target"] < 700_000


@pytest.mark.soak
async def test_first_picture_over_a_line_that_loses_ten_percent(tmp_path: Path) -> None:
    """Bar: 2 s, the median of nine viewers, whose handshake and keyframe meet the same loss."""
    async with wired_stage(tmp_path, near=1, far=9) as stage:
        phone = stage.near[0]
        call = new_call()
        await phone.evaluate(f"publish('{call}', null, 640, 480, true)")
        await asyncio.sleep(1)
        await stage.wire.lose(10)
        for viewer in stage.far:
            await viewer.evaluate(f"watch('{call}')")
        await asyncio.sleep(4)
        first_ms = sorted([(await v.evaluate("views[0].first")) or 1e9 for v in stage.far])
        print("first picture, ms:", [round(ms) for ms in first_ms])
        assert first_ms[len(first_ms) // 2] < 2_000


@pytest.mark.soak
async def test_a_viewer_on_500_kbit_per_s_leaves_the_others_alone(tmp_path: Path) -> None:
    async with wired_stage(tmp_path, near=2, far=1) as stage:
        phone, good = stage.near
        narrow = stage.far[0]
        call = await begun(stage, phone, good)
        await stage.wire.narrow(None, 500)
        await narrow.evaluate(f"watch('{call}')")
        await asyncio.sleep(6)
        before = await good.evaluate("inbound()")
        shown, figures = await decoded(good, 10), await publisher(stage, call)
        after = await good.evaluate("inbound()")
        slow = [v for v in (await stage.stats(call))["viewers"] if v["slow"]]
        print("phone kbit/s", figures["kbps"], "good fps", shown, "narrow", slow)
        assert figures["kbps"] > 800
        assert shown >= 25
        assert after["packetsLost"] == before["packetsLost"]
        assert after["freezeCount"] == before["freezeCount"]
        assert len(slow) == 1


@pytest.mark.soak
async def test_a_radio_that_is_gone_for_twenty_seconds_comes_back(tmp_path: Path) -> None:
    """The caller walks through a dead spot: the same page, the same link, the picture is back."""
    async with wired_stage(tmp_path, near=1, far=1) as stage:
        console, phone = stage.near[0], stage.far[0]
        call = await begun(stage, phone, console)
        await stage.wire.lose(100)
        await asyncio.sleep(20)
        frozen = await publisher(stage, call)
        seen = await console.evaluate("frames()")
        await stage.wire.lose(0)
        light_s = time.monotonic()
        while await console.evaluate("frames()") < seen + 3:
            assert time.monotonic() - light_s < 20, await stage.stats(call)
            await asyncio.sleep(0.05)
        back_s = time.monotonic() - light_s
        await asyncio.sleep(3)
        shown = await decoded(console, 4)
        print(f"picture back after {back_s:.1f} s, then {shown:.0f} frames/s")
        assert frozen["frozen"]
        assert shown >= 15
