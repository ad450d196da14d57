"""The ambulance link end to end: what was acknowledged is on disk, bit for bit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import connect

from relay.ecglog.memory import MemoryEcgLog
from relay.ecglog.port import LoggedFrame
from relay.errors import Unavailable
from relay.protocol import messages as m
from relay.protocol import wire
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.protocol.yesterday.sender import SenderLink as YesterdaysLink
from tests.relay.world import World, a_world


def split(body: bytes) -> list[bytes]:
    """Frames of ``GET /api/streams/…/frames``."""
    found = []
    while body:
        n = int.from_bytes(body[:4], "little")
        found.append(body[4 : 4 + n])
        body = body[4 + n :]
    return found


async def test_frames_come_back_bit_for_bit(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec = tablet.open()
        await tablet.record(spec.stream, range(12))
        await tablet.stored(spec.stream)
        got = await http.get(
            f"/api/streams/{spec.stream}/frames", params={"from_sample": 0, "to_sample": 1500}
        )
        frames = [wire.unpack(data) for data in split(got.content)]
        spooled = [wire.unpack(tablet.spool[spec.stream, seq]) for seq in range(12)]
        assert [f.payload for f in frames] == [f.payload for f in spooled]
        assert [f.seq for f in frames] == list(range(12))
        assert {f.epoch for f in frames} == {1}


async def test_acknowledged_frames_survive_the_relay(tmp_path: Path) -> None:
    async with a_world(tmp_path) as first, first.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(8))
        await tablet.stored(spec.stream)
    async with a_world(tmp_path) as second:
        stored = second.relay.ecg_log.stored(spec.stream)
        assert list(stored) == [(0, 8)]
        frames = await second.relay.ecg_log.read(spec.stream, 0, 1000)
        assert (
            wire.unpack(frames[3].data).payload == wire.unpack(tablet.spool[spec.stream, 3]).payload
        )


async def test_a_restart_says_1012_and_the_tablet_resumes_without_sending_twice(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as first, first.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(6))
        await tablet.stored(spec.stream)
        first.relay.goodbye()
        assert await tablet.was_closed() == 1012
    async with a_world(tmp_path) as second:
        tablet.port, tablet.token = second.port, second.tokens["救急1"]
        tablet.link.closed()
        await tablet.dial()
        opened = await tablet.until(
            lambda: [e for e in tablet.heard if isinstance(e, m.StreamOpened) and e.epoch == 2]
        )
        assert opened[0].stored == ((0, 6),)
        await tablet.record(spec.stream, range(6, 9))
        await tablet.stored(spec.stream)
        assert list(second.relay.ecg_log.stored(spec.stream)) == [(0, 9)]
        await tablet.hang_up()


async def test_a_newer_connection_fences_the_older_at_once(world: World) -> None:
    async with world.tablet() as old, world.tablet() as new:
        spec = old.open()
        await old.record(spec.stream, range(4))
        await old.stored(spec.stream)
        new.link.register(spec, [(0, 4)])
        new.spool = dict(old.spool)
        await new.pump()
        assert await old.was_closed() == 4009
        assert (await old.refusal()).code == "fenced"
        await new.record(spec.stream, range(4, 8))
        await new.stored(spec.stream)
        assert list(world.relay.ecg_log.stored(spec.stream)) == [(0, 8)]


async def test_a_zombie_with_an_old_epoch_is_refused_and_stores_nothing(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        late = wire.restamp(tablet.spool[spec.stream, 1], 0, backlog=False)
        await tablet.socket.send(late)
        assert await tablet.was_closed() == 4009
        assert list(world.relay.ecg_log.stored(spec.stream)) == [(0, 2)]


async def test_a_duplicate_is_acknowledged_and_stored_once(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(3))
        await tablet.stored(spec.stream)
        before = len(tablet.heard)
        again = wire.restamp(tablet.spool[spec.stream, 1], 1, backlog=True)
        await tablet.socket.send(again)
        await tablet.until(lambda: len(tablet.heard) > before)
        assert len(await world.relay.ecg_log.read(spec.stream, 0, 1000)) == 3


@pytest.mark.parametrize("place", [30, 100, -2])
async def test_a_damaged_frame_closes_with_4000_and_nothing_of_it_is_stored(
    world: World, place: int
) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        frame = wire.unpack(tablet.spool[spec.stream, 0])
        good = wire.pack(wire.EcgFrame(spec.stream, 1, 7, 7 * 125, 125, 255, 0, frame.payload))
        bad = bytearray(good)
        bad[place] ^= 0x10
        await tablet.socket.send(bytes(bad))
        assert await tablet.was_closed() == 4000
        assert "again" in tablet.close_reason
        assert list(world.relay.ecg_log.stored(spec.stream)) == [(0, 2)]


@pytest.mark.parametrize(("size", "code"), [(65_537, 4000), (400_000, 1009)])
async def test_an_oversized_message_closes_cleanly_and_others_go_on(
    world: World, size: int, code: int
) -> None:
    async with world.tablet() as tablet, world.tablet("救急2") as other:
        await tablet.until(lambda: tablet.link.state.value == "up")
        await tablet.socket.send(b"x" * size)
        assert await tablet.was_closed() == code
        spec = other.open()
        await other.record(spec.stream, range(2))
        await other.stored(spec.stream)


@pytest.mark.parametrize(
    "text", ["{", '{"kind":"open-stream"}', "[]", '{"kind":"hello"}', "x" * 70_000]
)
async def test_an_unreadable_text_closes_with_4000(world: World, text: str) -> None:
    async with world.tablet() as tablet:
        await tablet.until(lambda: tablet.link.state.value == "up")
        await tablet.socket.send(text)
        assert await tablet.was_closed() == 4000


@pytest.mark.parametrize("token", ["", "kyd_nonsense"])
async def test_an_unknown_token_closes_with_4001(world: World, token: str) -> None:
    async with connect(
        f"ws://127.0.0.1:{world.port}/link/v1",
        subprotocols=[m.SUBPROTOCOL],
        additional_headers={"Authorization": f"Bearer {token}"},
    ) as socket:
        await socket.wait_closed()
        assert socket.close_code == 4001


async def test_a_revoked_token_closes_with_4001(world: World) -> None:
    await world.relay.people.people.revoke_device("救急1", "test")
    async with world.tablet() as tablet:
        assert await tablet.was_closed() == 4001


async def test_another_units_case_and_stream_are_not_found(world: World) -> None:
    async with world.tablet() as mine, world.tablet("救急2") as thief:
        spec = mine.open()
        await mine.record(spec.stream, range(2))
        await mine.stored(spec.stream)
        thief.open(spec.incident)
        await thief.pump()
        assert (await thief.refusal()).code == "not-found"
        thief.heard.clear()
        thief.open(uuid4(), spec.stream)
        await thief.pump()
        assert (await thief.refusal()).code == "not-found"
        await thief.event(spec.incident, m.CrewNote("hello"))
        await thief.settled()
        thief.heard.clear()
        await thief.follow(spec.incident)
        assert (await thief.refusal()).code == "not-found"
        await mine.record(spec.stream, range(2, 4))
        await mine.stored(spec.stream)


async def test_an_event_is_applied_once_however_often_it_comes(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        same = uuid4()
        for _ in range(3):
            await tablet.event(spec.incident, m.Mark("fmc"), same)
            await tablet.settled()
        await tablet.event(spec.incident, m.CrewNote("last"))
        await tablet.notice("note")
        assert len(tablet.notices("mark")) == 1
        assert [n.entry for n in tablet.notices()] == list(range(1, len(tablet.notices()) + 1))


async def test_an_event_of_a_recording_nobody_knows_any_more_ends_nothing_and_is_let_go(
    world: World,
) -> None:
    """Its recording is gone from the tablet's damaged spool, and was never announced to this relay."""
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.event(spec.incident, m.SnapshotRequest(uuid4(), uuid4(), 0, 100, "manual"))
        refusal = await tablet.refusal()
        assert (refusal.code, refusal.retry) == ("unknown-recording", True)
        assert tablet.link.pending_events == 0
        await tablet.record(spec.stream, range(3))
        await tablet.stored(spec.stream)
        assert tablet.close_code is None


