"""The clock moved on: what comes back, what ends, and what a tablet with another clock says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from relay.auth.bucket import Buckets
from relay.errors import NotSignedIn, SessionRests, TooMany
from relay.model.people import SessionState
from relay.protocol import messages as m
from relay.protocol.clock_estimate import TRUSTED_OFFSET_US
from relay.services.people import viewer_sessions
from relay.services.tablets.clock import TabletClock
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.relay.call_world import SDP, a_desk, a_phone
from tests.relay.world import PASSWORD, MovedClock, Tablet, World, a_world, audited

IDLE_S, ABSOLUTE_S, RESTING_S = 900.0, 12 * 3600.0, 7 * 24 * 3600.0


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest_asyncio.fixture
async def world(
    tmp_path: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setattr(viewer_sessions, "CHECK_EVERY_S", 0.05)
    async with a_world(tmp_path, Adapters(clock=clock)) as made:
        yield made


def test_tries_come_back_one_by_one_and_for_each_key_alone() -> None:
    tries = Buckets(burst=3, refill_s=10.0)
    assert [tries.take("a", 0.0) for _ in range(4)] == [True] * 3 + [False]
    assert tries.take("b", 0.0), "another's count is another's"
    assert [tries.take("a", t) for t in (9.0, 10.5, 11.0, 20.6)] == [False, True, False, True]
    assert [tries.take("a", 1_000.0) for _ in range(4)] == [True] * 3 + [False], "never more"
    tries.forget("a")
    assert tries.take("a", 1_000.0)
    small = Buckets(burst=1, refill_s=1e9, max_keys=2)
    assert [small.take(key, 0.0) for key in "abcba"] == [True, True, True, False, True]


async def test_who_guessed_may_try_again_after_a_while(world: World, clock: MovedClock) -> None:
    people = world.relay.people.people
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await people.sign_in("sato", "wrong", "here")
    with pytest.raises(TooMany):
        await people.sign_in("sato", PASSWORD, "here")
    await people.sign_in("ito", PASSWORD, "here")  # a colleague at the same address
    clock.moved_s += 3_600
    await people.sign_in("sato", PASSWORD, "here")


async def test_the_password_of_a_resting_page_is_not_guessed_without_end(
    world: World, clock: MovedClock
) -> None:
    people = world.relay.people.people
    session_id, _ = await people.sign_in("sato", PASSWORD, "here")
    clock.moved_s += IDLE_S + 1
    with pytest.raises(SessionRests):
        await people.session(session_id)
    session, state = await people.ringing_session(session_id)
    assert state is SessionState.RESTS
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await people.wake(session, "wrong")
    with pytest.raises(TooMany):
        await people.wake(session, PASSWORD)
    clock.moved_s += 3_600
    await people.wake(session, PASSWORD)
    assert (await people.session(session_id)).person.name == "sato"


async def test_a_session_rests_by_itself_rests_by_age_and_ends(
    world: World, clock: MovedClock
) -> None:
    people = world.relay.people.people
    session_id, _ = await people.sign_in("sato", PASSWORD, "here")
    token = (await people.session(session_id)).token_hash

    async def state() -> SessionState:
        return (await people.states([token]))[token]

    touched_s = 0.0
    while touched_s < ABSOLUTE_S - IDLE_S:  # a hand on it every ten minutes, all day
        touched_s += 600
        clock.moved_s = touched_s
        await people.session(session_id, touch=True)
    assert await state() is SessionState.FRESH
    clock.moved_s = ABSOLUTE_S + 1
    assert await state() is SessionState.RESTS, "however often it was touched"
    clock.moved_s = RESTING_S + 1
    assert await state() is SessionState.ENDED
    with pytest.raises(NotSignedIn):
        await people.ringing_session(session_id)


async def test_whose_sign_in_rests_watches_no_video_and_the_others_do(
    world: World, clock: MovedClock
) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    await phone.whip()
    await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
    path = f"/api/calls/{desk.call}/whep"
    async with await world.http("sato") as early:
        assert (await early.post(path, content="v=0", headers=SDP)).status_code == 201
    clock.moved_s += IDLE_S - 60
    async with await world.http("ito") as later:
        assert (await later.post(path, content="v=0", headers=SDP)).status_code == 201
    await asyncio.sleep(0.3)
    assert {name for _, name in world.plane.viewers.values()} == {"sato", "ito"}
    clock.moved_s += 61
    async with asyncio.timeout(PATIENCE_S):
        while len(world.plane.viewers) > 1:
            await asyncio.sleep(0.02)
    assert [name for _, name in world.plane.viewers.values()] == ["ito"]
    await desk.http.aclose()
    await phone.http.aclose()


async def test_who_comes_while_the_sign_ins_are_looked_at_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look knew only whom it had asked about: a viewer who came meanwhile was cut off as if signed out."""
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    await phone.whip()
    await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
    path = f"/api/calls/{desk.call}/whep"
    people, asked, answer = world.relay.people.people, asyncio.Event(), asyncio.Event()
    quick = people.states

    async def slow(hashes: Sequence[str]) -> Mapping[str, SessionState]:
        asked.set()
        await answer.wait()
        return await quick(hashes)

    async with await world.http("sato") as first, await world.http("ito") as second:
        assert (await first.post(path, content="v=0", headers=SDP)).status_code == 201
        monkeypatch.setattr(people, "states", slow)
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        assert (await second.post(path, content="v=0", headers=SDP)).status_code == 201
        asked.clear()
        answer.set()
        await asyncio.wait_for(
            asked.wait(), PATIENCE_S
        )  # the next look: the first one has done its work
        assert {name for _, name in world.plane.viewers.values()} == {"sato", "ito"}
    await desk.http.aclose()
    await phone.http.aclose()


