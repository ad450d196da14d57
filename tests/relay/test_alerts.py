"""An alert's life: raised by the relay, moved only by named people, told to the crew at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from relay.protocol import messages as m
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S, Unhurried
from tests.relay.world import CALM, ELEVATED, Tablet, World, a_world, screener


async def alarmed(world: World, tablet: Tablet) -> tuple[m.OpenStream, UUID]:
    """A case with a snapshot of tier A."""
    spec = tablet.open()
    await tablet.follow(spec.incident)
    await tablet.record(spec.stream, range(8), ELEVATED)
    snapshot = await tablet.snapshot(spec, 0, 1000)
    await tablet.notice("alert-raised")
    return spec, snapshot


async def row(world: World, spec: m.OpenStream) -> dict[str, Any]:
    found = await world.relay.cases.cases.row(spec.incident)
    assert found is not None
    return found


async def soon(world: World, action: str, times: int) -> None:
    """Waits until something has been written down so often."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with world.relay.records.read() as records:
                rows = await records.evidence.audit_rows()
            if [r.action for r in rows].count(action) >= times:
                return
            await asyncio.sleep(0.05)


async def test_the_whole_life_of_an_alert(world: World) -> None:
    async with (
        world.tablet() as tablet,
        world.page("sato") as page,
        await world.http("sato") as http,
    ):
        spec, snapshot = await alarmed(world, tablet)
        ringing = await page.until(
            lambda t: t["kind"] == "incident" and t["incident"]["alert"] is not None
        )
        assert ringing["incident"]["alert"]["state"] == "raised"
        assert ringing["incident"]["tier"] == "A"

        with Unhurried(3.0):  # three receipts, each within a second
            await page.say({"kind": "delivered", "alert": ringing["incident"]["alert"]["id"]})
            delivered = await tablet.notice("delivered")
            assert delivered.who == "Dr sato"
            assert delivered.data["console"].startswith("chuo-")  # type: ignore[attr-defined]
            base = f"/api/incidents/{spec.incident}"
            opened = await http.post(f"{base}/opened", json={"snapshot": str(snapshot)})
            assert opened.json() == {"first": True}
            seen = await tablet.notice("trace-opened")
            assert (seen.who, seen.data) == ("Dr sato", {"snapshot": str(snapshot)})
            body = {"decision": "stemi-cath", "text": "go", "snapshot": str(snapshot)}
            decided = await http.post(f"{base}/decisions", json=body)
            assert decided.status_code == 201
            told = await tablet.notice("decided")
            assert (told.who, told.data) == ("Dr sato", body)

        final = await row(world, spec)
        assert final["alert"]["state"] == "decided"
        assert final["opened_by"][0]["who"] == "Dr sato"
        assert final["decision"]["decision"] == "stemi-cath"
    async with world.relay.records.read() as records:
        actions = [r.action for r in await records.evidence.audit_rows()]
    for action in ("alert-raised", "alert-delivered", "trace-opened", "decided"):
        assert actions.count(action) == 1


