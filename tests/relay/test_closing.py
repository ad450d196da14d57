"""What upkeep closes by itself: what is over and read, and nothing that a human still has to see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from relay.errors import Unavailable
from relay.model.incident import IncidentState
from relay.protocol import messages as m
from relay.services.ground.reopening import FrameWatch
from relay.wiring.adapters import Adapters
from tests.relay.world import CALM, ELEVATED, MovedClock, Tablet, World, a_world, audited

LONG_S = 2 * 3600.0


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest_asyncio.fixture
async def world(tmp_path: Path, clock: MovedClock) -> AsyncIterator[World]:
    given = {"session_absolute_h": 48.0, "session_idle_min": 2_880.0, "case_close_after_h": 1.0}
    async with a_world(tmp_path, Adapters(clock=clock), **given) as made:
        yield made


async def case_of(tablet: Tablet, level: int, reason: str) -> tuple[m.OpenStream, UUID]:
    spec = tablet.open()
    await tablet.follow(spec.incident)
    await tablet.record(spec.stream, range(8), level)
    snapshot = await tablet.snapshot(spec, 0, 1000, reason)
    own = lambda: [n for n in tablet.notices("screened") if n.incident == spec.incident]  # noqa: E731
    await tablet.until(own)
    await tablet.end(spec)
    await tablet.settled()
    return spec, snapshot


async def state(world: World, spec: m.OpenStream) -> IncidentState:
    async with world.relay.records.read() as records:
        found = await records.cases.incident(spec.incident)
    assert found is not None
    return found.state


async def test_nothing_that_waits_for_a_human_is_closed_however_old(
    world: World, clock: MovedClock
) -> None:
    """A case of every kind side by side; each is closed only after a human has seen what it waits for."""
    async with world.tablet() as tablet, await world.http("sato") as http:
        kinds = {
            "rang": await case_of(tablet, ELEVATED, "interval"),
            "by hand": await case_of(tablet, CALM, "manual"),
            "a file": await case_of(tablet, CALM, "file"),
        }
        calm, _ = await case_of(tablet, CALM, "clean")
        await tablet.hang_up()
        clock.moved_s = LONG_S
        world.relay.tablets.parts.hub._channels.clear()  # nothing has been live since
        await world.relay.cases.upkeep.close_idle()
        assert await state(world, calm) is IncidentState.CLOSED
        assert len(await audited(world, "case-closed")) == 1
        assert {k: await state(world, spec) for k, (spec, _) in kinds.items()} == dict.fromkeys(
            kinds, IncidentState.OPEN
        )
        for n, (name, (spec, snapshot)) in enumerate(kinds.items(), 1):
            opened = f"/api/incidents/{spec.incident}/opened"
            await http.post(opened, json={"snapshot": str(snapshot)})
            clock.moved_s = LONG_S * (2 * n)
            await world.relay.cases.upkeep.close_idle()
            if name == "rang":  # opened is not decided
                assert await state(world, spec) is IncidentState.OPEN
                body = {"decision": "not-stemi", "text": "", "snapshot": str(snapshot)}
                answer = await http.post(f"/api/incidents/{spec.incident}/decisions", json=body)
                assert answer.status_code == 201
                clock.moved_s = LONG_S * (2 * n + 1)
                await world.relay.cases.upkeep.close_idle()
            assert await state(world, spec) is IncidentState.CLOSED, name
            assert len(await audited(world, "case-closed")) == 1 + n
        await tablet.dial()


async def test_an_alert_that_is_raised_while_upkeep_looks_is_not_closed(
    world: World, clock: MovedClock
) -> None:
    """What was read a moment ago is asked again in the transaction that closes."""
    async with world.tablet() as tablet:
        spec, _ = await case_of(tablet, CALM, "clean")
        async with world.relay.records.read() as records:
            (before,) = await records.cases.facts([spec.incident])
        rang, _ = await case_of(tablet, ELEVATED, "interval")
        async with world.relay.records.read() as records:
            (facts,) = await records.cases.facts([rang.incident])
            assert facts.alert is not None
        await tablet.hang_up()
        clock.moved_s = LONG_S
        await world.relay.cases.upkeep._close_if_idle(before)
        await world.relay.cases.upkeep._close_if_idle(facts)
        assert await state(world, spec) is IncidentState.CLOSED
        assert await state(world, rang) is IncidentState.OPEN
        await tablet.dial()


async def test_a_recording_that_runs_keeps_its_case_open(world: World, clock: MovedClock) -> None:
    async with world.tablet() as tablet:
        spec, over = tablet.open(), tablet.open()
        for one in (spec, over):
            await tablet.record(one.stream, range(2))
            await tablet.stored(one.stream)
        await tablet.end(over)
        await tablet.settled()
        hub = world.relay.tablets.parts.hub
        live = [c for c in hub.live() if c.stream.id == spec.stream]
        assert live, "it runs"
        clock.moved_s = LONG_S
        hub.live = lambda: live  # type: ignore[method-assign]  # it has gone on running since
        await world.relay.cases.upkeep.close_idle()
        assert await state(world, spec) is IncidentState.OPEN
        assert await state(world, over) is IncidentState.CLOSED


async def test_a_closed_case_opens_at_the_next_frames_where_the_database_was_away(
    world: World, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.tablet() as tablet:
        spec, _ = await case_of(tablet, CALM, "clean")
        await tablet.hang_up()
        clock.moved_s = LONG_S
        world.relay.tablets.parts.hub._channels.clear()
        await world.relay.cases.upkeep.close_idle()
        assert await state(world, spec) is IncidentState.CLOSED
        async with world.relay.records.read() as records:
            stream = await records.recordings.stream(spec.stream)
        assert stream is not None
        watch = FrameWatch(world.relay.tablets.parts.journal)

        def away() -> object:
            raise Unavailable("The database does not answer.")

        assert watch.is_first(stream.id)
        with monkeypatch.context() as patched:
            patched.setattr(world.relay.records, "read", away)
            await watch.look(stream)
        assert await state(world, spec) is IncidentState.CLOSED
        assert watch.is_first(stream.id), "the very next frames ask again"
        await watch.look(stream)
        assert await state(world, spec) is IncidentState.OPEN
        assert not watch.is_first(stream.id), "and then nobody asks at every frame"
        await tablet.dial()
