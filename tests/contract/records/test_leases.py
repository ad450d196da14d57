"""What every ``Records`` adapter promises of leases (``relay/records/port/leases.py``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.model.timeline import Stage
from relay.records.port.leases import LONGEST_US
from relay.records.port.records import Records
from tests.contract.conftest import Open
from tests.contract.records.made import a_case
from tests.doses import examples

Two = tuple[Records, Records]


@pytest_asyncio.fixture
async def two(records: Records, open_records: Open) -> AsyncIterator[Two]:
    """Two relays on one database, each with connections of its own."""
    other = await open_records()
    yield records, other
    await other.close()


async def take(records: Records, name: str, holder: str, now_us: int, until_us: int) -> bool:
    async with records.begin() as tx:
        return await tx.leases.take(name, holder, now_us=now_us, until_us=until_us)


async def holder(records: Records, name: str, now_us: int) -> str | None:
    async with records.read() as reads:
        return await reads.leases.holder(name, now_us)


async def test_a_lease_is_anothers_until_it_ends_and_every_relay_sees_it(two: Two) -> None:
    one, other = two
    assert await holder(one, "seal", 1) is None
    assert await take(one, "seal", "a", 10, 20)
    assert not await take(other, "seal", "b", 19, 29)
    assert await take(other, "sweep", "b", 19, 29), "another work is free"
    assert [await holder(other, "seal", now_us) for now_us in (10, 19, 20)] == ["a", "a", None]
    assert await take(other, "seal", "b", 20, 30)
    assert await holder(one, "seal", 20) == "b"
    assert not await take(one, "seal", "a", 21, 31), "who lost it has lost it"


async def test_a_holder_makes_it_longer_and_gives_back_only_its_own(two: Two) -> None:
    one, other = two
    assert await take(one, "seal", "a", 10, 20)
    assert await take(one, "seal", "a", 15, 40)
    async with other.begin() as tx:
        await tx.leases.release("seal", "b")
        await tx.leases.release("nothing", "b")
    assert await holder(other, "seal", 39) == "a"
    async with one.begin() as tx:
        await tx.leases.release("seal", "a")
    assert await holder(other, "seal", 16) is None
    assert await take(other, "seal", "b", 16, 26)


async def test_one_of_many_who_ask_at_once_gets_it(two: Two) -> None:
    asked = [take(two[n % 2], "seal", f"relay-{n}", 1, 9) for n in range(8)]
    won = await asyncio.gather(*asked)
    assert sorted(won) == [False] * 7 + [True]
    assert await holder(two[0], "seal", 1) == f"relay-{won.index(True)}"


async def test_work_in_the_transaction_that_took_it_is_done_once(two: Two) -> None:
    """Also where one relay stood still in the middle of it."""
    async with two[0].begin() as tx:
        case, _ = await a_case(tx)

    async def work(records: Records, name: str) -> None:
        async with records.begin() as tx:
            if await tx.leases.take("work", name, now_us=1, until_us=9):
                await asyncio.sleep(0.02)
                await tx.cases.add_entry(case.id, 1, Stage.NOTE, name, {})

    await asyncio.gather(*(work(two[n % 2], f"relay-{n}") for n in range(6)))
    async with two[1].read() as reads:
        (entry,) = await reads.cases.timeline(case.id)
        assert entry.who == await reads.leases.holder("work", 1)


async def test_a_transaction_that_raised_took_nothing(two: Two) -> None:
    with pytest.raises(RuntimeError):
        async with two[0].begin() as tx:
            assert await tx.leases.take("seal", "a", now_us=1, until_us=9)
            raise RuntimeError("broken")
    assert await holder(two[1], "seal", 1) is None


async def test_a_clock_that_was_wrong_stops_no_work(two: Two) -> None:
    one, other = two
    ahead_us = 10 * LONGEST_US
    assert await take(one, "seal", "a", ahead_us, ahead_us + 9)
    assert await holder(other, "seal", 1) is None, "such a lease cannot have been taken now"
    assert await take(other, "seal", "b", 1, 1 + LONGEST_US)
    assert await holder(one, "seal", 1) == "b", "the longest is long enough"


@pytest.mark.parametrize("until_us", [4, 5, 5 + LONGEST_US + 1])
async def test_a_lease_without_a_length_or_over_the_hour_is_refused(
    records: Records, until_us: int
) -> None:
    with pytest.raises(ValueError, match="within the hour"):
        await take(records, "seal", "a", 5, until_us)
    assert await holder(records, "seal", 5) is None


STEPS = st.tuples(st.sampled_from("abc"), st.integers(0, 6), st.sampled_from([0, 1, 3, 8]))


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, max_size=12))
async def test_whatever_relays_do_the_lease_is_as_if_one_had_kept_it_on_paper(
    two: Two, steps: list[tuple[str, int, int]]
) -> None:
    """Each step: who, how long after the step before, and for how long they want it (0: give it back)."""
    name, now_us, kept = str(uuid4()), 100, ("", 0)
    for who, later_us, length_us in steps:
        now_us += later_us
        records = two[ord(who) % 2]
        is_free = kept[0] in ("", who) or kept[1] <= now_us
        if length_us:
            until_us = now_us + length_us
            assert await take(records, name, who, now_us, until_us) is is_free
            kept = (who, until_us) if is_free else kept
        else:
            async with records.begin() as tx:
                await tx.leases.release(name, who)
            kept = ("", 0) if kept[0] == who else kept
        expected = kept[0] if kept[1] > now_us else None
        assert [await holder(r, name, now_us) for r in two] == [expected, expected]
