"""``kyumei bench soak``: tablets and viewers for a long time; what grows, and whether it gets slower."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from relay.bench.link import GLANCE_S, Progress, relay_figures
from relay.bench.usage import open_files, slope_per_hour, usage_of

PER_MINUTE = round(60 / GLANCE_S)
SETTLED_SHARE = 0.25
"""The first quarter fills caches and rings; growth is judged on the rest."""


async def bench_soak(streams: int, minutes: float, progress: Progress) -> dict[str, Any]:
    """The relay's figures, and its memory, descriptors and latency over the time."""
    rss_mb: list[tuple[float, float]] = []
    files: list[tuple[float, float]] = []
    began_s = time.monotonic()

    def glance(pid: int) -> None:
        at_s = time.monotonic() - began_s
        rss_mb.append((at_s, usage_of(pid).rss_mb))
        files.append((at_s, float(open_files(pid))))

    with tempfile.TemporaryDirectory(prefix="kyumei-soak-") as folder:
        relay = await relay_figures(Path(folder), streams, minutes * 60, progress, glance)
    return {"streams": streams, "minutes": minutes, **relay, **_growth(relay, rss_mb, files)}


def _growth(
    relay: dict[str, Any], rss_mb: list[tuple[float, float]], files: list[tuple[float, float]]
) -> dict[str, Any]:
    settled = rss_mb[int(len(rss_mb) * SETTLED_SHARE) :]
    open_now = [count for _, count in files[int(len(files) * SETTLED_SHARE) :]]
    p99 = relay["p99_by_minute_ms"]
    third = max(1, len(p99) // 3)
    return {
        "rss_first_mb": round(settled[0][1], 1) if settled else None,
        "rss_last_mb": round(settled[-1][1], 1) if settled else None,
        "rss_slope_mb_per_h": round(slope_per_hour(settled), 2),
        "rss_by_minute_mb": [round(value, 1) for _, value in rss_mb[::PER_MINUTE]],
        "files_least": min(open_now, default=None),
        "files_most": max(open_now, default=None),
        "p99_first_third_ms": median(p99[:third]) if p99 else None,
        "p99_last_third_ms": median(p99[-third:]) if p99 else None,
    }
