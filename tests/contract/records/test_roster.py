"""What every ``Records`` adapter promises of the roster (``relay/records/port/roster.py``)."""

from __future__ import annotations

from dataclasses import replace

from relay.model.roster import Contact, Duty, DutyDesk, DutyRole
from relay.records.port.records import Records

DUTY = Duty("chuo", DutyRole.FIRST, "sato", 10, 20, made_at_us=1, made_by="root")


async def test_entries_come_back_in_the_order_they_were_written(records: Records) -> None:
    async with records.begin() as tx:
        assert not await tx.roster.has_duties("chuo")
        first = await tx.roster.add_duty(DUTY)
        later = await tx.roster.add_duty(replace(DUTY, from_us=15, until_us=30, who="@ed"))
        other = await tx.roster.add_duty(replace(DUTY, hospital="daiichi", role=DutyRole.ED_PHONE))
    assert first == replace(DUTY, number=first.number)
    assert first.number < later.number < other.number
    async with records.read() as reads:
        assert await reads.roster.duties("chuo", 0, 100) == [first, later]
        assert await reads.roster.duties(None, 0, 100) == [first, later, other]
        assert await reads.roster.duties("chuo", 20, 100) == [later], (
            "the end is the first moment after it"
        )
        assert await reads.roster.duties("chuo", 0, 10) == []
        assert await reads.roster.has_duties("chuo")


async def test_what_is_taken_off_can_still_be_read_and_is_taken_off_once(records: Records) -> None:
    async with records.begin() as tx:
        kept = await tx.roster.add_duty(DUTY)
        assert await tx.roster.withdraw_duty(kept.number)
        assert not await tx.roster.withdraw_duty(kept.number)
        assert not await tx.roster.withdraw_duty(99)
    async with records.read() as reads:
        assert await reads.roster.duties("chuo", 0, 100) == []
        assert await reads.roster.duties("chuo", 0, 100, withdrawn=True) == [
            replace(kept, withdrawn=True)
        ]
        assert not await reads.roster.has_duties("chuo")
    async with records.begin() as tx:
        assert (await tx.roster.add_duty(DUTY)).number > kept.number, (
            "a number is never given out again"
        )


async def test_desks_and_how_people_are_reached(records: Records) -> None:
    async with records.begin() as tx:
        await tx.roster.put_desk(DutyDesk("@ed", "chuo", "救急"))
        await tx.roster.put_desk(DutyDesk("@ed", "chuo", "救急外来"))
        await tx.roster.put_desk(DutyDesk("@icu", "daiichi", "ICU"))
        await tx.roster.put_contact(Contact("sato", "sms", "090"))
        await tx.roster.put_contact(Contact("sato", "sms", "091"))
        await tx.roster.put_contact(Contact("@ed", "phone", "024"))
        await tx.roster.put_contact(Contact("sato", "e-mail", "a@b"))
        await tx.roster.put_contact(Contact("sato", "e-mail", ""))
    async with records.read() as reads:
        assert await reads.roster.desks("chuo") == [DutyDesk("@ed", "chuo", "救急外来")]
        assert [desk.id for desk in await reads.roster.desks(None)] == ["@ed", "@icu"]
        assert await reads.roster.contacts() == [
            Contact("@ed", "phone", "024"),
            Contact("sato", "sms", "091"),
        ]
