"""Refused is not only the stranger: also one's own other case, other recording, other room, other call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from relay.model.call import Call
from relay.model.incident import Incident, IncidentState
from relay.protocol import messages as m
from relay.services.cabin.cabin_board import room_of
from relay.services.calls.joining import fits
from relay.video.port import PublisherChange
from relay.wiring.adapters import Adapters
from tests.frames import MASK_8
from tests.relay.call_world import ICE, SDP, a_desk, a_phone
from tests.relay.pictures import a_jpeg
from tests.relay.test_cabins import _says, a_cabin
from tests.relay.world import MovedClock, Tablet, World, a_world


async def refused(tablet: Tablet, n: int = 1) -> list[str]:
    """The codes of the refusals heard so far, once there are so many."""
    await tablet.until(lambda: sum(isinstance(e, m.Refusal) for e in tablet.heard) >= n)
    return [e.code for e in tablet.heard if isinstance(e, m.Refusal)]


async def recorded(tablet: Tablet) -> m.OpenStream:
    spec = tablet.open()
    await tablet.follow(spec.incident)
    await tablet.record(spec.stream, range(8))
    await tablet.stored(spec.stream)
    return spec


async def test_a_word_of_this_case_names_no_recording_of_the_last_patient(world: World) -> None:
    async with world.tablet() as tablet:
        last, now = await recorded(tablet), await recorded(tablet)
        asked = m.SnapshotRequest(uuid4(), last.stream, 0, 1000, "manual")
        await tablet.event(now.incident, asked)
        assert await refused(tablet) == ["not-found"]
        await tablet.event(now.incident, m.StreamEnd(last.stream, 8))
        assert await refused(tablet, 2) == ["not-found"] * 2
        own = await tablet.snapshot(now, 0, 1000)
        await tablet.notice("snapshot-stored")
        async with world.relay.records.read() as records:
            assert await records.recordings.snapshot(asked.snapshot) is None
            kept, ended = (
                await records.recordings.snapshot(own),
                await records.recordings.stream(last.stream),
            )
        assert kept is not None and kept.stream == now.stream
        assert ended is not None and ended.end_seq is None


OTHERWISE: dict[str, dict[str, Any]] = {
    "in another case": {"incident": UUID(int=7)},
    "other leads": {"lead_mask": MASK_8 & ~1},
    "another rate": {"fs_hz": 250.0},
    "another step": {"uv_per_lsb": 5.0},
}
"""Every part of a recording that its samples are read by. When and from what it was made says nothing of them."""


def test_every_part_of_a_recording_has_been_decided_about() -> None:
    parts = {name for change in OTHERWISE.values() for name in change}
    free = {"stream", "started_at_us", "source", "kind"}
    assert parts | free == set(m.OpenStream.__dataclass_fields__)


@pytest.mark.parametrize("how", OTHERWISE)
async def test_a_known_recording_is_opened_as_it_is_or_not_at_all(world: World, how: str) -> None:
    async with world.tablet() as tablet:
        spec = await recorded(tablet)
        await tablet.hang_up()
    async with world.tablet() as again:
        again.link.register(replace(spec, **OTHERWISE[how]), [(0, 8)])  # type: ignore[arg-type]
        await again.pump()
        assert (await refused(again))[0] in {"not-found", "conflict"}
        assert not [e for e in again.heard if isinstance(e, m.StreamOpened)]
    async with world.tablet() as right:
        right.link.register(spec, [(0, 8)])
        await right.pump()
        await right.until(lambda: [e for e in right.heard if isinstance(e, m.StreamOpened)])


async def test_a_photo_and_a_cabin_are_of_their_own_case(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        a_cabin(world) as (first, tablet),
        a_cabin(world) as (second, _),
        await world.http("sato") as doctor,
        await world.http("ito") as colleague,
    ):
        cases = [base.removesuffix("/cabin") for base in (first, second)]
        photo = uuid4()
        assert (await tablet.put(f"{cases[0]}/photos/{photo}", content=a_jpeg())).status_code == 204
        assert (await doctor.get(f"{cases[0]}/photos/{photo}")).status_code == 200
        assert (await doctor.get(f"{cases[1]}/photos/{photo}")).status_code == 404

        sends = [
            await tablet.post(f"{b}/whip", content="v=0", headers=SDP) for b in (first, second)
        ]
        seen = [await doctor.post(f"{b}/whep", content="v=0", headers=SDP) for b in (first, second)]
        theirs = await colleague.post(f"{first}/whep", content="v=0", headers=SDP)
        for made in (sends, seen):
            mine, other = (answer.headers["location"] for answer in made)
            crossed = other.rsplit("/", 1)[0] + "/" + mine.rsplit("/", 1)[1]
            http = tablet if made is sends else doctor
            for answer in (
                await http.patch(crossed, content="x", headers=ICE),
                await http.delete(crossed),
            ):
                assert answer.status_code == 404, crossed
            assert (await http.patch(mine, content="x", headers=ICE)).status_code == 204
        assert (await doctor.delete(theirs.headers["location"])).status_code == 404
        assert len(world.plane.viewers) == 3

        rooms = [room_of(UUID(base.split("/")[3])) for base in (first, second)]
        world.plane.tell(rooms[1], PublisherChange.LIVE)
        await _says(doctor, second, state="live")
        assert (await doctor.get(first)).json()["state"] != "live"


async def test_a_phone_steers_its_own_camera_and_floods_itself_alone(world: World) -> None:
    desks = [await a_desk(world, unit=unit) for unit in ("救急1", "救急2")]
    phones = [a_phone(world), a_phone(world)]
    whips = []
    for desk, phone in zip(desks, phones, strict=True):
        await phone.open((await desk.invite())["url"])
        whips.append((await phone.whip()).headers["location"])
    for mine, theirs in ((0, 1), (1, 0)):
        for method in ("PATCH", "DELETE"):
            answer = await phones[mine].ask(method, whips[theirs], content="x", headers=ICE)
            assert answer.status_code == 404
    assert len(world.plane.publishers) == 2
    codes = {await phones[0].report("asking") for _ in range(200)}
    assert codes == {204, 429}
    assert await phones[1].report("asking") == 204
    for desk, phone in zip(desks, phones, strict=True):
        await desk.http.aclose()
        await phone.http.aclose()


async def test_taking_one_call_back_leaves_the_other_on_the_screen(world: World) -> None:
    desks = [await a_desk(world, unit=unit) for unit in ("救急1", "救急2")]
    async with await world.http("sato") as sato:
        shares = []
        for desk in desks:
            row = await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
            shares.append(row["shares"][0]["id"])
            answer = await sato.post(f"/api/calls/{desk.call}/whep", content="v=0", headers=SDP)
            assert answer.status_code == 201
        taken = await desks[0].http.delete(f"/api/calls/{desks[0].call}/shares/{shares[0]}")
        assert taken.status_code == 200
    assert [str(call) for call, _ in world.plane.viewers.values()] == [desks[1].call]
    for desk in desks:
        await desk.http.aclose()


async def test_a_call_that_another_ambulance_takes_over_leaves_the_first_ones_case(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path, Adapters(clock=MovedClock())) as world,
        world.tablet() as one,
        world.tablet("救急2") as other,
    ):
        desk = await a_desk(world)
        first = await recorded(one)
        await desk.until(incident=str(first.incident))
        await desk.post("dispatched", {"unit": "救急2"}, 200)
        assert (await desk.row())["incident"] is None
        second = await recorded(other)
        await desk.until(incident=str(second.incident))
        await desk.post("guidance", {"topic": "aed"}, 200)
        async with world.relay.records.read() as records:
            told = [e.stage for e in await records.cases.timeline(first.incident)]
        assert "call-guidance" not in told
        await desk.http.aclose()


MINUTE_US = 60_000_000


@pytest.mark.parametrize(
    ("unit", "opened_after_min", "state", "is_its"),
    [
        ("救急1", 1, IncidentState.OPEN, True),
        ("救急1", -60, IncidentState.OPEN, False),
        ("救急2", 1, IncidentState.OPEN, False),
        ("救急1", 1, IncidentState.CLOSED, False),
    ],
)
def test_which_case_is_a_calls(
    unit: str, opened_after_min: int, state: IncidentState, is_its: bool
) -> None:
    call = Call(uuid4(), "", "", "", "kato", 10**15, unit="救急1")
    at_us = 10**15 + opened_after_min * MINUTE_US
    case = Incident(uuid4(), unit, at_us, frozenset({"chuo"}), state)
    assert fits(case, call) is is_its
