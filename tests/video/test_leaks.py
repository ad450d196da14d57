"""Viewers that come and go leave nothing behind: sockets, tasks, memory, calls."""

from __future__ import annotations

import asyncio
import gc
import os
from uuid import uuid4

import psutil
import pytest

from relay.video import forwarding
from relay.video.forwarding import ForwardingPlane, PlaneSettings
from tests.video.peers import an_offer, publisher, until, viewer

CYCLES = int(os.environ.get("KYUMEI_JOIN_CYCLES", "50"))


def _held() -> tuple[int, int]:
    gc.collect()
    return psutil.Process().num_fds(), len(asyncio.all_tasks())


async def test_joining_and_leaving_leaves_nothing_behind() -> None:
    """KYUMEI_JOIN_CYCLES=500 for the long run; every fifth viewer connects and vanishes silently."""
    plane, call = ForwardingPlane(PlaneSettings(addresses=("127.0.0.1",))), uuid4()
    offer = await an_offer("recvonly")
    async with publisher(plane, call):
        await until(lambda: (s := plane.stats(call)) and s.publisher and s.publisher.packets > 5)
        for cycle in range(10):
            await plane.remove((await plane.subscribe(call, offer, f"warm-{cycle}")).session)
        fds, tasks = _held()
        rss = psutil.Process().memory_info().rss
        for cycle in range(CYCLES):
            if cycle % 5:
                await plane.remove((await plane.subscribe(call, offer, "console")).session)
            else:
                async with viewer(plane, call) as console:
                    await console.has_frames(1)
                await until(lambda: (s := plane.stats(call)) and not s.viewers)
        await until(lambda: _held()[0] <= fds and _held()[1] <= tasks)
        assert psutil.Process().memory_info().rss - rss < 60e6
    await plane.close()
    assert plane.stats(call) is None


async def test_who_never_connects_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "CONNECT_WITHIN_S", 0.5)
    plane, call = ForwardingPlane(), uuid4()
    answer = await plane.subscribe(call, await an_offer("recvonly"), "console")
    await until(lambda: plane.call_of(answer.session) is None)
    assert plane.stats(call) is None
    await plane.close()


async def test_who_vanishes_silently_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "DEAD_AFTER_S", 1.5)
    plane, call = ForwardingPlane(), uuid4()
    async with publisher(plane, call), viewer(plane, call) as console:
        await console.has_frames(1)
        for transport in {t.transport for t in console.pc._RTCPeerConnection__dtlsTransports}:  # type: ignore[attr-defined]
            for protocol in transport._connection._protocols:
                protocol.transport.abort()
        await until(lambda: (s := plane.stats(call)) and not s.viewers)
    await plane.close()
