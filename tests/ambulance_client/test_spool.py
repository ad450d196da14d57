"""The spool: what was committed is there after any end, and damage is said."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ambulance_client.spool import Spool
from relay.errors import BadInput, Unavailable
from relay.protocol import messages as m
from tests.frames import MASK_8, frame_bytes, new_stream


def _spec(stream: UUID) -> m.OpenStream:
    return m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test")


async def test_frames_survive_and_go_only_when_dropped(tmp_path: Path) -> None:
    stream = new_stream()
    spool = await Spool.open(tmp_path)
    await spool.add_stream(_spec(stream))
    for seq in range(6):
        await spool.add_frame(stream, seq, frame_bytes(stream, seq))
    await spool.drop_frames(stream, [(0, 2), (4, 5)])
    await spool.close()

    spool = await Spool.open(tmp_path)
    (held,) = await spool.streams()
    assert held.unstored == ((2, 4), (5, 6))
    assert held.next_seq == 6
    assert not held.ended
    assert await spool.frame(stream, 3) == frame_bytes(stream, 3)
    assert await spool.frame(stream, 0) is None
    await spool.close()


async def test_a_stream_is_forgotten_only_when_ended_and_empty(tmp_path: Path) -> None:
    stream = new_stream()
    spool = await Spool.open(tmp_path)
    await spool.add_stream(_spec(stream))
    await spool.add_frame(stream, 0, frame_bytes(stream, 0))

    await spool.forget_stream(stream)
    await spool.end_stream(stream, m.Event(uuid4(), uuid4(), 1, m.StreamEnd(stream, 1)))
    await spool.forget_stream(stream)
    assert len(await spool.streams()) == 1

    await spool.drop_frames(stream, [(0, 1)])
    await spool.forget_stream(stream)
    assert await spool.streams() == []
    await spool.close()


async def test_events_notices_and_state_survive(tmp_path: Path) -> None:
    incident = uuid4()
    event = m.Event(uuid4(), incident, 5, m.Mark("fmc"))
    notice = m.Notice(incident, 3, 7, "decided", "Dr A", {"decision": "stemi-cath"})
    spool = await Spool.open(tmp_path)
    await spool.add_event(event)
    await spool.add_event(event)
    await spool.add_notice(notice)
    await spool.put("incident", str(incident))
    await spool.close()

    spool = await Spool.open(tmp_path)
    assert await spool.events() == [event]
    assert await spool.notices(incident) == [notice]
    assert await spool.get("incident") == str(incident)
    assert await spool.get("nothing") is None
    await spool.drop_event(event.event)
    assert await spool.events() == []
    await spool.close()


async def test_a_rotten_frame_is_never_handed_out(tmp_path: Path) -> None:
    stream = new_stream()
    spool = await Spool.open(tmp_path)
    await spool.add_stream(_spec(stream))
    damaged = bytearray(frame_bytes(stream, 0))
    damaged[100] ^= 1
    await spool.add_frame(stream, 0, bytes(damaged))

    assert await spool.frame(stream, 0) is None
    await spool.close()


async def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / "spool.sqlite3").write_bytes(b"this is no database at all" * 100)

    spool = await Spool.open(tmp_path)

    assert "damaged" in str(spool.recovery)
    assert len(list(tmp_path.glob("spool.damaged-*"))) == 1
    assert await spool.streams() == []
    await spool.close()


async def test_a_newer_spool_and_an_unwritable_folder_are_refused(tmp_path: Path) -> None:
    import sqlite3

    db = sqlite3.connect(tmp_path / "spool.sqlite3")
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    with pytest.raises(BadInput, match="newer version"):
        await Spool.open(tmp_path)
    with pytest.raises(Unavailable, match="--spool"):
        await Spool.open(Path("/proc/nowhere"))


WRITER = """
    import asyncio, sys
    from pathlib import Path
    from uuid import UUID, uuid4
    from ambulance_client.spool import Spool
    from relay.protocol import messages as m
    from tests.frames import MASK_8, frame_bytes

    async def main():
        stream = UUID(sys.argv[2])
        spool = await Spool.open(Path(sys.argv[1]))
        await spool.add_stream(m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test"))
        for seq in range(100000):
            await spool.add_frame(stream, seq, frame_bytes(stream, seq))
            print(seq, flush=True)

    asyncio.run(main())
"""


@pytest.mark.process
async def test_kill_9_loses_nothing_that_was_said_to_be_kept(tmp_path: Path) -> None:
    stream = new_stream()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path), str(stream)],
        stdout=subprocess.PIPE,
        text=True,
    )
    said = -1
    while said < 60:
        said = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    said = max([said, *(int(line) for line in process.stdout.read().split())])
    process.wait()

    spool = await Spool.open(tmp_path)
    (held,) = await spool.streams()
    assert spool.recovery is None
    assert held.unstored[0][0] == 0
    assert held.unstored[0][1] >= said + 1
    for seq in range(said + 1):
        assert await spool.frame(stream, seq) == frame_bytes(stream, seq)
    await spool.close()


async def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    """A real limit on the file's size stands in for the disk's end."""
    stream = new_stream()
    spool = await Spool.open(tmp_path)
    await spool.add_stream(_spec(stream))
    await spool._run(lambda: spool._db.execute("PRAGMA max_page_count = 40").fetchone())

    with pytest.raises(Unavailable, match="free space"):
        for seq in range(200):
            await spool.add_frame(stream, seq, frame_bytes(stream, seq))
    (held,) = await spool.streams()
    assert held.next_seq == held.unstored[0][1] > 0
    await spool.close()


SYNCED_WRITER = """
import asyncio, os, sys
from pathlib import Path
from ambulance_client.spool import Spool
from relay.protocol import messages as m
from tests.frames import MASK_8, frame_bytes, new_stream
from uuid import uuid4

async def main():
    spool = await Spool.open(Path(sys.argv[1]))
    stream = new_stream()
    await spool.add_stream(m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test"))
    for seq in range(40):
        await spool.add_frame(stream, seq, frame_bytes(stream, seq))
        os.write(1, b"kept %d\\n" % seq)  # what the link would be told
    await spool.close()

asyncio.run(main())
"""


@pytest.mark.process
def test_every_frame_is_synced_to_the_disk_before_the_link_hears_of_it(tmp_path: Path) -> None:
    """By the kernel's own record: write to the journal, then fdatasync, and only then "kept"."""
    strace = shutil.which("strace")
    if strace is None:
        assert not os.environ.get("CI"), "scripts/fault_tools installs strace"
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    calls = "trace=pwrite64,write,fdatasync,fsync"
    command = [
        strace,
        "-f",
        "-y",
        "-e",
        calls,
        "-o",
        str(trace),
        sys.executable,
        "-c",
        SYNCED_WRITER,
    ]
    subprocess.run([*command, str(tmp_path / "spool")], check=True, capture_output=True)

    written, synced, kept, wrong = False, False, 0, []
    for line in trace.read_text().splitlines():
        if "spool.sqlite3-wal" in line and "pwrite64(" in line:
            written, synced = True, False
        elif "spool.sqlite3-wal" in line and "sync(" in line:
            synced = True
        elif "write(1<" in line and '"kept ' in line:
            kept += 1
            if not (written and synced):
                wrong.append(line)
            written = synced = False
    assert kept == 40
    assert wrong == []


@pytest.mark.slow
async def test_an_hour_without_a_relay_is_all_there_afterwards(tmp_path: Path) -> None:
    """60 min of 12 leads at 500 Hz, four frames a second, each committed by itself."""
    frames = 60 * 60 * 4
    stream = new_stream()
    spool = await Spool.open(tmp_path)
    await spool.add_stream(_spec(stream))
    for seq in range(frames):
        await spool.add_frame(stream, seq, frame_bytes(stream, seq))
    await spool.close()

    spool = await Spool.open(tmp_path)
    (held,) = await spool.streams()
    assert held.unstored == ((0, frames),)
    assert await spool.frame(stream, frames - 1) == frame_bytes(stream, frames - 1)
    await spool.close()
