"""What every ``EcgLog`` adapter promises (``relay/ecglog/port.py``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.ecglog.memory import MemoryEcgLog
from relay.ecglog.port import EcgLog
from relay.ecglog.segments import open_log
from relay.errors import Unavailable
from tests.frames import logged, new_stream


@pytest.fixture(params=["segments", "memory"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EcgLog]:
    """Every adapter in turn."""
    if request.param == "memory":
        made: EcgLog = MemoryEcgLog()
    else:
        made = await open_log(tmp_path / "ecg", commit_every_s=0.01)
    yield made
    await made.close()


async def test_what_was_appended_reads_back_byte_for_byte(log: EcgLog) -> None:
    stream = new_stream()
    frames = [logged(stream, seq) for seq in range(20)]

    await log.append(stream, frames)

    assert await log.read(stream, 0, 20 * 125) == frames
    assert list(log.stored(stream)) == [(0, 20)]
    assert list(log.covered(stream)) == [(0, 2500)]
    assert log.newest_sample(stream) == 2500


async def test_read_returns_only_frames_that_touch_the_range(log: EcgLog) -> None:
    stream = new_stream()
    await log.append(stream, [logged(stream, seq) for seq in (9, 3, 4, 5)])

    assert [f.seq for f in await log.read(stream, 500, 626)] == [4, 5]
    assert [f.seq for f in await log.read(stream, 0, 10_000)] == [3, 4, 5, 9]
    assert list(log.stored(stream)) == [(3, 6), (9, 10)]


async def test_a_frame_is_stored_once_however_often_it_comes(log: EcgLog) -> None:
    stream = new_stream()
    frame = logged(stream, 0)

    await asyncio.gather(*(log.append(stream, [frame]) for _ in range(5)))
    await log.append(stream, [frame])

    assert await log.read(stream, 0, 125) == [frame]


async def test_unknown_streams_are_empty(log: EcgLog) -> None:
    stream = new_stream()

    assert not log.stored(stream)
    assert log.newest_sample(stream) == 0
    assert await log.read(stream, 0, 10**9) == []


async def test_streams_do_not_mix(log: EcgLog) -> None:
    one, two = new_stream(), new_stream()
    await asyncio.gather(log.append(one, [logged(one, 0)]), log.append(two, [logged(two, 7)]))

    assert [f.seq for f in await log.read(one, 0, 10**6)] == [0]
    assert [f.seq for f in await log.read(two, 0, 10**6)] == [7]
    assert set(log.streams()) == {one, two}


async def test_a_closed_log_refuses_and_says_so(log: EcgLog) -> None:
    stream = new_stream()
    pending = asyncio.create_task(log.append(stream, [logged(stream, 0)]))
    await asyncio.sleep(0)
    await log.close()

    await pending
    with pytest.raises(Unavailable):
        await log.append(stream, [logged(stream, 1)])
    with pytest.raises(Unavailable):
        await log.ping()
