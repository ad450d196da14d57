"""An ECG that nobody opens climbs from person to person, in a whole relay."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from relay.model.roster import HOUR_US, Contact, Duty, DutyDesk, DutyRole
from relay.model.timeline import Entry, Stage
from tests.patience import PATIENCE_S
from tests.relay.world import ELEVATED, Tablet, World

QUICK: dict[str, Any] = {
    "A": [
        {"who": "first", "channels": ["console"], "wait_s": 0.4},
        {"who": "second", "channels": ["console"], "wait_s": 0.4},
        {"who": "ed-phone", "channels": ["console"], "wait_s": 0.4},
        {"who": "everybody", "channels": ["console"], "wait_s": 0.4},
        {"who": "crew"},
    ],
}
QUICK["sent"] = QUICK["A"]


async def on_duty(world: World, **roles: str) -> None:
    """A roster from an hour ago to a day ahead at chuo, with a desk, and quick steps."""
    rosters, now_us = world.relay.oncall.rosters, world.relay.clock.now_us()
    await rosters.put_desk(DutyDesk("@ed", "chuo", "救急外来"), "024-000-0000", "root")
    duties = [
        Duty("chuo", DutyRole(role.replace("_", "-")), who, now_us - HOUR_US, now_us + 24 * HOUR_US)
        for role, who in roles.items()
    ]
    await rosters.add(duties, "root")
    await rosters.put_policy("chuo", QUICK, "root")


async def sent(tablet: Tablet, level: int = ELEVATED) -> UUID:
    """An ECG that the crew sends."""
    spec = tablet.open()
    await tablet.record(spec.stream, range(8), level)
    await tablet.snapshot(spec, 0, 1000)
    return spec.incident


async def steps_of(world: World, incident: UUID) -> list[Entry]:
    async with world.relay.records.read() as records:
        entries = await records.cases.receipt_entries(incident)
    return [e for e in entries if e.stage in (Stage.LADDER_STEP, Stage.LADDER_STOPPED)]


async def until_steps(world: World, incident: UUID, n: int) -> list[Entry]:
    async with asyncio.timeout(PATIENCE_S):
        while len(found := await steps_of(world, incident)) < n:
            await asyncio.sleep(0.05)
    return found


async def test_an_ecg_that_nobody_opens_climbs_and_the_crew_is_told_in_the_end(
    world: World,
) -> None:
    await on_duty(world, first="sato", second="ito", ed_phone="@ed")
    async with world.tablet() as tablet, world.page("sato") as one, world.page("ito") as two:
        for page in (one, two):
            await page.say({"kind": "console", "armed": True, "audio_ms": 5})
            await page.until(lambda t: t["kind"] == "beat" and t["armed"])
        incident = await sent(tablet)
        await tablet.follow(incident)
        steps = await until_steps(world, incident, 5)
    assert [(e.data["target"], e.data["name"], e.data["skipped"]) for e in steps] == [
        ("first", "Dr sato", None),
        ("second", "Dr ito", None),
        ("ed-phone", "救急外来", None),
        ("everybody", "", None),
        ("crew", "", None),
    ]
    assert steps[-1].data["phone"] == "024-000-0000"
    dues = [int(str(e.data["due_at_us"])) for e in steps]
    assert [round((due - dues[0]) / 1e6, 3) for due in dues] == [0.0, 0.4, 0.8, 1.2, 1.6]
    assert all(e.at_us >= due for e, due in zip(steps, dues, strict=True))
    async with world.relay.records.read() as records:
        audited = [r for r in await records.evidence.audit_rows(1) if r.action == "ladder-step"]
    assert [row.data["target"] for row in audited] == [e.data["target"] for e in steps]


async def test_whoever_is_rung_is_told_outside_the_pages_too_and_once(world: World) -> None:
    """Each step's letters stand in the outbox; the steps stop with the person who opens the trace."""
    quick = {"who": "first", "channels": ["sms"], "wait_s": 0.2}
    await on_duty(world, first="sato", second="ito")
    rosters = world.relay.oncall.rosters
    steps = [quick, {**quick, "who": "second", "wait_s": 600}, {"who": "crew"}]
    await rosters.put_policy("chuo", {"A": steps, "sent": steps}, "root")
    for who in ("sato", "ito"):
        await rosters.put_contact(Contact(who, "sms", f"+81-{who}"), "root")
    async with world.tablet() as tablet:
        incident = await sent(tablet)
        await until_steps(world, incident, 2)
        async with world.relay.records.read() as records:
            letters = [one for one in await records.outbox.newest(50) if one.incident == incident]
        async with await world.http("ito") as http:
            snapshot = str(letters[0].snapshot)
            await http.post(f"/api/incidents/{incident}/opened", json={"snapshot": snapshot})
        told = await until_steps(world, incident, 3)

    assert sorted((one.step, one.who, one.channel, one.to) for one in letters) == [
        (0, "sato", "sms", "+81-sato"),
        (1, "ito", "sms", "+81-ito"),
    ]
    assert (told[-1].stage, told[-1].who) == (Stage.LADDER_STOPPED, "Dr ito")
