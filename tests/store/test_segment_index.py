"""The index of a segment: small in memory, the same on disk, and there while a segment is being sealed."""

from __future__ import annotations

import asyncio
import sys
import tracemalloc
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from relay.ecglog.segment_index import IndexEntry, SegmentIndex
from relay.ecglog.segments import open_log
from tests.frames import logged, new_stream

N_FRAMES = 20_000
MOST_BYTES_PER_FRAME = 64

streams = st.sampled_from([UUID(int=1), UUID(int=2**127)])
entries = st.builds(
    IndexEntry,
    streams,
    seq=st.integers(0, 2**53),
    first_sample=st.integers(0, 2**53),
    n_samples=st.integers(1, 2**16 - 1),
    size=st.integers(1, 2**20),
    offset=st.integers(4, 2**40),
)


def test_a_frame_costs_a_few_bytes_of_memory() -> None:
    tracemalloc.start()
    index = SegmentIndex()
    try:
        for seq in range(N_FRAMES):
            stream = UUID(bytes=b"kyumei-kyumei-01")  # each frame brings its own object
            index.add([IndexEntry(stream, seq, seq * 125, 125, 600, seq * 604 + 4)])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(index) == N_FRAMES
    assert taken / N_FRAMES < MOST_BYTES_PER_FRAME


@given(st.lists(entries, max_size=30), st.integers(0, 2**53), st.integers(0, 2**53))
def test_the_file_holds_what_memory_holds(some: list[IndexEntry], one: int, other: int) -> None:
    index = SegmentIndex(some)
    again = SegmentIndex.from_disk(b"".join(index.on_disk()))
    first, end = sorted((one, other))
    for stream in {e.stream for e in some}:
        touching = [
            e for e in some if e.stream == stream and e.first_sample < end and e.end_sample > first
        ]
        assert index.touching(stream, first, end) == touching
        assert again.touching(stream, first, end) == touching
        assert again.summary[stream] == index.summary[stream]


async def test_nothing_is_out_of_sight_while_a_segment_is_sealed(tmp_path: Path) -> None:
    stream, n_frames = new_stream(), 150
    log = await open_log(tmp_path, segment_bytes=3_000, commit_every_s=0.0)
    done = asyncio.Event()

    async def look() -> None:
        while not done.is_set():
            acknowledged = len(log.stored(stream))
            assert len(await log.read(stream, 0, 2**40)) >= acknowledged

    before_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        looking = asyncio.create_task(look())
        for seq in range(n_frames):
            await log.append(stream, [logged(stream, seq)])
        done.set()
        await looking
    finally:
        sys.setswitchinterval(before_s)
        await log.close()
