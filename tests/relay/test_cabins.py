"""The cabin camera at the relay: who sends, who sees, and what is said about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from relay.services.cabin.cabin_board import room_of
from relay.video.port import PublisherChange
from relay.wiring.adapters import Adapters
from tests.relay.call_world import ICE, SDP, a_desk, a_phone
from tests.relay.pictures import a_jpeg
from tests.relay.world import MovedClock, World, a_world


@asynccontextmanager
async def a_cabin(world: World) -> AsyncIterator[tuple[str, httpx2.AsyncClient]]:
    """An open case of 救急1, and its tablet's HTTP."""
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        http = a_phone(world).http
        http.headers["Authorization"] = f"Bearer {world.tokens['救急1']}"
        http.headers["X-Kyumei"] = "1"
        yield f"/api/incidents/{spec.incident}/cabin", http


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as made:
        yield made


async def _says(http: httpx2.AsyncClient, base: str, **wanted: Any) -> None:
    import asyncio

    row: Any = None
    for _ in range(1_000):
        row = (await http.get(base)).json()
        if all(row.get(k) == v for k, v in wanted.items()):
            return
        await asyncio.sleep(0.02)
    raise AssertionError((wanted, row))


async def test_the_tablet_sends_and_its_hospital_watches(world: World) -> None:
    async with a_cabin(world) as (base, tablet), await world.http("sato") as doctor:
        assert (await doctor.get(base)).json()["state"] == "off"
        sent = await tablet.post(f"{base}/whip", content="v=0", headers=SDP)
        assert sent.status_code == 201, sent.text
        where = sent.headers["location"]
        assert where.startswith(f"{base}/whip/")
        incident = UUID(base.split("/")[3])
        assert incident not in world.plane.publishers
        world.plane.tell(room_of(incident), PublisherChange.LIVE)
        await _says(doctor, base, state="live")

        seen = await doctor.post(f"{base}/whep", content="v=0", headers=SDP)
        assert seen.status_code == 201
        trickled = await doctor.patch(seen.headers["location"], content="x", headers=ICE)
        assert trickled.status_code == 204
        assert (await doctor.delete(seen.headers["location"])).status_code == 200
        assert (await tablet.delete(where)).status_code == 200
        assert (await tablet.delete(where)).status_code == 404
        (row,) = (await doctor.get("/api/incidents")).json()["incidents"]
        assert row["cabin"]["state"] in {"live", "frozen"}


async def test_pages_hear_why_the_picture_waits_and_get_the_newest_still(world: World) -> None:
    async with (
        a_cabin(world) as (base, tablet),
        await world.http("sato") as doctor,
        world.page("sato") as page,
    ):
        assert (await tablet.post(f"{base}/step", json={"step": "stills"})).status_code == 204
        assert (await tablet.post(f"{base}/stills", content=a_jpeg())).status_code == 204
        still = await doctor.get(f"{base}/still")
        assert still.headers["content-type"] == "image/jpeg"
        await tablet.post(f"{base}/step", json={"step": "paused"})
        row = await page.until(
            lambda t: (
                t["kind"] == "incident" and (t["incident"]["cabin"] or {}).get("state") == "paused"
            )
        )
        assert row["incident"]["cabin"]["still_at_us"] > 0
        for wrong in ({"step": "dance"}, {}):
            assert (await tablet.post(f"{base}/step", json=wrong)).status_code == 422
        assert (await tablet.post(f"{base}/stills", content=b"no jpeg")).status_code == 422


async def test_nobody_else_sends_or_sees(world: World) -> None:
    async with a_cabin(world) as (base, tablet):
        other = {"Authorization": f"Bearer {world.tokens['救急2']}", **SDP}
        stranger = a_phone(world).http
        for headers, status in ((other, 404), ({"Authorization": "Bearer no", **SDP}, 401)):
            answer = await stranger.post(f"{base}/whip", content="v=0", headers=headers)
            assert answer.status_code == status
        unknown = f"/api/incidents/{uuid4()}/cabin"
        answer = await tablet.post(f"{unknown}/whip", content="v=0", headers=SDP)
        assert answer.status_code == 404
        async with await world.http("sato") as doctor:
            refused = await doctor.post(f"{base}/whip", content="v=0", headers=SDP)
            assert refused.status_code == 401
        for user, status in (("mori", 404), ("oka", 403), ("root", 403), ("kato", 404)):
            async with await world.http(user) as http:
                assert (await http.get(base)).status_code == status, user
                answer = await http.post(f"{base}/whep", content="v=0", headers=SDP)
                assert answer.status_code == status, user


async def test_the_dispatcher_of_the_call_that_became_this_case_sees_it(world: World) -> None:
    desk = await a_desk(world)
    async with a_cabin(world) as (base, tablet):
        await desk.until(incident=base.split("/")[3])
        await tablet.post(f"{base}/step", json={"step": "paused"})
        await desk.until(**{"cabin": (await desk.http.get(base)).json()})
        assert (await desk.row())["cabin"]["state"] == "paused"
        watch = await desk.http.post(f"{base}/whep", content="v=0", headers=SDP)
        assert watch.status_code == 201


async def test_a_tablet_cannot_take_the_room_of_a_call(world: World) -> None:
    desk = await a_desk(world)
    async with world.tablet() as tablet:
        spec = tablet.open(incident=UUID(desk.call))
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        headers = {"Authorization": f"Bearer {world.tokens['救急1']}", **SDP}
        http = a_phone(world).http
        url = f"/api/incidents/{desk.call}/cabin/whip"
        assert (await http.post(url, content="v=0", headers=headers)).status_code == 201
        assert UUID(desk.call) not in world.plane.publishers


async def test_a_closed_case_ends_its_camera(tmp_path: Path) -> None:
    clock = MovedClock()
    async with (
        a_world(tmp_path, Adapters(clock=clock), case_close_after_h=1e-6) as world,
        a_cabin(world) as (base, tablet),
        await world.http("sato") as doctor,
    ):
        sent = await tablet.post(f"{base}/whip", content="v=0", headers=SDP)
        assert sent.status_code == 201
        await tablet.post(f"{base}/step", json={"step": "reduced"})
        clock.moved_s = 20  # it is live no more
        await world.relay.cases.upkeep.close_idle()
        await _says(doctor, base, state="off")
        assert not world.plane.publishers
        again = await tablet.post(f"{base}/whip", content="v=0", headers=SDP)
        assert again.status_code == 409