async def test_each_receipt_reaches_the_tablet_within_a_second(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, _ = await alarmed(world, tablet)
        with Unhurried(1.0):
            await http.post(f"/api/incidents/{spec.incident}/opened", json={"snapshot": None})
            await tablet.notice("trace-opened")


async def test_one_alert_waits_at_a_time(world: World) -> None:
    async with world.tablet() as tablet:
        spec, _ = await alarmed(world, tablet)
        for _ in range(2):
            await tablet.snapshot(spec, 0, 1000)
        await tablet.until(lambda: len(tablet.notices("screened")) >= 3)
        assert len(tablet.notices("alert-raised")) == 1


async def decide(world: World, spec: m.OpenStream, decision: str) -> None:
    async with await world.http("sato") as http:
        body = {"decision": decision, "text": "", "snapshot": None}
        answer = await http.post(f"/api/incidents/{spec.incident}/decisions", json=body)
        assert answer.status_code == 201


async def test_after_a_decision_the_same_ecg_does_not_ring_again(world: World) -> None:
    async with world.tablet() as tablet:
        spec, _ = await alarmed(world, tablet)
        await decide(world, spec, "stemi-cath")
        await tablet.snapshot(spec, 0, 1000)
        await tablet.until(lambda: len(tablet.notices("screened")) >= 2)
        assert len(tablet.notices("alert-raised")) == 1


async def test_a_new_worsening_rings_again_and_closes_the_old_alert_by_name(world: World) -> None:
    async with world.tablet() as tablet:
        spec, _ = await alarmed(world, tablet)
        await decide(world, spec, "not-stemi")
        await tablet.record(spec.stream, range(8, 16), CALM)
        await tablet.snapshot(spec, 1000, 1000)
        await tablet.until(lambda: len(tablet.notices("screened")) >= 2)
        assert len(tablet.notices("alert-raised")) == 1
        await tablet.snapshot(spec, 0, 1000)
        await tablet.until(lambda: len(tablet.notices("alert-raised")) == 2)
        (closed,) = tablet.notices("alert-closed")
        assert closed.who == "Dr sato"


async def test_repeat_in_five_minutes_rings_for_the_repeated_ecg(world: World) -> None:
    async with world.tablet() as tablet:
        spec, _ = await alarmed(world, tablet)
        await decide(world, spec, "repeat-5min")
        await tablet.snapshot(spec, 0, 1000)
        await tablet.until(lambda: len(tablet.notices("alert-raised")) == 2)


async def test_a_held_live_elevation_rings_and_keeps_its_ten_seconds(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(40), ELEVATED)
        await asyncio.sleep(1.2)
        assert tablet.notices("alert-raised") == [], (
            "ten seconds of trace have not held ten seconds"
        )
        for seq in range(
            40, 400, 4
        ):  # a starved relay screens late: the elevation goes on until it has
            await tablet.record(spec.stream, range(seq, seq + 4), ELEVATED)
            await asyncio.sleep(0.25)
            if tablet.notices("alert-raised"):
                break
        raised = await tablet.notice("alert-raised")
        stored = await tablet.notice("snapshot-stored")
        assert stored.data["reason"] == "st-change"
        assert raised.data["snapshot"] == stored.data["snapshot"]
        snapshot = (await http.get(f"/api/snapshots/{stored.data['snapshot']}")).json()
        assert (snapshot["n_samples"], snapshot["complete"], snapshot["tier"]) == (5000, True, "A")
        assert len(tablet.notices("alert-raised")) == 1


async def test_a_brief_live_elevation_does_not_ring(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(40), ELEVATED)
        await asyncio.sleep(1.0)
        for seq in range(40, 140, 20):
            await tablet.record(spec.stream, range(seq, seq + 20), CALM)
            await asyncio.sleep(0.6)
        assert tablet.notices("alert-raised") == []


async def test_a_screener_that_breaks_leaves_the_waveform_and_says_so(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), -2000)
        await tablet.stored(spec.stream)
        await tablet.snapshot(spec, 0, 1000)
        screened = await tablet.notice("screened")
        assert screened.data["tier"] == "Q"
        assert "unavailable" in str(screened.data["statement_en"])
        assert tablet.notices("alert-raised") == []


async def test_a_new_age_screens_the_snapshot_again(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), CALM)
        await tablet.snapshot(spec, 0, 1000)
        first = await tablet.notice("screened")
        assert "age None" in str(first.data["statement_en"])
        await tablet.event(spec.incident, m.PatientCard(rev=1, age_years=44, sex="F"))
        await tablet.until(lambda: len(tablet.notices("screened")) == 2)
        assert "age 44 sex F" in str(tablet.notices("screened")[1].data["statement_en"])
        await tablet.event(spec.incident, m.PatientCard(rev=2, age_years=44, sex="F", pain_nrs=8))
        await tablet.settled()
        await asyncio.sleep(0.3)
        assert len(tablet.notices("screened")) == 2


@pytest.mark.parametrize("reason", ["manual", "file"])
async def test_what_is_sent_by_hand_awaits_a_reader_until_opened(world: World, reason: str) -> None:
    async with world.tablet() as tablet, await world.http("ito") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), CALM)
        snapshot = await tablet.snapshot(spec, 0, 1000, reason)
        await tablet.notice("screened")
        assert (await row(world, spec))["awaiting_read"] is True
        body = {"snapshot": str(snapshot)}
        await http.post(f"/api/incidents/{spec.incident}/opened", json=body)
        assert (await row(world, spec))["awaiting_read"] is False
        again = await http.post(f"/api/incidents/{spec.incident}/opened", json=body)
        assert again.json() == {"first": False}
        assert len(tablet.notices("trace-opened")) == 1