async def test_a_tablet_of_yesterday_keeps_such_an_event_and_is_not_cut_off_for_it(
    world: World,
) -> None:
    async with world.tablet(link=YesterdaysLink("test")) as tablet:
        spec = tablet.open()
        await tablet.event(spec.incident, m.SnapshotRequest(uuid4(), uuid4(), 0, 100, "manual"))
        assert (await tablet.refusal()).retry
        await tablet.record(spec.stream, range(3))
        await tablet.stored(spec.stream)
        assert tablet.close_code is None
        assert tablet.link.pending_events == 1


class FullDisk(MemoryEcgLog):
    """A log whose disk is full until there is room again."""

    full = False

    async def append(self, stream: UUID, frames: Sequence[LoggedFrame]) -> None:
        """Store, or say that there is no room."""
        if self.full:
            raise Unavailable("The disk is full; free some space, nothing was stored.")
        await super().append(stream, frames)


async def test_a_full_disk_acknowledges_nothing_and_heals(tmp_path: Path) -> None:
    log = FullDisk()
    async with a_world(tmp_path, Adapters(ecg_log=log)) as world, world.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(4))
        await tablet.stored(spec.stream)
        log.full = True
        await tablet.record(spec.stream, range(4, 8))
        refusal = await tablet.refusal()
        assert (refusal.code, refusal.retry) == ("unavailable", True)
        assert await tablet.was_closed() == 4010
        assert tablet.link.unstored(spec.stream) == 4
        log.full = False
        tablet.link.closed()
        await tablet.dial()
        await tablet.stored(spec.stream)
        assert list(log.stored(spec.stream)) == [(0, 8)]


