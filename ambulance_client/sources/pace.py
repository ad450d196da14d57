"""Real time for sources that have their samples beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from ecg.values import EcgSegment

CHUNK_S = 0.05


async def paced(
    segments: Iterator[EcgSegment], *, rate_ppm: float = 0.0
) -> AsyncIterator[EcgSegment]:
    """The same segments, each when its last sample is due since the first call.

    A process that was held up catches up; the sample counter stays true to the clock.

    Args:
        segments: consecutive; their counter may begin anywhere.
        rate_ppm: how much faster than it says the imagined device's clock runs, parts per million.
    """
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    for segment in segments:
        rate_hz = segment.fs_hz * (1.0 + rate_ppm * 1e-6)
        due_s = start_s + (segment.first_sample + segment.n_samples) / rate_hz
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        yield segment
