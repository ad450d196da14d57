"""What another relay on the same database tells over the bus is heard here as if it had happened here."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from relay.model.call import Call, CallFacts, CallState, Share, ShareKind
from relay.model.news import CallChanged, CaseChanged, SessionEnded
from relay.model.timeline import Stage
from relay.services.ground.wire import CLOSE_SESSION_ENDED
from tests.relay.world import World, a_world


def taken(unit: str | None) -> Call:
    """A call as another relay stored it."""
    return Call(uuid4(), "09000000000", "1-1", "chest", "kato", 1, CallState.DISPATCHED, unit=unit)


async def stored(world: World, call: Call) -> CallFacts:
    async with world.relay.records.begin() as tx:
        await tx.calls.put_call(call)
    return CallFacts(call)


async def test_what_cannot_leave_the_process_fails_the_test_that_told_it(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="not JSON serializable"):
        async with a_world(tmp_path) as world:
            with suppress(TypeError):  # as a service might that lives on
                world.relay.bus.publish(CallChanged(CallFacts(taken(None)), {"picture": object()}))


async def test_a_call_of_another_relay_joins_the_case_that_opens_here(world: World) -> None:
    now_us = world.relay.ground.ports.clock.now_us()
    facts = await stored(world, replace(taken("救急1"), taken_at_us=now_us))
    async with world.page("kato") as page, world.tablet("救急1") as tablet:
        world.relay.bus.publish(CallChanged(facts))
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        joined = await page.until(lambda t: t["kind"] == "call" and t["call"]["incident"])
    assert joined["call"]["id"] == str(facts.call.id)
    assert joined["call"]["incident"] == str(spec.incident)


async def test_its_pages_show_what_the_phone_said_to_the_other_relay(world: World) -> None:
    facts = await stored(world, taken(None))
    async with world.page("kato") as page:
        await page.until(lambda t: t["kind"] == "beat")
        world.relay.bus.publish(CallChanged(facts, {"battery_pct": 41}))
        row = await page.until(lambda t: t["kind"] == "call")
    assert row["call"]["phone"] == {"battery_pct": 41}


async def test_a_share_that_ended_there_leaves_the_pages_here(world: World) -> None:
    facts = await stored(world, taken(None))
    share = Share(uuid4(), facts.call.id, ShareKind.HOSPITAL, "chuo", 1, "kato")
    async with world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "beat")
        world.relay.bus.publish(CallChanged(CallFacts(facts.call, shares=(share,))))
        await page.until(lambda t: t["kind"] == "call")
        world.relay.bus.publish(CallChanged(facts, unshared=(share,)))
        gone = await page.until(lambda t: t["kind"] == "call-gone")
    assert gone["call"] == str(facts.call.id)


async def test_an_entry_of_another_relay_is_on_the_page_and_its_row_comes_anew(
    world: World,
) -> None:
    async with world.tablet() as tablet, world.page("sato") as page:
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        await page.until(lambda t: t["kind"] == "incident")
        async with world.relay.records.begin() as tx:
            entry = await tx.cases.add_entry(
                spec.incident, 1, Stage.NOTE, "kato", {"text": "from there"}
            )
            case = await tx.cases.incident(spec.incident)
        assert case is not None
        seen = sum(t["kind"] == "incident" for t in page.texts)
        world.relay.bus.publish(CaseChanged(case, (entry,)))
        await page.until(lambda t: "from there" in str(t))
        await page.until(lambda _: sum(t["kind"] == "incident" for t in page.texts) > seen)


async def test_who_signs_out_there_is_signed_out_here(world: World) -> None:
    async with world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "beat")
        (feed,) = world.relay.pages.registry._all
        world.relay.bus.publish(SessionEnded(feed.token_hash))
        assert (await page.closed())[0] == CLOSE_SESSION_ENDED
