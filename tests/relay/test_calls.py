"""119 calls over HTTP: the order that protects people, and the case a call joins."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from relay.errors import Conflict
from relay.model.call import TRANSITIONS, Call, CallState, advance
from relay.model.clock import ManualClock
from relay.video.port import PublisherChange
from relay.wiring.adapters import Adapters
from tests.relay.call_world import a_desk, a_phone
from tests.relay.world import World, a_world, audited


def test_no_link_before_an_ambulance_and_nothing_after_the_end() -> None:
    call = Call(uuid4(), "", "", "", "kato", 1)
    with pytest.raises(Conflict, match="ambulance first"):
        advance(call, "invite", 2)
    ended = advance(call, "end", 3)
    steps = {step for table in TRANSITIONS.values() for step in table}
    for step in steps:
        with pytest.raises(Conflict, match="has ended"):
            advance(ended, step, 4)


def test_only_taken_and_ended_have_no_link_to_send() -> None:
    assert [s for s in CallState if "invite" not in TRANSITIONS[s]] == [
        CallState.TAKEN,
        CallState.ENDED,
    ]
    assert all("end" in TRANSITIONS[s] for s in CallState if s is not CallState.ENDED)


def test_a_new_link_begins_the_ladder_anew() -> None:
    call = Call(uuid4(), "", "", "", "kato", 1)
    for at_us, step in enumerate(["dispatch", "invite", "open", "allow", "picture", "freeze"], 2):
        call = advance(call, step, at_us)
    assert (call.sent_at_us, call.opened_at_us, call.allowed_at_us) == (3, 4, 5)
    assert (call.live_at_us, call.frozen_at_us) == (6, 7)
    assert advance(call, "picture", 9).frozen_at_us is None
    again = advance(call, "invite", 10)
    assert (again.sent_at_us, again.opened_at_us, again.live_at_us) == (10, None, None)


async def test_from_the_call_to_thanks(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    invited = await desk.invite()
    assert invited["url"].startswith(f"http://127.0.0.1:{world.port}/live#")
    assert invited["qr_svg"].startswith("<svg")
    assert invited["sms"] == "not-configured"
    assert (await desk.row())["state"] == "sent"
    opened = await phone.open(invited["url"])
    assert opened.status_code == 200
    assert set(opened.json()) == {
        "call", "state", "site_name", "guidance", "data_cap_mb", "ice_servers", "ended", "at_us",
        "recorded", "glimpses",
    }  # fmt: skip
    assert "090-1234" not in opened.text
    assert (await desk.row())["state"] == "opened"
    assert await phone.report("asking") == 204
    assert await phone.report("denied") == 204
    assert ((await desk.row())["state"], (await desk.row())["hint"]) == ("opened", "denied")
    assert await phone.report("allowed", browser="Safari", battery_pct=40) == 204
    row = await desk.row()
    assert (row["state"], row["hint"]) == ("allowed", "")
    assert row["phone"] == {"browser": "Safari", "battery_pct": 40}
    whip = await phone.whip()
    assert whip.status_code == 201
    assert whip.headers["content-type"].startswith("application/sdp")
    world.plane.tell(UUID(desk.call), PublisherChange.LIVE)
    await desk.until(state="live")
    world.plane.tell(UUID(desk.call), PublisherChange.FROZEN)
    assert (await desk.until(state="frozen"))["frozen_at_us"] is not None
    again = await phone.whip()
    assert again.headers["location"] != whip.headers["location"]
    world.plane.tell(UUID(desk.call), PublisherChange.LIVE)
    await desk.until(state="live", frozen_at_us=None)
    ended = await desk.post("end", status=200)
    assert ended["state"] == "ended"
    assert world.plane.publishers == {}
    assert (await phone.ask("GET", "/live/api/state")).json()["ended"] is True
    assert await phone.report("video") == 410
    assert (await phone.whip()).status_code == 410


async def test_no_link_before_dispatched(world: World) -> None:
    desk = await a_desk(world, unit=None)
    refused = await desk.post("invite", {"channel": "qr", "consent": True}, 409)
    assert "ambulance" in refused["title"]
    await desk.post("dispatched", {"unit": "救急1"}, 200)
    await desk.post("invite", {"channel": "qr"}, 422)
    await desk.post("invite", {"channel": "qr", "consent": False}, 422)
    await desk.invite()


async def test_a_call_joins_the_case_its_ambulance_opens_and_no_earlier_one(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(a_world(tmp_path, Adapters(clock=clock)))
        async with world.tablet() as tablet:
            earlier = tablet.open()
            await tablet.follow(earlier.incident)
            await tablet.notice("stream-started")
        clock.move(300)  # a link that was open now would count as silent for five minutes
        desk = await a_desk(world)
        assert (await desk.row())["incident"] is None
        tablet = await stack.enter_async_context(world.tablet())
        spec = tablet.open()
        await tablet.follow(spec.incident)
        row = await desk.until(incident=str(spec.incident))
        assert row["unit"] == "救急1"
        await desk.post("guidance", {"topic": "aed"}, 200)
        async with world.relay.records.read() as records:
            stages = [e.stage.value for e in await records.cases.timeline(spec.incident)]
            assert await records.cases.timeline(earlier.incident)
            texts = str([e.data for e in await records.cases.timeline(spec.incident)])
        called = [s for s in stages if s.startswith("call-")]
        assert called == ["call-taken", "call-dispatched", "call-guidance"]
        assert "090-1234" not in texts
        assert "中央町" not in texts


async def test_what_was_misheard_is_put_right_and_the_audit_names_it(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        desk = await a_desk(world)
        told = {"number": "080-1", "address": "中央町1-2", "complaint": "胸が痛い"}
        row = await desk.post("told", told, 200)
        assert (row["number"], row["address"]) == ("080-1", "中央町1-2")
        await desk.post("told", told, 200)
        await desk.post("told", {**told, "number": "<script>"}, 422)
        async with await world.http("sato") as doctor:
            url = f"/api/calls/{desk.call}/told"
            assert (await doctor.post(url, json=told)).status_code in {403, 404}
        assert await audited(world, "call-told") == [{"changed": "number"}]
        await desk.post("end", status=200)
        await desk.post("told", told, 409)
        await desk.http.aclose()


async def test_a_call_that_is_sent_again_is_the_same_call_and_nobody_elses(world: World) -> None:
    told = {"number": "090-1", "address": "本町1-1", "complaint": "胸が痛い", "act": str(uuid4())}
    async with await world.http("kato") as http:
        first, again = [await http.post("/api/calls", json=told) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json()["id"] == again.json()["id"] == told["act"]
        assert len((await http.get("/api/calls")).json()["calls"]) == 1
    async with world.relay.calls.calls._book.change(UUID(told["act"])) as change:
        change.set(taken_by="ito")
    async with await world.http("kato") as http:
        other = await http.post("/api/calls", json=told)
        assert (other.status_code, "090-1" in other.text) == (409, False)
        assert (await http.post("/api/calls", json={**told, "act": "x"})).status_code == 422
