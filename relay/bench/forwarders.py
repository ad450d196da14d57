"""``kyumei bench video --janus``: the same calls and viewers through the relay and through Janus.

Ready-made packets go in, viewers count what comes out; CPU is that of the server process alone. Both run
in the same minutes; read the ratio.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from aiortc import RTCPeerConnection

from relay.bench.janus import Janus, open_janus
from relay.bench.packets import ClipTrack, Counter, answered, clip, connection, offered, settled
from relay.bench.usage import Usage, usage_of
from relay.bench.video import Progress, video_server

WARM_UP_S = 4.0
Join = Callable[[int, RTCPeerConnection], Awaitable[None]]


async def bench_forwarders(
    calls: int, viewers: int, seconds: float, progress: Progress
) -> dict[str, Any]:
    """Figures of both and their ratio per forwarded packet, as one JSON-safe object.

    Raises:
        Unavailable: Janus is not installed, or a server did not start.
    """
    packets = await asyncio.to_thread(clip)
    async with open_janus() as janus:
        progress(f"{calls} calls, {viewers} viewers each, through Janus")
        rival = await _through_janus(janus, packets, calls, viewers, seconds)
    progress(f"{calls} calls, {viewers} viewers each, through the relay")
    relay = await _through_relay(packets, calls, viewers, seconds)
    ratio = relay["us_per_packet"] / rival["us_per_packet"]
    return {
        "calls": calls, "viewers": viewers, "seconds": seconds, "relay": relay, "janus": rival,
        "cpu_per_packet_ratio": round(ratio, 2),
        "calls_with_two_viewers_per_core": _calls_per_core(relay, calls, viewers),
    }  # fmt: skip


def _calls_per_core(relay: dict[str, Any], calls: int, viewers: int) -> int:
    """By the measured cost of a packet: a call with two viewers sends two thirds of three viewers' packets."""
    packets_per_viewer = relay["packets_per_s"] / calls / viewers
    return int(1e6 / (relay["us_per_packet"] * packets_per_viewer * 2))


async def _through_relay(
    packets: list[bytes], calls: int, viewers: int, seconds: float
) -> dict[str, Any]:
    names = [uuid4() for _ in range(calls)]
    async with video_server("forward") as (pid, ask):

        async def publish(number: int, pc: RTCPeerConnection) -> None:
            order = {"role": "publish", "call": str(names[number]), "sdp": await offered(pc)}
            await settled(pc, await ask(order))

        async def watch(number: int, pc: RTCPeerConnection) -> None:
            pc.addTransceiver("video", direction="recvonly")
            order = {"role": "watch", "call": str(names[number]), "sdp": await offered(pc)}
            await settled(pc, await ask(order))

        return await _measured(pid, packets, (calls, viewers), seconds, (publish, watch))


async def _through_janus(
    janus: Janus, packets: list[bytes], calls: int, viewers: int, seconds: float
) -> dict[str, Any]:
    async def publish(number: int, pc: RTCPeerConnection) -> None:
        await settled(pc, await janus.publish(number + 1, await offered(pc)))

    async def watch(number: int, pc: RTCPeerConnection) -> None:
        handle, offer = await janus.watch(number + 1)
        await janus.begin(handle, await answered(pc, offer))

    return await _measured(janus.pid, packets, (calls, viewers), seconds, (publish, watch))


async def _measured(
    pid: int, packets: list[bytes], size: tuple[int, int], seconds: float, join: tuple[Join, Join]
) -> dict[str, Any]:
    calls, viewers = size
    pcs: list[RTCPeerConnection] = []
    counters: list[Counter] = []
    try:
        for number in range(calls):
            pcs.append(pc := connection())
            pc.addTransceiver(ClipTrack(packets, number * 4), direction="sendonly")
            await join[0](number, pc)
        await asyncio.sleep(2.0)
        for number in range(calls * viewers):
            pcs.append(pc := connection())
            await join[1](number % calls, pc)
            counters.append(counter := Counter())
            counter.on(pc)
        await asyncio.sleep(WARM_UP_S)
        start, sent, began_s = usage_of(pid), _packets(counters), time.monotonic()
        await asyncio.sleep(seconds)
        passed_s = time.monotonic() - began_s
        return _figures(start, usage_of(pid), _packets(counters) - sent, passed_s, counters)
    finally:
        await asyncio.gather(*(pc.close() for pc in pcs))


def _packets(counters: list[Counter]) -> int:
    return sum(counter.packets for counter in counters)


def _figures(
    start: Usage, end: Usage, forwarded: int, passed_s: float, counters: list[Counter]
) -> dict[str, Any]:
    used_s = end.cpu_s - start.cpu_s
    total = _packets(counters)
    return {
        "cpu_pct": round(100 * used_s / passed_s, 1),
        "packets_per_s": round(forwarded / passed_s),
        "us_per_packet": round(used_s / max(forwarded, 1) * 1e6, 1),
        "lost_pct": round(100 * sum(c.lost for c in counters) / max(total, 1), 2),
        "viewers_served": sum(counter.packets > 0 for counter in counters),
        "rss_mb": round(end.rss_mb, 1),
    }
