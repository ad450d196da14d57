"""The life of a caller's link: one phone, ten minutes, taken back, never kept in the clear."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from relay.auth.tokens import CALLER_COOKIE
from relay.model.clock import ManualClock
from relay.model.news import EVERY_CALL
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.relay.call_world import ICE, SDP, PhoneHttp, a_desk, a_phone
from tests.relay.conftest import swept_world as world
from tests.relay.world import World, a_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["world"]


async def test_a_second_phone_is_refused_and_the_dispatcher_is_told(world: World) -> None:
    desk, phone, other = await a_desk(world), a_phone(world), a_phone(world)
    url = (await desk.invite())["url"]
    assert (await phone.open(url)).status_code == 200
    assert (await other.open(url)).status_code == 409
    assert other.cookie == ""
    assert (await desk.row())["hint"] == "second-phone"
    assert (await phone.open(url)).status_code == 200
    assert (await phone.ask("GET", "/live/api/state")).status_code == 200
    forged = PhoneHttp(other.http, "not-the-cookie")
    assert (await forged.ask("GET", "/live/api/state")).status_code == 410


async def test_two_phones_at_once_one_wins(world: World) -> None:
    desk = await a_desk(world)
    url = (await desk.invite())["url"]
    phones = [a_phone(world) for _ in range(6)]
    answers = await asyncio.gather(*(phone.open(url) for phone in phones))
    assert sorted(a.status_code for a in answers) == [200] + [409] * 5


async def test_a_link_expires_unopened_and_the_dispatcher_sends_another(tmp_path: Path) -> None:
    clock = ManualClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world:
        desk, phone = await a_desk(world), a_phone(world)
        url = (await desk.invite())["url"]
        clock.move(599)
        await world.relay.calls.calls.look_at_the_clock()
        assert (await desk.row())["state"] == "sent"
        clock.move(1)
        assert (await phone.open(url)).status_code == 410
        await world.relay.calls.calls.look_at_the_clock()
        row = await desk.row()
        assert (row["state"], row["hint"]) == ("dispatched", "expired")
        assert (await phone.open((await desk.invite())["url"])).status_code == 200
        clock.move(700)
        await world.relay.calls.calls.look_at_the_clock()
        assert (await desk.row())["state"] == "opened"


async def test_a_forgotten_call_ends_by_itself(tmp_path: Path) -> None:
    clock = ManualClock()
    async with a_world(
        tmp_path, Adapters(clock=clock), call_end_after_h=1, session_idle_min=600
    ) as world:
        desk = await a_desk(world)
        clock.move(3599)
        await world.relay.calls.calls.look_at_the_clock()
        assert (await desk.row())["state"] == "dispatched"
        clock.move(2)
        await world.relay.calls.calls.look_at_the_clock()
        assert (await desk.row())["state"] == "ended"


async def test_a_revoked_link_cuts_the_phone_off(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    url = (await desk.invite())["url"]
    await phone.open(url)
    assert (await phone.whip()).status_code == 201
    await desk.post("revoke", status=200)
    assert world.plane.publishers == {}
    assert (await phone.whip()).status_code == 410
    assert (await phone.ask("GET", "/live/api/state")).status_code == 410
    assert (await phone.open(url)).status_code == 410
    assert (await desk.row())["state"] == "dispatched"


async def test_a_new_link_ends_the_old_one(world: World) -> None:
    desk, phone, newer = await a_desk(world), a_phone(world), a_phone(world)
    old = (await desk.invite())["url"]
    new = (await desk.invite())["url"]
    assert old != new
    assert (await phone.open(old)).status_code == 410
    assert (await newer.open(new)).status_code == 200


async def test_guessing_links_is_slowed_down(world: World) -> None:
    phone = a_phone(world)
    guesses = [await phone.open(f"/live#{uuid4()}") for _ in range(21)]
    assert [g.status_code for g in guesses] == [410] * 20 + [429]


async def test_the_token_is_kept_only_as_a_hash(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    desk, phone = await a_desk(world), a_phone(world)
    url = (await desk.invite())["url"]
    await phone.open(url)
    token = url.split("#")[1]
    await asyncio.sleep(0.05)
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert token.encode() not in data, file
            assert phone.cookie.encode() not in data, file


async def test_a_whip_client_brings_the_token_itself(world: World) -> None:
    desk = await a_desk(world)
    token = (await desk.invite())["url"].split("#")[1]
    bearer = {**SDP, "Authorization": f"Bearer {token}"}
    http = a_phone(world).http
    made = await http.post("/live/whip", content="v=0", headers=bearer)
    assert made.status_code == 201
    path = made.headers["location"]
    assert (await a_phone(world).open(f"/live#{token}")).status_code == 409
    trickle = {**ICE, "Authorization": f"Bearer {token}"}
    assert (await http.patch(path, content="a=end", headers=trickle)).status_code == 204
    restart = await http.patch(path, content="a=ice-ufrag:x", headers=trickle)
    assert (restart.status_code, restart.text) == (200, "a=ice-ufrag:new")
    assert (await http.delete(path, headers=bearer)).status_code == 200
    assert (await http.delete(path, headers=bearer)).status_code == 404
    no = await http.post("/live/whip", content="v=0", headers=SDP)
    assert no.status_code == 403


async def test_the_callers_feed_says_changes_and_the_end(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    async with connect(
        f"ws://127.0.0.1:{world.port}/live/feed",
        subprotocols=["kyumei.caller.v1"],  # type: ignore[list-item]
        additional_headers={"Cookie": f"{CALLER_COOKIE}={phone.cookie}"},
        origin=f"http://127.0.0.1:{world.port}",  # type: ignore[arg-type]
    ) as socket:
        assert json.loads(await socket.recv())["state"]["guidance"] is None
        await desk.post("guidance", {"topic": "cpr-adult"}, 200)
        assert json.loads(await socket.recv())["state"]["guidance"] == "cpr-adult"
        await desk.post("guidance", {"topic": "dance"}, 422)
        await desk.post("end", status=200)
        assert json.loads(await socket.recv())["state"]["ended"] is True
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), PATIENCE_S)


async def test_the_callers_feed_says_nothing_twice(world: World) -> None:
    """Not the look at the clock, not the phone's own reports, not a word that comes late."""
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    callers = world.relay.calls.callers
    feed = callers.follow(await callers.phone(phone.cookie))
    assert (await anext(feed))["state"] == "opened"
    old = await world.relay.calls.calls._book.read(UUID(desk.call))
    await desk.post("guidance", {"topic": "aed"}, 200)
    assert (await anext(feed))["guidance"] == "aed"
    world.relay.calls.calls._book.tell(old)
    await world.relay.calls.calls.look_at_the_clock()
    assert await phone.report("shown", battery_pct=50) == 204
    await desk.post("guidance", {"topic": "aed"}, 200)
    await desk.post("guidance", {"topic": "burns"}, 200)
    assert (await anext(feed))["guidance"] == "burns"
    await desk.post("end", status=200)
    assert (await anext(feed))["ended"] is True
    with pytest.raises(StopAsyncIteration):
        await anext(feed)


async def test_the_look_at_the_clock_says_nothing_of_a_call_that_waits(world: World) -> None:
    desk = await a_desk(world)
    heard = world.relay.bus.subscribe(EVERY_CALL)
    await world.relay.calls.calls.look_at_the_clock()
    heard.close()
    assert [message async for message in heard] == []
    await desk.http.aclose()
