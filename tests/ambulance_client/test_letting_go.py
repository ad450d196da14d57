"""What is finished leaves the tablet: recordings, notices, memory; and a full disk still lets go."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ambulance_client.sources import open_source
from ambulance_client.spool import Spool
from ambulance_client.tablet import Tablet, TabletSettings
from relay.errors import Unavailable
from relay.faults.disks import small_disk, why_not_small
from relay.protocol import messages as m
from tests.city import until
from tests.frames import MASK_8, frame_bytes, new_stream


@asynccontextmanager
async def _tablet(tmp_path: Path) -> AsyncIterator[Tablet]:
    """A whole tablet without its dialling: the test speaks for the relay."""
    source, folder = "synthetic:normal?seed=5", tmp_path / "spool"
    settings = TabletSettings(
        "救急1", "ws://localhost:9/link/v1", "nobody-knows-me", source, folder
    )
    spool = await Spool.open(folder)
    tablet = Tablet(settings, spool, await asyncio.to_thread(open_source, source))
    await tablet.restore()
    tablet.start_recording()
    try:
        yield tablet
    finally:
        await tablet.stop_recording()
        tablet.video.close()
        await spool.close()


class Relay:
    """Answers a tablet's link, as the relay's end would, with everything stored."""

    def __init__(self, tablet: Tablet) -> None:
        self.tablet, self.link = tablet, tablet._link
        self.announced: list[UUID] = []

    async def say(self, message: m.FromRelay) -> None:
        for event in self.link.receive_text(m.to_text(message), 0.0, 0):
            await self.tablet._heard(event)

    async def greet(self) -> None:
        self.link.connected(0.0, 0)
        await self.say(m.Welcome("救急1", 0))
        await self.answer()

    async def answer(self) -> None:
        while texts := self.link.texts_to_send():
            for message in map(m.from_tablet, texts):
                match message:
                    case m.OpenStream():
                        self.announced.append(message.stream)
                        made = self.link.frames_made(message.stream)
                        stored = ((0, made),) if made else ()
                        await self.say(m.StreamOpened(message.stream, 1, stored))
                    case m.Event():
                        await self.say(m.EventAck(message.event))


async def _rows(spool: Spool, table: str) -> int:
    return (await spool._run(spool._query, f"SELECT count(*) FROM {table}", ()))[0][0]


async def test_finished_recordings_and_the_notices_of_earlier_cases_leave_the_tablet(
    tmp_path: Path,
) -> None:
    async with _tablet(tmp_path) as tablet:
        spool, cases = tablet._spool, []
        for _ in range(3):
            await until(lambda: tablet.recorder and tablet.recorder.newest_sample >= 250)
            cases.append(tablet.case.incident)
            notice = m.Notice(tablet.case.incident, 1, 1, "opened-case", "救急1")
            await tablet._spool.add_notice(notice)
            await tablet.new_case()
            await until(lambda: tablet.recorder.spec.incident == tablet.case.incident)
        await until(lambda: tablet.recorder.newest_sample >= 250)
        live = tablet.recorder.spec.stream
        assert len(await spool.streams()) == 4
        relay = Relay(tablet)
        await relay.greet()

        assert relay.announced[0] == live
        assert len(set(relay.announced)) == 4
        assert tablet._link.recordings == (live,)
        assert [s.spec.stream for s in await spool.streams()] == [live]
        assert await _rows(spool, "notices") == await _rows(spool, "events") == 0
        assert set(tablet._memories) == {live}
        late = m.Notice(cases[0], 2, 2, "decided", "Dr A")
        await relay.say(late)
        assert await _rows(spool, "notices") == 0
        tablet._link.closed()
        relay.announced.clear()
        await relay.greet()
        assert relay.announced == [live]


async def test_a_spool_of_yesterday_is_let_go_at_the_first_greeting(tmp_path: Path) -> None:
    """It holds 150 ended, empty recordings and the notices of their cases: none is announced."""
    spool = await Spool.open(tmp_path / "spool")
    for n in range(150):
        spec = m.OpenStream(new_stream(), uuid4(), MASK_8, 500.0, 2.5, n, "test")
        await spool.add_stream(spec)
        await spool._run(spool._execute, "UPDATE streams SET ended = 1, next_seq = 40", ())
        await spool.add_notice(m.Notice(spec.incident, 1, 1, "opened-case", "救急1"))
    await spool.close()
    async with _tablet(tmp_path) as tablet:
        await until(lambda: tablet.recorder and tablet.recorder.newest_sample >= 125)
        relay = Relay(tablet)
        await relay.greet()
        assert relay.announced == [tablet.recorder.spec.stream]
        assert len(await tablet._spool.streams()) == 1
        assert await _rows(tablet._spool, "notices") == 0


async def test_a_recording_and_the_word_of_its_end_are_kept_in_one_commit(tmp_path: Path) -> None:
    """Else a tablet that dies between the two never says that the recording ended."""
    spool = await Spool.open(tmp_path)
    spec = m.OpenStream(new_stream(), uuid4(), MASK_8, 500.0, 2.5, 0, "test")
    await spool.add_stream(spec)
    said = m.Event(uuid4(), spec.incident, 1, m.StreamEnd(spec.stream, 0))
    await spool._run(lambda: spool._db.execute("DROP TABLE events").fetchone())
    with pytest.raises(Unavailable):
        await spool.end_stream(spec.stream, said)
    assert [s.ended for s in await spool.streams()] == [False]
    await spool.close()


async def test_a_spool_that_filled_its_disk_drops_what_is_acknowledged_and_goes_on(
    tmp_path: Path,
) -> None:
    """A real disk of 12 MB without a byte left: the delete itself has no room, nor has the journal."""
    if reason := why_not_small():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    (tmp_path / "spool").mkdir()
    async with small_disk(tmp_path / "spool", 12) as disk:
        spool = await Spool.open(disk.folder)
        stream = new_stream()
        await spool.add_stream(m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test"))
        held = await _fill(spool, stream, 0)
        await disk.fill()
        await spool.drop_frames(stream, [(0, held // 2)])
        (left,) = await spool.streams()
        assert left.unstored == ((held // 2, held),)
        more = await _fill(spool, stream, held)
        assert more - held > held // 4, "the room is used again"
        await spool.drop_frames(stream, [(0, more)])
        assert (await spool.streams())[0].unstored == ()
        await spool.close()


async def _fill(spool: Spool, stream: UUID, seq: int) -> int:
    """Add frames until the disk takes no more; the next number."""
    with pytest.raises(Unavailable):
        while True:
            await spool.add_frame(stream, seq, frame_bytes(stream, seq))
            seq += 1
    return seq


async def test_what_could_not_be_dropped_is_dropped_with_the_next(tmp_path: Path) -> None:
    spool, stream = await Spool.open(tmp_path), new_stream()
    await spool.add_stream(m.OpenStream(stream, uuid4(), MASK_8, 500.0, 2.5, 0, "test"))
    for seq in range(6):
        await spool.add_frame(stream, seq, frame_bytes(stream, seq))
    await spool._run(lambda: spool._db.execute("PRAGMA query_only = ON").fetchone())
    with pytest.raises(Unavailable):
        await spool.drop_frames(stream, [(0, 4)])
    await spool._run(lambda: spool._db.execute("PRAGMA query_only = OFF").fetchone())
    await spool.drop_frames(stream, [(5, 6)])
    assert (await spool.streams())[0].unstored == ((4, 5),)
    await spool.close()