class SlowDisk(MemoryEcgLog):
    """A log that waits until it is let go, and counts what waits."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def append(self, stream: UUID, frames: Sequence[LoggedFrame]) -> None:
        """Store once let go."""
        await self.go.wait()
        await super().append(stream, frames)


async def test_a_stalled_disk_stops_the_reading_not_the_relay(tmp_path: Path) -> None:
    log = SlowDisk()
    async with a_world(tmp_path, Adapters(ecg_log=log)) as world, world.tablet() as tablet:
        spec = tablet.open()
        await tablet.until(lambda: any(isinstance(e, m.StreamOpened) for e in tablet.heard))
        sending = asyncio.create_task(tablet.record(spec.stream, range(6000)))
        await asyncio.sleep(1.0)
        (session,) = world.relay.tablets.links._all
        assert session._waiting_bytes < 1_100_000  # type: ignore[attr-defined]
        assert not sending.done()
        assert tablet.link.unstored(spec.stream) > 0
        log.go.set()
        await sending
        await tablet.stored(spec.stream)


async def test_a_clock_jump_is_audited_and_times_are_the_relays(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        for offset in (0, 3_600_000_000):
            await tablet.socket.send(m.to_text(m.Ping(tablet.relay_us(), 0, offset, 10)))
            await asyncio.sleep(0.1)
        made_us = tablet.relay_us()
        event = m.Event(uuid4(), spec.incident, made_us - 3_600_000_000, m.Mark("door"))
        tablet.link.event_spooled(event)
        await tablet.pump()
        door = await tablet.notice("mark")
        assert abs(door.at_us - made_us) < 2_000_000
        assert door.data["device_at_us"] == event.at_us
    async with world.relay.records.read() as records:
        actions = [row.action for row in await records.evidence.audit_rows()]
    assert actions.count("clock-jumped") == 1


async def test_a_recording_that_ends_while_its_last_frame_reaches_the_disk_is_acknowledged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end found the log whole and let the recording go under the store that was still under way: the link broke."""
    log, on_disk, goes_on = world.relay.ecg_log, asyncio.Event(), asyncio.Event()
    plain = log.append

    async def slow(stream: UUID, frames: Sequence[LoggedFrame]) -> None:
        await plain(stream, frames)
        on_disk.set()
        await goes_on.wait()

    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.pump()
        await tablet.until(lambda: tablet.heard)
        monkeypatch.setattr(log, "append", slow)
        await tablet.record(spec.stream, range(1))  # one: the log is whole while it is stored
        await asyncio.wait_for(on_disk.wait(), PATIENCE_S)
        await tablet.end(spec)
        await tablet.settled()
        goes_on.set()
        await tablet.stored(spec.stream)
        assert tablet.close_code is None
