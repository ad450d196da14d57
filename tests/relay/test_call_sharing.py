"""Who may look at a 119 call, and until when."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.relay.call_world import ICE, SDP, a_desk, a_phone
from tests.relay.clips import a_clip
from tests.relay.conftest import swept_world as world
from tests.relay.pictures import a_jpeg
from tests.relay.world import MovedClock, World, a_world, audited

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
    async with asyncio.timeout(PATIENCE_S):
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
        assert {m["kind"] for m in page.texts} == {"welcome", "beat", "call"}


@pytest.mark.parametrize("hours", [24.0, 0.0])
async def test_sharing_ends_with_the_need_and_the_dispatcher_keeps_the_record(
    tmp_path: Path, hours: float
) -> None:
    clock = MovedClock()
    rules = {"call_shared_after_end_h": hours, "call_recording": "clips"}
    sessions = {"session_idle_min": 6_000, "session_absolute_h": 200}
    async with a_world(tmp_path, Adapters(clock=clock), **rules, **sessions) as world:
        desk, phone = await a_desk(world), a_phone(world)
        await phone.open((await desk.invite())["url"])
        place = {"lat": 37.5, "lon": 140.4, "accuracy_m": 8, "consent": True}
        assert (await phone.ask("POST", "/live/api/position", json=place)).status_code == 204
        still = (await desk.http.post(f"/api/calls/{desk.call}/stills", content=a_jpeg())).json()
        clip = a_clip(world, UUID(desk.call))
        for kind, target in (("hospital", "chuo"), ("command", "oka"), ("unit", "救急1")):
            row = await desk.post("shares", {"kind": kind, "target": target}, 201)
        assert row["shared_until_us"] is None
        ended = await desk.post("end", status=200)
        assert ended["shared_until_us"] == ended["ended_at_us"] + round(hours * 3600e6)
        tablet = a_phone(world).http
        tablet.headers["Authorization"] = f"Bearer {world.tokens['救急1']}"
        async with await world.http("sato") as sato, await world.http("oka") as oka:
            base = f"/api/calls/{desk.call}"
            paths = [
                base,
                f"{base}/stills/{still['still']}",
                f"{base}/clips",
                f"{base}/clips/{clip}",
            ]

            async def statuses() -> set[int]:
                return {(await h.get(p)).status_code for h in (sato, oka, tablet) for p in paths}

            if hours:
                clock.moved_s = hours * 3600 - 60
                await world.relay.calls.calls.look_at_the_clock()
                assert await statuses() == {200}
                assert (await sato.get(base)).json()["position"]["lat"] == 37.5
                until_us = (await sato.get(f"{base}/clips")).json()["shared_until_us"]
                assert until_us == ended["shared_until_us"]
            clock.moved_s = hours * 3600 + 1
            await world.relay.calls.calls.look_at_the_clock()
            assert await statuses() == {404}
        kept = (await desk.http.get(base)).json()
        assert (kept["number"], kept["complaint"]) == ("090-1234-5678", "胸が痛い")
        assert (kept["position"]["lat"], kept["shares"]) == (37.5, [])
        assert (await desk.http.get(paths[1])).status_code == 200
        told = await audited(world, "call-unshared")
        assert [(t["kind"], t["why"]) for t in told] == [
            ("hospital", "time"), ("command", "time"), ("unit", "time"),
        ]  # fmt: skip
        await world.relay.calls.calls.look_at_the_clock()
        assert len(await audited(world, "call-unshared")) == 3  # once
        await desk.http.aclose()
        await tablet.aclose()