async def test_a_quiet_ecg_on_a_hospital_screen_is_told_to_the_crew_once(world: World) -> None:
    async with (
        world.tablet() as tablet,
        world.page("sato") as page,
        world.page("ito") as other,
        world.page("mori") as elsewhere,
    ):
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), CALM)
        snapshot = await tablet.snapshot(spec, 0, 1000)
        await tablet.notice("screened")
        assert (await row(world, spec))["unread"] == str(snapshot)

        shown = {"kind": "shown", "snapshot": str(snapshot)}
        await elsewhere.say(shown)
        refused = await elsewhere.until(lambda t: t["kind"] == "refusal")
        assert refused["text"] == "There is no such snapshot."
        assert tablet.notices("delivered") == []

        await page.say(shown)
        told = await tablet.notice("delivered")
        assert told.who == "Dr sato"
        assert told.data["snapshot"] == str(snapshot)
        await page.say(shown)
        await other.say(shown)
        await soon(world, "snapshot-shown", 2)
        assert len(tablet.notices("delivered")) == 1


async def test_an_ecg_taken_by_the_clock_asks_nobody_and_a_live_look_is_enough(
    world: World,
) -> None:
    async with world.tablet() as tablet, await world.http("ito") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), CALM)
        snapshot = await tablet.snapshot(spec, 0, 1000, "clean")
        await tablet.notice("screened")
        found = await row(world, spec)
        assert (found["awaiting_read"], found["unread"]) == (False, str(snapshot))
        await http.post(f"/api/incidents/{spec.incident}/opened", json={"snapshot": None})
        assert (await row(world, spec))["unread"] is None


async def test_which_ecg_waits_for_a_reader(world: World) -> None:
    async with world.tablet() as tablet, await world.http("ito") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(16), CALM)
        await tablet.notice("stream-started")
        assert (await row(world, spec))["unread"] is None
        opened = f"/api/incidents/{spec.incident}/opened"
        await http.post(opened, json={"snapshot": None})
        first = await tablet.snapshot(spec, 0, 1000)
        await tablet.until(lambda: len(tablet.notices("screened")) == 1)
        second = await tablet.snapshot(spec, 1000, 1000)
        await tablet.until(lambda: len(tablet.notices("screened")) == 2)
        assert (await row(world, spec))["unread"] == str(second)
        await http.post(opened, json={"snapshot": str(first)})
        assert (await row(world, spec))["unread"] == str(second)
        await http.post(opened, json={"snapshot": str(second)})
        assert (await row(world, spec))["unread"] is None


async def test_with_screening_off_snapshots_are_kept_and_nothing_is_said(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path, Adapters(screener=screener), screen_enabled=False) as world,
        world.tablet() as tablet,
        await world.http("sato") as http,
    ):
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), ELEVATED)
        await tablet.snapshot(spec, 0, 1000)
        await tablet.notice("snapshot-stored")
        await asyncio.sleep(0.7)
        assert tablet.notices("screened") == []
        assert (await http.get("/api/site")).json()["screen_enabled"] is False
        assert (await row(world, spec))["tier"] is None


async def test_a_snapshot_kept_before_a_crash_is_screened_after_it(tmp_path: Path) -> None:
    async with a_world(tmp_path, screen_enabled=False) as first, first.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), ELEVATED)
        snapshot = await tablet.snapshot(spec, 0, 1000)
        await tablet.notice("snapshot-stored")
    async with a_world(tmp_path) as second:
        async with asyncio.timeout(PATIENCE_S):
            while not (await row(second, spec))["alert"]:
                await asyncio.sleep(0.05)
        assert (await row(second, spec))["alert"]["snapshot"] == str(snapshot)


@pytest.mark.parametrize("user", ["ito"])
async def test_only_a_cardiologist_decides(world: World, user: str) -> None:
    async with world.tablet() as tablet, await world.http(user) as http:
        spec, _ = await alarmed(world, tablet)
        body = {"decision": "stemi-cath", "text": "", "snapshot": None}
        answer = await http.post(f"/api/incidents/{spec.incident}/decisions", json=body)
        assert answer.status_code == 403
        assert (await row(world, spec))["alert"]["state"] == "raised"


async def two_ecgs(world: World, tablet: Tablet) -> tuple[m.OpenStream, UUID, UUID]:
    """A quiet ECG sent by hand, and then one of tier A that rings."""
    spec = tablet.open()
    await tablet.follow(spec.incident)
    await tablet.record(spec.stream, range(8), CALM)
    first = await tablet.snapshot(spec, 0, 1000)
    await tablet.until(lambda: len(tablet.notices("screened")) == 1)
    await tablet.record(spec.stream, range(8, 16), ELEVATED)
    second = await tablet.snapshot(spec, 1000, 1000, "interval")
    await tablet.notice("alert-raised")
    return spec, first, second


