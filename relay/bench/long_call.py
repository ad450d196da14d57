"""``kyumei bench call``: one call with two viewers for a long time; latency, memory and descriptors by minute."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from relay.bench.usage import open_files, percentile, slope_per_hour, usage_of
from relay.bench.video import Peer, Progress, video_server

MINUTE_S = 60.0
VIEWERS = 2


async def bench_call(minutes: float, progress: Progress) -> dict[str, Any]:
    """Figures of each minute, and what they did over the time, as one JSON-safe object."""
    rows: list[dict[str, float]] = []
    async with video_server("forward") as (pid, ask):
        call = uuid4()
        phone = Peer(ask, call, "publish")
        viewers = [Peer(ask, call, "watch") for _ in range(VIEWERS)]
        try:
            for peer in (phone, *viewers):
                await peer.join()
            left_s = minutes * MINUTE_S
            while left_s > 0:
                await asyncio.sleep(min(MINUTE_S, left_s))
                rows.append(_minute(pid, viewers, min(MINUTE_S, left_s)))
                left_s -= MINUTE_S
                progress(f"minute {len(rows)}: p50 {rows[-1]['p50_ms']:.0f} ms")
        finally:
            await asyncio.gather(*(peer.leave() for peer in (phone, *viewers)))
    settled = rows[len(rows) // 4 :]
    points = [(number * MINUTE_S, row["rss_mb"]) for number, row in enumerate(settled)]
    third = max(1, len(rows) // 3)
    return {
        "minutes": minutes,
        "viewers": VIEWERS,
        "p50_first_third_ms": percentile([r["p50_ms"] for r in rows[:third]], 0.5),
        "p50_last_third_ms": percentile([r["p50_ms"] for r in rows[-third:]], 0.5),
        "p95_worst_minute_ms": max(r["p95_ms"] for r in rows),
        "fps_worst_minute": min(r["fps"] for r in rows),
        "rss_first_mb": settled[0]["rss_mb"],
        "rss_last_mb": settled[-1]["rss_mb"],
        "rss_slope_mb_per_h": round(slope_per_hour(points), 2),
        "files_least": min(r["files"] for r in settled),
        "files_most": max(r["files"] for r in settled),
        "by_minute": rows,
    }


def _minute(pid: int, viewers: list[Peer], lasted_s: float) -> dict[str, float]:
    ages = [float(age) for viewer in viewers for age in viewer.ages_ms]
    for viewer in viewers:
        viewer.ages_ms.clear()
    return {
        "p50_ms": percentile(ages, 0.5),
        "p95_ms": percentile(ages, 0.95),
        "fps": round(len(ages) / lasted_s / len(viewers), 1),
        "rss_mb": round(usage_of(pid).rss_mb, 2),
        "files": float(open_files(pid)),
    }
