"""A folder that a cart drops its records into."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ambulance_client.sources.folder import WatchedFolder
from ambulance_client.tablet import TabletSettings, running_tablet
from relay.errors import BadInput
from tests.city import free_port, until

LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def drop(folder: Path, name: str, n: int = 2_500, *, header_last: bool = True) -> np.ndarray:
    adc = np.random.default_rng(len(name)).integers(-900, 900, (n, len(LEADS))).astype("<i2")
    rows = [f"{name}.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in LEADS]
    header = "\n".join([f"{name} {len(LEADS)} 250 {n}", *rows, ""])
    parts = [(f"{name}.dat", adc.tobytes()), (f"{name}.hea", header.encode())]
    for file, data in parts if header_last else parts[::-1]:
        (folder / file).write_bytes(data)
    return adc


async def _all(source) -> np.ndarray:
    return np.concatenate([s.adc async for s in source.segments()], axis=1)


async def test_what_arrives_is_taken_once_and_moved_what_lay_there_is_left(tmp_path: Path) -> None:
    drop(tmp_path, "yesterday")
    folder = WatchedFolder(tmp_path)
    assert "1 older" in folder.waiting_for
    adc = drop(tmp_path, "now")

    source = await asyncio.wait_for(folder.next(), 30)
    assert np.array_equal(await _all(source), adc.T)
    assert source.info.live is False
    await folder.finished(source)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["sent", "yesterday.dat", "yesterday.hea"]
    assert sorted(p.name for p in (tmp_path / "sent").iterdir()) == ["now.dat", "now.hea"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(folder.next(), 1.5)


async def test_a_name_used_again_is_a_new_record_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    for _ in range(2):
        drop(tmp_path, "ecg")
        await folder.finished(await asyncio.wait_for(folder.next(), 30))

    kept = sorted(p.name for p in (tmp_path / "sent").iterdir())
    assert kept == ["ecg-2.dat", "ecg-2.hea", "ecg.dat", "ecg.hea"]


async def test_a_file_still_being_written_waits(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    adc = drop(tmp_path, "slow", header_last=False)
    data = (tmp_path / "slow.dat").read_bytes()
    (tmp_path / "slow.dat").write_bytes(b"")
    waiting = asyncio.create_task(folder.next())
    for end in range(8_000, len(data) + 8_000, 8_000):
        (tmp_path / "slow.dat").write_bytes(data[:end])
        await asyncio.sleep(0.2)
        assert not waiting.done()

    assert np.array_equal(await _all(await asyncio.wait_for(waiting, 30)), adc.T)


async def test_a_copy_that_pauses_waits_and_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    adc = drop(tmp_path, "half")
    data = (tmp_path / "half.dat").read_bytes()
    (tmp_path / "half.dat").write_bytes(data[:5_000])
    waiting = asyncio.create_task(folder.next())
    await asyncio.sleep(2.0)  # four looks without a change
    assert not waiting.done()
    other = drop(tmp_path, "other")
    taken = await asyncio.wait_for(waiting, 30)
    assert np.array_equal(await _all(taken), other.T)
    await folder.finished(taken)

    (tmp_path / "half.dat").write_bytes(data)
    assert np.array_equal(await _all(await asyncio.wait_for(folder.next(), 30)), adc.T)


async def test_an_unreadable_file_is_put_aside_with_a_sentence_and_the_next_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ambulance_client.sources.folder.UNREADABLE_AFTER_S", 1.0)
    folder = WatchedFolder(tmp_path)
    (tmp_path / "bad.hea").write_text("bad 1 500 9000\nbad.dat 16 1000/mV 16 0 0 0 0 I\n")
    (tmp_path / "bad.dat").write_bytes(b"\0" * 100)
    with pytest.raises(BadInput, match="bad") as caught:
        await asyncio.wait_for(folder.next(), 30)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "unreadable" / "bad.hea").is_file()
    drop(tmp_path, "good")
    assert await asyncio.wait_for(folder.next(), 30)


async def test_a_dropped_file_becomes_a_recording_with_its_snapshot(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="x",
        source=f"folder:{incoming}",
        spool=tmp_path / "spool",
    )
    async with running_tablet(settings) as tablet:
        await until(lambda: "Waiting for a file" in tablet.intake.text)
        drop(incoming, "first")
        await until(lambda: len(tablet.case.snapshots) == 1)
        drop(incoming, "second", n=1_000)
        await until(lambda: len(tablet.case.snapshots) == 2)
        await until(lambda: tablet.intake.state == "waiting")

        assert {s.reason for s in tablet.case.snapshots.values()} == {"file"}
        assert tablet.recorder.newest_sample == 1_000
        assert tablet.backlog_s >= 10
