"""Who is on call: what is written is in force at once and stands in the audit; of many who take over one succeeds."""

from __future__ import annotations

import asyncio

import pytest

from relay.errors import BadInput, Conflict, NotAllowed, NotFound
from relay.model.people import Person, Role
from relay.model.roster import HOUR_US, Contact, Duty, DutyDesk, DutyRole, Takeover
from tests.relay.world import World


def a_duty(world: World, who: str, hours: int = 12) -> Duty:
    now_us = world.relay.clock.now_us()
    return Duty("chuo", DutyRole.FIRST, who, now_us - HOUR_US, now_us + hours * HOUR_US)


async def actions_of(world: World) -> list[str]:
    async with world.relay.records.read() as records:
        return [row.action for row in await records.evidence.audit_rows(1)]


async def test_a_roster_is_written_replaced_and_taken_over_and_the_audit_says_by_whom(
    world: World,
) -> None:
    rosters = world.relay.oncall.rosters
    await rosters.put_desk(DutyDesk("@ed", "chuo", "救急外来"), "024-000-0000", "root")
    await rosters.put_contact(Contact("sato", "sms", "+819000000000"), "root")
    assert await rosters.add([a_duty(world, "sato")], "root") == 1
    assert await rosters.add([a_duty(world, "ito", 2)], "root", replace=True) == 1
    mine = Takeover("chuo", DutyRole.FIRST, "sato")
    kept = await rosters.take_over(
        mine, "sato", Person("sato", "Dr sato", Role.CARDIOLOGIST, "chuo")
    )
    await rosters.put_policy("chuo", None, "root")

    assert (kept.who, kept.made_by) == ("sato", "sato")
    told = [a for a in await actions_of(world) if a.startswith(("d", "c", "ladder"))]
    wanted = ["desk-named", "contact-set", "duty-added", "duty-withdrawn", "duty-added", "duty-taken-over", "ladder-set"]  # fmt: skip
    assert [a for a in told if a in wanted] == wanted
    async with world.relay.records.read() as records:
        rows = [repr(row) for row in await records.evidence.audit_rows(1)]
    assert not any("+8190" in row or "024-000" in row for row in rows), "no address in the audit"


async def test_of_many_who_take_over_in_the_same_moment_one_succeeds(world: World) -> None:
    rosters = world.relay.oncall.rosters
    await rosters.add([a_duty(world, "sato")], "root")
    [now] = await rosters.duties("chuo", world.relay.clock.now_us(), world.relay.clock.now_us() + 1)
    asked = Takeover("chuo", DutyRole.FIRST, "ito", None, now.number)
    done = await asyncio.gather(
        *(rosters.take_over(asked, "ito") for _ in range(50)), return_exceptions=True
    )

    assert sum(isinstance(one, Duty) for one in done) == 1
    assert sum(isinstance(one, Conflict) for one in done) == 49


async def test_what_cannot_be_kept_says_why(world: World) -> None:
    rosters = world.relay.oncall.rosters
    stranger = Person("abe", "Dr abe", Role.ED, "daiichi")
    for error, act in (
        (NotFound, rosters.add([a_duty(world, "nobody")], "root")),
        (BadInput, rosters.put_desk(DutyDesk("ed", "chuo", "x"), "", "root")),
        (BadInput, rosters.put_contact(Contact("sato", "pigeon", "x"), "root")),
        (NotFound, rosters.put_contact(Contact("nobody", "phone", "x"), "root")),
        (NotAllowed, rosters.take_over(Takeover("chuo", DutyRole.FIRST, "abe"), "abe", stranger)),
    ):
        with pytest.raises(error):
            await act
