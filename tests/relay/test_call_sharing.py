"""Who may look at a 119 call, and until when."""

from __future__ import annotations

import asyncio

import pytest

from tests.relay.call_world import ICE, SDP, a_desk, a_phone
from tests.relay.conftest import swept_world as world
from tests.relay.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["world"]


async def test_a_hospital_sees_a_shared_call_without_number_until_it_is_taken_back(
    world: World,
) -> None:
    desk = await a_desk(world)
    async with await world.http("sato") as sato, world.page("sato") as page:
        await page.until(lambda m: m["kind"] == "welcome")
        path = f"/api/calls/{desk.call}"
        assert (await sato.get(path)).status_code == 404
        assert (await sato.get("/api/calls")).json() == {"calls": []}
        row = await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
        told = await page.until(lambda m: m["kind"] == "call")
        assert (told["call"]["number"], told["call"]["address"]) == (None, None)
        assert told["call"]["complaint"] == "胸が痛い"
        assert len((await sato.get("/api/calls")).json()["calls"]) == 1
        made = await sato.post(f"{path}/whep", content="v=0", headers=SDP)
        assert made.status_code == 201
        mine = await desk.http.post(f"{path}/whep", content="v=0", headers=SDP)
        assert len(world.plane.viewers) == 2
        share = row["shares"][0]["id"]
        answer = await desk.http.delete(f"{path}/shares/{share}")
        assert answer.json()["shares"] == []
        await page.until(lambda m: m["kind"] == "call-gone" and m["call"] == desk.call)
        assert [name for _, name in world.plane.viewers.values()] == ["kato"]
        assert (await sato.get(path)).status_code == 404
        assert (await sato.delete(made.headers["location"])).status_code == 404
        assert (await desk.http.delete(mine.headers["location"])).status_code == 200
        assert (await desk.http.delete(f"{path}/shares/{share}")).status_code == 404


async def test_nobody_ends_anothers_connection(world: World) -> None:
    desk = await a_desk(world)
    await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
    path = f"/api/calls/{desk.call}/whep"
    async with await world.http("sato") as sato:
        mine = await desk.http.post(path, content="v=0", headers=SDP)
        assert (await sato.delete(mine.headers["location"])).status_code == 404
        assert (
            await sato.patch(mine.headers["location"], content="x", headers=ICE)
        ).status_code == 404
    assert len(world.plane.viewers) == 1


async def test_a_shared_tablet_watches_by_its_token(world: World) -> None:
    desk = await a_desk(world)
    headers = {"Authorization": f"Bearer {world.tokens['救急1']}"}
    http = a_phone(world).http
    assert (await http.get("/api/calls", headers=headers)).json() == {"calls": []}
    await desk.post("shares", {"kind": "unit", "target": "救急1"}, 201)
    await desk.post("shares", {"kind": "unit", "target": "nobody"}, 422)
    await desk.post("shares", {"kind": "hospital", "target": "nobody"}, 422)
    await desk.post("shares", {"kind": "command", "target": "kato"}, 422)
    assert len((await http.get("/api/calls", headers=headers)).json()["calls"]) == 1
    made = await http.post(
        f"/api/calls/{desk.call}/whep", content="v=0", headers={**headers, **SDP}
    )
    assert made.status_code == 201
    other = {"Authorization": f"Bearer {world.tokens['救急2']}"}
    assert (await http.get(f"/api/calls/{desk.call}", headers=other)).status_code == 404
    assert (await http.get("/api/incidents", headers=headers)).status_code == 401


async def test_signing_out_ends_the_picture(world: World) -> None:
    desk = await a_desk(world)
    made = await desk.http.post(f"/api/calls/{desk.call}/whep", content="v=0", headers=SDP)
    assert made.status_code == 201
    await desk.http.delete("/api/session")
    async with asyncio.timeout(30):
        while world.plane.viewers:
            await asyncio.sleep(0.02)


async def test_a_dispatcher_hears_calls_and_no_ecg(world: World) -> None:
    async with world.page("kato") as page, world.tablet() as tablet:
        await page.until(lambda m: m["kind"] == "welcome")
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.notice("stream-started")
        await a_desk(world)
        await page.until(lambda m: m["kind"] == "call" and m["call"]["state"] == "dispatched")
        assert {m["kind"] for m in page.texts} == {"welcome", "call"}
