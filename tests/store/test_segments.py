"""The segment log under crashes, torn writes, bit rot and a full disk."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.ecglog import segments as segments_module
from relay.ecglog.segment_file import index_path, scan
from relay.ecglog.segments import open_log
from relay.errors import Unavailable
from tests.doses import examples
from tests.frames import logged, new_stream


async def _write(folder: Path, stream, seqs, **options) -> None:
    log = await open_log(folder, commit_every_s=0.0, **options)
    for seq in seqs:
        await log.append(stream, [logged(stream, seq)])
    await log.close()


async def test_everything_is_there_after_a_restart_and_rotation(tmp_path: Path) -> None:
    stream = new_stream()
    await _write(tmp_path, stream, range(30), segment_bytes=10_000)

    assert len(list(tmp_path.glob("*.seg"))) > 3
    log = await open_log(tmp_path)
    assert list(log.stored(stream)) == [(0, 30)]
    assert await log.read(stream, 0, 30 * 125) == [logged(stream, seq) for seq in range(30)]
    await log.close()


async def test_a_lost_index_is_rebuilt(tmp_path: Path) -> None:
    stream = new_stream()
    await _write(tmp_path, stream, range(5))
    for path in tmp_path.glob("*.idx"):
        path.write_bytes(b'{"version": 99}\nrubbish')

    log = await open_log(tmp_path)
    assert await log.read(stream, 0, 625) == [logged(stream, seq) for seq in range(5)]
    await log.close()


@settings(max_examples=examples(40), deadline=None)
@given(cut=st.integers(min_value=1, max_value=2100))
def test_a_torn_tail_costs_only_the_torn_record(tmp_path_factory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("log")
    stream = new_stream()

    async def play() -> None:
        await _write(folder, stream, range(4))
        (segment,) = folder.glob("*.seg")
        index_path(segment).unlink()
        os.truncate(segment, segment.stat().st_size - min(cut, 2056))
        log = await open_log(folder)
        assert list(log.stored(stream)) == [(0, 3)]
        await log.append(stream, [logged(stream, 3)])
        assert await log.read(stream, 0, 500) == [logged(stream, seq) for seq in range(4)]
        await log.close()

    asyncio.run(play())


async def test_a_torn_tail_is_kept_aside(tmp_path: Path) -> None:
    stream = new_stream()
    await _write(tmp_path, stream, range(2))
    (segment,) = tmp_path.glob("*.seg")
    index_path(segment).unlink()
    with segment.open("ab") as file:
        file.write(b"half a record")

    await (await open_log(tmp_path)).close()

    (aside,) = tmp_path.glob("*.torn-*")
    assert aside.read_bytes() == b"half a record"


async def test_bit_rot_costs_one_record_and_is_never_returned(tmp_path: Path) -> None:
    stream = new_stream()
    await _write(tmp_path, stream, range(6))
    (segment,) = tmp_path.glob("*.seg")
    entries = scan(segment).entries
    data = bytearray(segment.read_bytes())
    data[entries[2].offset + 700] ^= 0x10
    segment.write_bytes(data)

    log = await open_log(tmp_path)
    assert [f.seq for f in await log.read(stream, 0, 750)] == [0, 1, 3, 4, 5]
    await log.close()

    index_path(segment).unlink()
    log = await open_log(tmp_path)
    assert list(log.stored(stream)) == [(0, 2), (3, 6)]
    await log.close()


async def test_a_full_disk_acknowledges_nothing_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = new_stream()
    log = await open_log(tmp_path, commit_every_s=0.0)
    await log.append(stream, [logged(stream, 0)])
    real_write, space = segments_module.os.write, {"left": 700}  # type: ignore[attr-defined]

    def full_disk(fd: int, data: memoryview) -> int:
        if space["left"] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real_write(fd, data[: space["left"]])
        space["left"] -= written
        return written

    monkeypatch.setitem(segments_module.os.__dict__, "write", full_disk)  # type: ignore[attr-defined]
    with pytest.raises(Unavailable, match="free space"):
        await log.append(stream, [logged(stream, 1)])
    with pytest.raises(Unavailable):
        await log.ping()
    assert list(log.stored(stream)) == [(0, 1)]

    monkeypatch.undo()
    await log.append(stream, [logged(stream, 1), logged(stream, 2)])
    await log.ping()
    await log.close()

    log = await open_log(tmp_path)
    assert await log.read(stream, 0, 375) == [logged(stream, seq) for seq in range(3)]
    assert not list(tmp_path.glob("*.torn-*"))
    await log.close()


async def test_nothing_returns_before_its_fdatasync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is write, fdatasync, return: watched on the real calls."""
    stream = new_stream()
    log = await open_log(tmp_path, commit_every_s=0.0)
    calls: list[str] = []
    real_write, real_sync = os.write, os.fdatasync

    def write(fd: int, data: memoryview) -> int:
        calls.append("write")
        return real_write(fd, data)

    def fdatasync(fd: int) -> None:
        real_sync(fd)
        calls.append("fdatasync")

    monkeypatch.setitem(os.__dict__, "write", write)
    monkeypatch.setitem(os.__dict__, "fdatasync", fdatasync)
    await log.append(stream, [logged(stream, 0)])
    calls.append("returned")
    await log.close()

    assert calls == ["write", "fdatasync", "returned"]