async def test_opening_one_ecg_does_not_silence_the_alarm_of_another(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, first, second = await two_ecgs(world, tablet)
        opened = f"/api/incidents/{spec.incident}/opened"
        await http.post(opened, json={"snapshot": str(first)})
        ringing = await row(world, spec)
        assert ringing["alert"]["state"] == "raised"
        assert ringing["call"]["level"] == "high"
        assert ringing["call"]["snapshot"] == str(second)
        await http.post(opened, json={"snapshot": str(second)})
        seen = await row(world, spec)
        assert (seen["alert"]["state"], seen["call"]) == ("opened", None)


async def test_a_decision_on_one_ecg_does_not_silence_the_alarm_of_another(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, first, second = await two_ecgs(world, tablet)
        decide = f"/api/incidents/{spec.incident}/decisions"
        body = {"decision": "not-stemi", "text": ""}
        await http.post(decide, json={**body, "snapshot": str(first)})
        ringing = await row(world, spec)
        assert ringing["alert"]["state"] == "raised"
        assert ringing["call"]["level"] == "high"
        assert ringing["receipts"]["decided_on_earlier"] is True
        await http.post(decide, json={**body, "snapshot": str(second)})
        assert (await row(world, spec))["alert"]["state"] == "decided"


async def test_a_look_at_the_live_trace_is_told_again_for_what_came_since(world: World) -> None:
    """The same doctor looks at the live trace twice; the second look reads the ECG in between."""
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), CALM)
        await tablet.stored(spec.stream)
        opened = f"/api/incidents/{spec.incident}/opened"
        await http.post(opened, json={"snapshot": None})
        await tablet.notice("trace-opened")
        await tablet.snapshot(spec, 0, 1000, "clean")
        await tablet.notice("screened")
        await http.post(opened, json={"snapshot": None})
        await tablet.until(lambda: len(tablet.notices("trace-opened")) == 2)
        await http.post(opened, json={"snapshot": None})
        await tablet.settled()
        assert len(tablet.notices("trace-opened")) == 2


@pytest.mark.parametrize("reason", ["manual", "file"])
@pytest.mark.parametrize(("level", "expected"), [(CALM, "hand"), (ELEVATED, "high")])
async def test_what_a_person_sends_sounds_until_a_human_opens_it(
    world: World, reason: str, level: int, expected: str
) -> None:
    async with world.tablet() as tablet, await world.http("ito") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), level)
        snapshot = await tablet.snapshot(spec, 0, 1000, reason)
        await tablet.notice("screened")
        found = await row(world, spec)
        assert (found["call"]["level"], found["call"]["snapshot"]) == (expected, str(snapshot))
        assert found["place"] == (0 if expected == "high" else 1)
        await http.post(f"/api/incidents/{spec.incident}/opened", json={"snapshot": None})
        still = await row(world, spec)
        assert still["call"]["level"] == expected, "the live trace is not the sheet"
        await http.post(f"/api/incidents/{spec.incident}/opened", json={"snapshot": str(snapshot)})
        assert (await row(world, spec))["call"] is None


async def test_a_newer_ecg_by_hand_outranks_a_decision(world: World) -> None:
    async with world.tablet() as tablet:
        spec, _ = await alarmed(world, tablet)
        await decide(world, spec, "not-stemi")
        assert (await row(world, spec))["place"] == 5
        await tablet.record(spec.stream, range(8, 16), CALM)
        newer = await tablet.snapshot(spec, 1000, 1000)
        await tablet.until(lambda: len(tablet.notices("screened")) == 2)
        found = await row(world, spec)
        assert (found["call"]["snapshot"], found["place"]) == (str(newer), 1)
        assert found["receipts"]["opened_at_us"] is None


async def test_the_gravest_tier_stays_beside_the_newest(world: World) -> None:
    async with world.tablet() as tablet:
        spec, _ = await alarmed(world, tablet)
        await tablet.record(spec.stream, range(8, 16), CALM)
        await tablet.snapshot(spec, 1000, 1000)
        await tablet.until(lambda: len(tablet.notices("screened")) == 2)
        found = await row(world, spec)
        assert found["tier"] != "A"
        assert found["highest"]["tier"] == "A"


async def test_a_decided_stemi_stays_above_what_nobody_asks_about(world: World) -> None:
    async with world.tablet() as tablet:
        spec, _ = await alarmed(world, tablet)
        await decide(world, spec, "stemi-cath")
        assert (await row(world, spec))["place"] == 2
