"""An ECG that was asked for becomes a sheet: after a restart, with a hole, with a backlog, while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from relay.ecglog.port import LoggedFrame
from relay.errors import Unavailable
from relay.model.snapshot import Snapshot
from relay.protocol import messages as m
from relay.protocol import wire
from relay.protocol.codec import encode_samples
from relay.services.screening import work as screening
from relay.wiring.adapters import Adapters
from tests.frames import MASK_8
from tests.patience import PATIENCE_S
from tests.relay.world import ELEVATED, MovedClock, N, Tablet, World, a_world, block

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE_OF_A_SNAPSHOT_S = 600.0


@pytest.fixture(scope="module")
def clock() -> MovedClock:
    return MovedClock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, clock: MovedClock
) -> AsyncIterator[World]:
    adapters = Adapters(clock=clock)
    given = {"snapshot_patience_s": PATIENCE_OF_A_SNAPSHOT_S}
    async with a_world(tmp_path_factory.mktemp("relay"), adapters, **given) as made:
        yield made


async def kept(world: World, snapshot: UUID) -> Snapshot | None:
    """The snapshot, once its samples are kept."""
    async with world.relay.records.read() as records:
        found = await records.recordings.snapshot(snapshot)
    return found if found is not None and found.stored_at_us is not None else None


async def until_kept(world: World, snapshot: UUID) -> Snapshot:
    async with asyncio.timeout(PATIENCE_S):
        while (found := await kept(world, snapshot)) is None:
            await asyncio.sleep(0.02)
    return found


async def looked_at(world: World) -> None:
    """The keeper has had a look at everything it awaits, and every look has ended."""
    keeper = world.relay.tablets.parts.keeper
    for _ in range(3):
        keeper._wake.set()
        await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE_S):
        while len(keeper._due):
            await asyncio.sleep(0.02)


async def bring(world: World, spec: m.OpenStream, *seqs: int) -> None:
    """These frames and no others are on disk: the radio brings what it likes."""
    frames = []
    for seq in seqs:
        payload = encode_samples(block(seq, ELEVATED))
        frame = wire.EcgFrame(spec.stream, 1, seq, seq * N, N, MASK_8, 0, payload)
        frames.append(LoggedFrame(seq, seq * N, N, wire.pack(frame)))
    await world.relay.ecg_log.append(spec.stream, frames)
    world.relay.tablets.parts.keeper.frames_stored(spec.stream)


async def opened(tablet: Tablet, spec: m.OpenStream) -> None:
    """The relay takes frames of this recording."""
    await tablet.pump()
    await tablet.until(
        lambda: [e for e in tablet.heard if isinstance(e, m.StreamOpened) and e.stream == spec.stream]
    )  # fmt: skip


async def test_asked_before_a_restart_and_sent_after_it_is_kept_screened_and_rings(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as first, first.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(2), ELEVATED)
        await tablet.stored(spec.stream)
        early = await tablet.snapshot(spec, 0, 1000)
        later = await tablet.snapshot(spec, 1000, 1000)
        await tablet.settled()
    async with a_world(tmp_path) as second, second.tablet() as tablet:
        tablet.link.register(spec, [(0, 2)])
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(2, 16), ELEVATED)
        for snapshot in (early, later):
            assert (await until_kept(second, snapshot)).complete
        await tablet.until(lambda: len(tablet.notices("screened")) == 2)
        assert (await tablet.notice("alert-raised")).data["tier"] == "A"


async def test_a_hole_is_waited_for_and_no_longer_than_patience(
    world: World, clock: MovedClock
) -> None:
    async with world.tablet() as tablet, world.tablet("救急2") as other:
        spec, whole = tablet.open(), other.open()
        await opened(tablet, spec)
        await bring(world, spec, 0, 1, 2, 3, 5, 6, 7)
        await other.record(whole.stream, range(8))
        broken = await tablet.snapshot(spec, 0, 1000)
        sound = await other.snapshot(whole, 0, 1000)
        assert (await until_kept(world, sound)).complete, "another's hole holds nobody up"
        clock.moved_s += PATIENCE_OF_A_SNAPSHOT_S - 60
        await looked_at(world)
        assert await kept(world, broken) is None, "the radio may bring it yet"
        clock.moved_s += 61
        found = await until_kept(world, broken)
        assert (found.complete, found.present) == (False, ((0, 500), (625, 1000)))


@pytest.mark.parametrize("is_brought", [True, False])
async def test_the_end_of_a_recording_is_no_reason_to_freeze_a_hole_that_is_on_its_way(
    world: World, clock: MovedClock, is_brought: bool
) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await opened(tablet, spec)
        await bring(world, spec, 0, 1, 2, 3, 5, 6, 7)
        snapshot = await tablet.snapshot(spec, 0, 1000)
        await tablet.event(spec.incident, m.StreamEnd(spec.stream, 8))
        await tablet.settled()
        await looked_at(world)
        assert await kept(world, snapshot) is None
        if is_brought:
            await bring(world, spec, 4)
        else:
            clock.moved_s += PATIENCE_OF_A_SNAPSHOT_S + 1
        assert (await until_kept(world, snapshot)).complete is is_brought


async def test_of_several_in_two_recordings_each_is_kept_when_its_own_samples_are_there(
    world: World,
) -> None:
    async with world.tablet() as tablet, world.tablet("救急2") as other:
        mine, theirs = tablet.open(), other.open()
        asked = {
            (who, n): await at.snapshot(spec, n * 500, 500)
            for n in range(3)
            for who, at, spec in (("mine", tablet, mine), ("theirs", other, theirs))
        }
        for n in range(3):
            await other.record(theirs.stream, range(4 * n, 4 * n + 4))
            await until_kept(world, asked["theirs", n])
            assert await kept(world, asked["mine", n]) is None
        for n in range(3):
            await tablet.record(mine.stream, range(4 * n, 4 * n + 4))
            found = await until_kept(world, asked["mine", n])
            assert (found.stream, found.first_sample) == (mine.stream, n * 500)
            left = [k for k in range(3) if await kept(world, asked["mine", k]) is None]
            assert left == list(range(n + 1, 3))


async def test_while_the_database_is_away_screening_tries_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not answer at the first and second try; nobody restarts anything."""
    monkeypatch.setattr(screening, "AGAIN_AFTER_S", 0.1)
    failed = 0
    real = world.relay.screening.screening._screen

    async def away_twice(*args: object, **more: object) -> object:
        nonlocal failed
        if more.get("snapshot") is not None and failed < 2:
            failed += 1
            raise Unavailable("The database does not answer.")
        return await real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(world.relay.screening.screening, "_screen", away_twice)
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), ELEVATED)
        await tablet.snapshot(spec, 0, 1000)
        assert (await tablet.notice("screened")).data["tier"] == "A"
        await tablet.notice("alert-raised")
    assert failed == 2


async def test_one_ecg_whose_screening_breaks_leaves_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = world.relay.screening.screening._screen_snapshot
    breaks: set[UUID] = {uuid4()}

    async def screened(snapshot: UUID) -> None:
        if snapshot in breaks:
            raise ZeroDivisionError("on purpose")
        await real(snapshot)

    monkeypatch.setattr(world.relay.screening.screening, "_screen_snapshot", screened)
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        for _ in range(world.relay.screening.screening.queue.workers + 1):
            asked = m.SnapshotRequest(uuid4(), spec.stream, 0, 1000, "manual")
            breaks.add(asked.snapshot)
            await tablet.event(spec.incident, asked)
        await tablet.snapshot(spec, 0, 500)
        await tablet.record(spec.stream, range(8))
        await tablet.notice("screened")
