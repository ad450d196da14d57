"""A spool that is damaged gives back what can still be read, the newest included, and says how much."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ambulance_client.spool import HeldPhoto, Spool
from relay.protocol import messages as m
from tests.ambulance_client.test_spool import WRITER
from tests.frames import MASK_8, frame_bytes, new_stream

PAGE = 4096


async def _filled(folder: Path, stream: UUID, frames: int) -> m.Event:
    event = m.Event(uuid4(), uuid4(), 5, m.Mark("fmc"))
    spool = await Spool.open(folder)
    await spool.begin_case(event.incident)
    await spool.add_stream(m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test"))
    await spool.add_event(event, of_case=True)
    await spool.add_photo(HeldPhoto(uuid4(), event.incident, 7, b"\xff\xd8\xff"))
    for seq in range(frames):
        await spool.add_frame(stream, seq, frame_bytes(stream, seq))
    await spool.close()
    return event


def _overwrite(file: Path, first_page: int, pages: int) -> None:
    with file.open("r+b") as spool:
        spool.seek(first_page * PAGE)
        spool.write(os.urandom(pages * PAGE))


@pytest.mark.parametrize("share", [0.4, 0.7, 0.97])
async def test_what_can_be_read_is_saved_around_a_damaged_place(
    tmp_path: Path, share: float
) -> None:
    stream = new_stream()
    event = await _filled(tmp_path, stream, 600)
    file = tmp_path / "spool.sqlite3"
    _overwrite(file, int(file.stat().st_size / PAGE * share), 3)

    spool = await Spool.open(tmp_path)

    (held,) = await spool.streams()
    saved = [seq for first, end in held.unstored for seq in range(first, end)]
    assert "damaged" in str(spool.recovery)
    assert f"{len(saved) / 4:.0f} s of ECG and 1 entries" in str(spool.recovery)
    assert 500 < len(saved) <= 600
    assert held.next_seq >= saved[-1] + 1
    for seq in saved:
        assert await spool.frame(stream, seq) == frame_bytes(stream, seq)
    assert await spool.events() == [event]
    assert await spool.case_events(event.incident) == [event]
    assert await spool.get("incident") == str(event.incident)
    assert len(await spool.photos()) == 1
    await spool.close()


@pytest.mark.process
async def test_the_newest_frames_are_saved_from_the_journal_of_a_killed_process(
    tmp_path: Path,
) -> None:
    """What was committed last stands in the ``-wal`` file only; it is set aside with the rest."""
    stream = new_stream()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path), str(stream)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = -1
    while said < 1500:
        said = int(process.stdout.readline())
    process.kill()
    said = max([said, *(int(line) for line in process.stdout.read().split())])
    process.wait()
    file = tmp_path / "spool.sqlite3"
    assert (tmp_path / "spool.sqlite3-wal").stat().st_size > 0
    _overwrite(file, int(file.stat().st_size / PAGE * 0.5), 2)

    spool = await Spool.open(tmp_path)

    (held,) = await spool.streams()
    assert said in [seq for first, end in held.unstored for seq in range(first, end)]
    assert await spool.frame(stream, said) == frame_bytes(stream, said)
    await spool.close()


async def test_a_rotten_frame_is_missed_once_and_kept_aside(tmp_path: Path) -> None:
    stream = new_stream()
    await _filled(tmp_path, stream, 3)
    rotten = bytearray(frame_bytes(stream, 1))
    rotten[100] ^= 1
    with sqlite3.connect(tmp_path / "spool.sqlite3") as db:
        db.execute("UPDATE frames SET data = ? WHERE seq = 1", (bytes(rotten),))
    db.close()

    spool = await Spool.open(tmp_path)
    assert await spool.frame(stream, 1) is None
    (held,) = await spool.streams()
    assert held.unstored == ((0, 1), (2, 3))
    await spool.close()
    with sqlite3.connect(tmp_path / "spool.sqlite3") as db:
        assert db.execute("SELECT seq, data FROM rotten_frames").fetchall() == [(1, bytes(rotten))]
    db.close()


async def test_a_spool_of_the_version_before_keeps_its_case(tmp_path: Path) -> None:
    """Version 2 kept the case's entries as one list among the small state."""
    event = await _filled(tmp_path, new_stream(), 1)
    with sqlite3.connect(tmp_path / "spool.sqlite3") as db:
        texts = [row[0] for row in db.execute("SELECT text FROM case_events")]
        db.execute(
            "INSERT INTO state SELECT 'case-events', json_group_array(text) FROM case_events"
        )
        db.executescript(
            "DROP TABLE case_events; DROP TABLE rotten_frames; DROP TABLE refused;"
            " PRAGMA user_version = 2"
        )
    db.close()
    assert len(texts) == 1

    spool = await Spool.open(tmp_path)
    assert await spool.case_events(event.incident) == [event]
    await spool.close()