async def test_signing_out_ends_the_picture_without_waiting_for_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No poll may do it in this test: it would come in an hour."""
    monkeypatch.setattr(viewer_sessions, "CHECK_EVERY_S", 3_600.0)
    async with a_world(tmp_path) as world:
        monkeypatch.setattr(world.relay.people.rights, "look", _nothing)
        desk = await a_desk(world)
        path = f"/api/calls/{desk.call}/whep"
        assert (await desk.http.post(path, content="v=0", headers=SDP)).status_code == 201
        await desk.http.delete("/api/session")
        async with asyncio.timeout(PATIENCE_S):
            while world.plane.viewers:
                await asyncio.sleep(0.02)
        await desk.http.aclose()


async def _nothing() -> None: ...


async def test_a_link_expires_and_a_forgotten_call_ends(world: World, clock: MovedClock) -> None:
    desk, phone, late = await a_desk(world), a_phone(world), a_phone(world)
    used = (await desk.invite())["url"]
    assert (await phone.open(used)).status_code == 200
    other = await a_desk(world, unit="救急2")
    unused = (await other.invite())["url"]
    clock.moved_s += 3_600
    assert (await late.open(unused)).status_code == 410, "nobody opened it in time"
    assert (await phone.ask("GET", "/live/api/state")).status_code == 200, "opened is opened"
    await world.relay.calls.calls.look_at_the_clock()
    calls = world.relay.calls.calls._book
    assert (await calls.read(UUID(desk.call))).call.is_open
    clock.moved_s += 48 * 3_600
    await world.relay.calls.calls.look_at_the_clock()
    for call in (desk.call, other.call):
        assert not (await calls.read(UUID(call))).call.is_open
    assert (await phone.ask("GET", "/live/api/state")).json()["ended"] is True
    for http in (desk.http, other.http, phone.http, late.http):
        await http.aclose()


@pytest.mark.parametrize("offset_s", [-3_600.0, -1.0, 0.0, 1.0, 3_600.0])
def test_a_tablets_moment_is_the_relays(offset_s: float) -> None:
    """By how much the relay is ahead; what lies within the trust is left as it was said."""
    clock = TabletClock()
    clock.offset_us = round(offset_s * 1e6)
    expected = offset_s if abs(offset_s * 1e6) > TRUSTED_OFFSET_US else 0.0
    assert clock.relay_time(10**15) == 10**15 + round(expected * 1e6)


class OtherClock(Tablet):
    """A tablet whose clock is wrong by so many seconds."""

    wrong_s = 0.0

    def relay_us(self) -> int:
        return super().relay_us() + round(self.wrong_s * 1e6)


@pytest.mark.parametrize("wrong_s", [-7_200.0, 0.0, 7_200.0])
async def test_nothing_stands_in_the_future_and_a_wrong_clock_is_put_right(
    world: World, wrong_s: float
) -> None:
    tablet = OtherClock(world.port, world.tokens["救急1"])
    tablet.wrong_s = wrong_s
    await tablet.dial()
    spec = tablet.open()
    await tablet.record(spec.stream, range(8))
    await tablet.stored(spec.stream)
    await tablet.event(spec.incident, m.Mark("fmc"))
    # this one says itself that it was pressed tomorrow
    ahead = m.Event(uuid4(), spec.incident, tablet.relay_us() + 86_400_000_000, m.Mark("door"))
    tablet.link.event_spooled(ahead)
    await tablet.pump()
    await tablet.settled()
    now_us = world.relay.clock.now_us()
    async with world.relay.records.read() as records:
        marks = [e for e in await records.cases.timeline(spec.incident) if e.stage == "mark"]
        stream = await records.recordings.stream(spec.stream)
    assert stream is not None and len(marks) == 2
    for at_us in (stream.started_at_us, *(e.at_us for e in marks)):
        assert now_us - 60e6 < at_us <= now_us, (wrong_s, (at_us - now_us) / 1e6)
    await tablet.hang_up()


async def test_a_recording_that_begins_tomorrow_begins_now(world: World) -> None:
    async with world.tablet() as tablet:
        spec = m.OpenStream(
            uuid4(), uuid4(), 0b11111111, 500.0, 2.5, tablet.relay_us() + 86_400_000_000, "test"
        )
        tablet.link.register(spec)
        await tablet.pump()
        await tablet.until(lambda: [e for e in tablet.heard if isinstance(e, m.StreamOpened)])
        async with world.relay.records.read() as records:
            stream = await records.recordings.stream(spec.stream)
        assert stream is not None
        assert stream.started_at_us <= world.relay.clock.now_us()


async def test_two_tablets_with_clocks_of_their_own_jump_only_when_they_jump(world: World) -> None:
    registry = world.relay.tablets.links
    async with world.tablet() as one, world.tablet("救急2") as other:
        for tablet, spec in ((one, one.open()), (other, other.open())):
            await tablet.record(spec.stream, range(1))
            await tablet.stored(spec.stream)

        async def ping(tablet: Tablet, offset_us: int) -> None:
            unit = "救急1" if tablet is one else "救急2"
            text = m.to_text(m.Ping(tablet.relay_us(), 0, offset_us, 40_000))
            await tablet.socket.send(text)
            async with asyncio.timeout(PATIENCE_S):
                while registry._offsets.get(unit) != offset_us:
                    await asyncio.sleep(0.01)

        for _ in range(3):
            await ping(one, 0)
            await ping(other, 3_000_000)
        assert await audited(world, "clock-jumped") == []
        await ping(one, 2_000_000)
        async with asyncio.timeout(PATIENCE_S):
            while not (rows := await audited(world, "clock-jumped")):
                await asyncio.sleep(0.02)
        assert rows == [{"before_us": 0, "offset_us": 2_000_000}]
