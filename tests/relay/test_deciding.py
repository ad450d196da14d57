"""An order is carried out once, on what was seen, and never over somebody's head in silence."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from relay.protocol import messages as m
from tests.relay.world import CALM, ELEVATED, Tablet, World


async def a_case(tablet: Tablet, level: int = CALM) -> tuple[m.OpenStream, UUID]:
    spec = tablet.open()
    await tablet.follow(spec.incident)
    await tablet.record(spec.stream, range(48), level)
    snapshot = await tablet.snapshot(spec, 0, 1000)
    await tablet.notice("screened")
    await tablet.stored(spec.stream)
    return spec, snapshot


async def row(world: World, incident: UUID) -> dict[str, Any]:
    found = await world.relay.cases.cases.row(incident)
    assert found is not None
    return found


async def second_doctor(world: World) -> None:
    from relay.model.people import Person, Role
    from tests.relay.world import PASSWORD

    abe = Person("abe", "Dr abe", Role.CARDIOLOGIST, "chuo")
    await world.relay.people.people.add_account(abe, PASSWORD, "test")


async def test_the_second_of_two_opposite_decisions_is_asked(world: World) -> None:
    await second_doctor(world)
    async with (
        world.tablet() as tablet,
        await world.http("sato") as first,
        await world.http("abe") as second,
    ):
        spec, snapshot = await a_case(tablet)
        path = f"/api/incidents/{spec.incident}/decisions"
        body = {"text": "", "snapshot": str(snapshot), "after": 0}
        answers = await asyncio.gather(
            first.post(path, json={**body, "decision": "stemi-cath", "act": str(uuid4())}),
            second.post(path, json={**body, "decision": "not-stemi", "act": str(uuid4())}),
        )
        assert sorted(a.status_code for a in answers) == [201, 409]
        refused = next(a for a in answers if a.status_code == 409)
        assert refused.json()["code"] == "decided-meanwhile"
        assert len(tablet.notices("decided")) <= 1
        told = (await row(world, spec.incident))["receipts"]
        assert told["disputed_by"] is None

        loser, name = (second, "Dr abe") if answers[0].status_code == 201 else (first, "Dr sato")
        decision = "not-stemi" if loser is second else "stemi-cath"
        seen = {**body, "decision": decision, "after": told["decided_entry"]}
        assert (await loser.post(path, json=seen)).status_code == 201
        both = (await row(world, spec.incident))["receipts"]
        assert (both["decided_by"], both["decision"]) == (name, decision)
        assert both["disputed_by"] == told["decided_by"]
        assert both["disputed_decision"] == told["decision"]
        await tablet.until(lambda: len(tablet.notices("decided")) == 2)


async def test_the_same_person_may_think_again_unasked(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, snapshot = await a_case(tablet)
        path = f"/api/incidents/{spec.incident}/decisions"
        for decision in ("stemi-cath", "not-stemi"):
            body = {"decision": decision, "text": "", "snapshot": str(snapshot), "after": 0}
            assert (await http.post(path, json=body)).status_code == 201


@pytest.mark.parametrize("what", ["decisions", "notes"])
async def test_an_order_that_comes_twice_is_carried_out_once(world: World, what: str) -> None:
    """The answer of the first was lost on the way; the page sends it again."""
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, _ = await a_case(tablet)
        path = f"/api/incidents/{spec.incident}/{what}"
        body: dict[str, Any] = {"act": str(uuid4()), "text": "go"}
        if what == "decisions":
            body = {**body, "decision": "stemi-cath", "after": 0}
        answers = [await http.post(path, json=body) for _ in range(3)]
        assert {a.status_code for a in answers} == {201}
        await tablet.notice("decided" if what == "decisions" else "note")
        await tablet.settled()
        stage = what.removesuffix("s").replace("decision", "decided")
        assert len(tablet.notices(stage)) == 1
        if what == "decisions":
            assert len({a.json()["entry"] for a in answers}) == 1


async def test_a_decision_on_the_live_trace_keeps_what_was_on_the_screen(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, _ = await a_case(tablet)
        live = {"stream": str(spec.stream), "first_sample": 500, "n_samples": 5000}
        body = {"decision": "stemi-cath", "text": "", "snapshot": None, "live": live}
        path = f"/api/incidents/{spec.incident}/decisions"
        entry = (await http.post(path, json=body)).json()
        assert entry["data"]["live"] is True
        kept = (await http.get(f"/api/snapshots/{entry['data']['snapshot']}")).json()
        assert (kept["first_sample"], kept["n_samples"]) == (500, 5000)
        assert (kept["reason"], kept["complete"]) == ("decision", True)
        found = await row(world, spec.incident)
        assert found["decision"]["snapshot"] == kept["id"]
        assert found["call"] is None
        assert found["receipts"]["decided_on_earlier"] is False


async def test_what_was_never_received_of_the_screen_is_kept_as_missing(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, _ = await a_case(tablet)
        live = {"stream": str(spec.stream), "first_sample": 5000, "n_samples": 5000}
        body = {"decision": "not-stemi", "text": "", "live": live}
        entry = (await http.post(f"/api/incidents/{spec.incident}/decisions", json=body)).json()
        kept = (await http.get(f"/api/snapshots/{entry['data']['snapshot']}")).json()
        assert (kept["complete"], kept["present"]) == (False, [[5000, 6000]])


async def test_only_a_recording_of_this_very_case_can_have_been_on_the_screen(
    world: World,
) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, _ = await a_case(tablet)
        other = tablet.open()
        await tablet.record(other.stream, range(8))
        await tablet.stored(other.stream)
        live = {"stream": str(other.stream), "first_sample": 0, "n_samples": 500}
        body = {"decision": "not-stemi", "text": "", "live": live}
        path = f"/api/incidents/{spec.incident}/decisions"
        assert (await http.post(path, json=body)).status_code == 404
        long = {**live, "stream": str(spec.stream), "n_samples": 9000}
        assert (await http.post(path, json={**body, "live": long})).status_code == 422
        assert tablet.notices("decided") == []


async def test_that_the_crew_has_read_it_goes_back_to_the_doctor(world: World) -> None:
    async with (
        world.tablet() as tablet,
        world.page("sato") as page,
        await world.http("sato") as http,
    ):
        spec, _ = await a_case(tablet, ELEVATED)
        body = {"decision": "stemi-cath", "text": ""}
        await http.post(f"/api/incidents/{spec.incident}/decisions", json=body)
        decided = await tablet.notice("decided")
        await tablet.event(spec.incident, m.DecisionUnderstood(decided.entry))
        told = await page.until(
            lambda t: t["kind"] == "incident" and t["incident"]["receipts"]["understood_at_us"]
        )
        assert told["incident"]["receipts"]["decided_entry"] == decided.entry
        await page.until(lambda t: t["kind"] == "timeline" and t["stage"] == "decision-understood")
