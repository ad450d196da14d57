"""What every ``Records`` adapter promises of 119 calls (``relay/records/port/calls.py``)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.model.call import (
    Call,
    CallEntry,
    CallFacts,
    CallLink,
    CallState,
    Position,
    Share,
    ShareKind,
    Still,
)
from relay.model.incident import Incident
from relay.records.port.records import Records
from tests.contract.conftest import Open
from tests.contract.records.made import a_call
from tests.doses import examples


async def kept(records: Records, *calls: Call) -> None:
    async with records.begin() as tx:
        for call in calls:
            await tx.calls.put_call(call)


async def facts(records: Records, call: UUID) -> CallFacts:
    async with records.read() as reads:
        found = await reads.calls.call(call)
    assert found is not None
    return found


async def test_a_call_comes_back_with_every_field_as_it_was_set(records: Records) -> None:
    case = Incident(uuid4(), "救急1", 1, frozenset({"chuo"}))
    whole = a_call(
        5, state=CallState.FROZEN, hint="stills", incident=case.id, unit="救急1",
        dispatched_at_us=6, sent_at_us=7, opened_at_us=8, allowed_at_us=9, live_at_us=10,
        frozen_at_us=2**53, expires_at_us=12, guidance="aed",
    )  # fmt: skip
    async with records.begin() as tx:
        await tx.cases.put_incident(case)
        await tx.calls.put_call(replace(whole, state=CallState.TAKEN, guidance=None, incident=None))
        await tx.calls.put_call(whole)
    assert await facts(records, whole.id) == CallFacts(whole)
    async with records.read() as reads:
        assert await reads.calls.call(uuid4()) is None


async def test_what_was_committed_of_a_call_is_there_after_reopening(open_records: Open) -> None:
    call, still = a_call(), uuid4()
    first = await open_records()
    await kept(first, call)
    async with first.begin() as tx:
        await tx.calls.add_still(Still(still, call.id, 3, "kato"), b"\xff\xd8picture")
        await tx.calls.add_position(call.id, Position(35.5, 139.25, 12.5, 4))
    await first.close()
    second = await open_records()
    found = await facts(second, call.id)
    assert found.stills == (Still(still, call.id, 3, "kato"),)
    assert found.position == Position(35.5, 139.25, 12.5, 4)
    async with second.read() as reads:
        assert await reads.calls.still_image(still) == (found.stills[0], b"\xff\xd8picture")
    await second.close()


async def test_open_calls_are_listed_newest_first_and_ended_ones_are_not(
    records: Records,
) -> None:
    old, new, over = (
        a_call(1, unit="救急1"),
        a_call(9),
        a_call(5, state=CallState.ENDED, unit="救急1"),
    )
    await kept(records, old, new, over)
    async with records.read() as reads:
        assert [f.call.id for f in await reads.calls.open_calls()] == [new.id, old.id]
        assert await reads.calls.calls_of_unit("救急1") == [old]
        assert await reads.calls.calls_of_unit("救急9") == []


async def test_one_phone_gets_a_link_even_when_many_ask_at_once(records: Records) -> None:
    call = a_call()
    await kept(records, call)
    async with records.begin() as tx:
        await tx.calls.add_call_link(CallLink("hash", call.id, 1, 100))

    async def bind(phone: str) -> bool:
        async with records.begin() as tx:
            return await tx.calls.bind_call_link("hash", phone)

    won = await asyncio.gather(*(bind(f"phone-{n}") for n in range(6)))
    assert sorted(won) == [False] * 5 + [True]
    async with records.read() as reads:
        link = await reads.calls.call_link("hash")
        assert link is not None
        assert link.phone_hash == f"phone-{won.index(True)}"
        assert await reads.calls.call_link_of_phone(link.phone_hash) == link
        assert await reads.calls.call_link_of_phone("stranger") is None


async def test_a_link_given_back_can_be_bound_again_and_a_revoked_one_never(
    records: Records,
) -> None:
    call, other = a_call(), a_call()
    await kept(records, call, other)
    async with records.begin() as tx:
        for name, of in (("one", call), ("two", call), ("theirs", other)):
            await tx.calls.add_call_link(CallLink(name, of.id, 1, 100))
        assert await tx.calls.bind_call_link("one", "phone")
        await tx.calls.release_call_link("phone")
        assert await tx.calls.bind_call_link("one", "another")
        await tx.calls.revoke_call_links(call.id, 50)
        await tx.calls.revoke_call_links(call.id, 60)
        assert not await tx.calls.bind_call_link("two", "late")
        assert await tx.calls.bind_call_link("theirs", "neighbour")
        assert not await tx.calls.bind_call_link("nothing", "late")
    async with records.read() as reads:
        one, two = await reads.calls.call_link("one"), await reads.calls.call_link("two")
        assert one is not None
        assert two is not None
        assert (one.phone_hash, one.revoked_at_us) == ("another", 50)  # the first time stays
        assert (two.is_valid, two.may_open(1)) == (False, False)


async def test_only_sent_calls_whose_time_is_over_are_overdue(records: Records) -> None:
    late = a_call(1, state=CallState.SENT, expires_at_us=100)
    await kept(
        records, late, a_call(2, state=CallState.SENT, expires_at_us=101),
        a_call(3, state=CallState.OPENED, expires_at_us=50), a_call(4),
    )  # fmt: skip
    async with records.read() as reads:
        assert await reads.calls.overdue_calls(99) == []
        assert await reads.calls.overdue_calls(100) == [late.id]


async def test_a_share_lets_in_until_it_ends_and_only_its_hospital(records: Records) -> None:
    call, over = a_call(), a_call(2, state=CallState.ENDED)
    await kept(records, call, over)
    ours = Share(uuid4(), call.id, ShareKind.HOSPITAL, "chuo", 5, "kato")
    unit = Share(uuid4(), call.id, ShareKind.UNIT, "chuo", 4, "kato")  # a unit of the same name
    async with records.begin() as tx:
        for share in (
            ours,
            unit,
            Share(uuid4(), over.id, ShareKind.HOSPITAL, "daiichi", 5, "kato"),
        ):
            await tx.calls.add_share(share)
    async with records.read() as reads:
        assert [f.call.id for f in await reads.calls.calls_shared_with("chuo")] == [call.id]
        assert await reads.calls.calls_shared_with("daiichi") == []  # that call has ended
    assert (await facts(records, call.id)).shares == (unit, ours)  # oldest first
    async with records.begin() as tx:
        await tx.calls.end_share(ours.id, 9)
    async with records.read() as reads:
        assert await reads.calls.calls_shared_with("chuo") == []
    assert (await facts(records, call.id)).shares == (unit,)


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    makers=st.lists(st.sampled_from(["caller", "kato"]), max_size=8),
    keep=st.integers(0, 4),
    by=st.sampled_from([None, "caller"]),
)
async def test_dropped_stills_are_the_oldest_of_their_maker_and_no_other_calls(
    records: Records, makers: list[str], keep: int, by: str | None
) -> None:
    call, other = a_call(), a_call()
    await kept(records, call, other)
    made = [Still(uuid4(), call.id, at_us, who) for at_us, who in enumerate(makers, 1)]
    async with records.begin() as tx:
        for still in (*made, Still(uuid4(), other.id, 1, "caller")):
            await tx.calls.add_still(still, b"jpeg")
        gone = await tx.calls.drop_stills(call.id, by=by, keep=keep)
    of_maker = [still for still in made if by in (None, still.by)]
    dropped = of_maker[: max(0, len(of_maker) - keep)]
    assert gone == len(dropped)
    assert (await facts(records, call.id)).stills == tuple(s for s in made if s not in dropped)
    assert len((await facts(records, other.id)).stills) == 1
    async with records.read() as reads:
        for still in dropped:
            assert await reads.calls.still_image(still.id) is None


async def test_the_newest_position_counts_and_entries_keep_their_order(
    records: Records,
) -> None:
    call, other = a_call(), a_call()
    await kept(records, call, other)
    entries = [CallEntry(at_us, "call-camera", "", {"n": at_us}) for at_us in (5, 5, 3)]
    async with records.begin() as tx:
        for at_us in (1, 2):
            await tx.calls.add_position(call.id, Position(35.0 + at_us, 139.0, 8.5, at_us))
        await tx.calls.add_position(other.id, Position(1.0, 2.0, 3.0, 9))
        for entry in entries:
            await tx.calls.add_call_entry(call.id, entry)
    assert (await facts(records, call.id)).position == Position(37.0, 139.0, 8.5, 2)
    async with records.read() as reads:
        assert (
            await reads.calls.call_entries(call.id) == entries
        )  # as they were said, not by their time
        assert await reads.calls.call_entries(other.id) == []


async def test_calls_that_are_shared_after_their_end_are_found(records: Records) -> None:
    calls = [
        a_call(1),
        a_call(2, ended_at_us=50),
        a_call(3, ended_at_us=90),
        a_call(4, ended_at_us=40),
    ]
    await kept(records, *calls)
    shares = [Share(uuid4(), call.id, ShareKind.HOSPITAL, "chuo", 5, "kato") for call in calls]
    async with records.begin() as tx:
        for share in shares:
            await tx.calls.add_share(share)
        await tx.calls.end_share(shares[3].id, 45)
    async with records.read() as reads:
        assert await reads.calls.calls_shared_after_end(10) == []
        assert await reads.calls.calls_shared_after_end(50) == [calls[1].id]
        assert await reads.calls.calls_shared_after_end(99) == [calls[1].id, calls[2].id]
