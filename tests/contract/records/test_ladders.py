"""What every ``Records`` adapter promises of ladders (``relay/records/port/ladders.py``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
import pytest_asyncio

from relay.errors import Conflict
from relay.model.ladder import (
    Asking,
    Ladder,
    LadderRung,
    LadderState,
    Skip,
    begun,
    climbed,
    stopped,
)
from relay.model.ladder_policy import PolicyStep, Target
from relay.records.port.records import Records
from tests.contract.conftest import Open
from tests.contract.records.made import a_case

STEPS = (PolicyStep(Target.FIRST, ("console", "sms"), 60.0), PolicyStep(Target.CREW, (), 0.0))


@pytest_asyncio.fixture
async def other(open_records: Open, records: Records) -> AsyncIterator[Records]:
    """Another relay on the same database."""
    assert records is not None
    made = await open_records()
    yield made
    await made.close()


async def a_ladder(records: Records, at_us: int = 100, hospital: str = "chuo") -> Ladder:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        ladder = begun(case.id, hospital, Asking("high", uuid4(), uuid4()), STEPS, at_us)
        assert ladder is not None
        assert await tx.ladders.add_ladder(ladder)
    return ladder


async def test_policies_are_set_replaced_and_taken_away(records: Records) -> None:
    async with records.begin() as tx:
        assert await tx.ladders.policy("chuo") is None
        await tx.ladders.put_policy("chuo", {"A": [1]}, 1)
        await tx.ladders.put_policy("chuo", {"A": [2]}, 2)
        await tx.ladders.put_policy("daiichi", {"A": [3]}, 2)
        assert await tx.ladders.policy("chuo") == {"A": [2]}
        await tx.ladders.put_policy("chuo", None, 3)
        assert await tx.ladders.policy("chuo") is None
        assert await tx.ladders.policy("daiichi") == {"A": [3]}


async def test_a_ladder_is_added_once_and_is_climbing_until_it_is_moved_or_stopped(
    records: Records,
) -> None:
    late, early = await a_ladder(records, 200), await a_ladder(records, 100)
    async with records.begin() as tx:
        assert not await tx.ladders.add_ladder(replace(late, step=1))
        assert await tx.ladders.ladder(late.id) == late
        assert await tx.ladders.ladder(uuid4()) is None
        assert await tx.ladders.climbing() == [early, late]
        moved = climbed(early, skipped=False)
        assert await tx.ladders.move(early, moved)
        assert await tx.ladders.climbing() == [late, moved], "it is due later now"
        assert await tx.ladders.move(late, stopped(late, "佐藤"))
        assert await tx.ladders.not_stopped(late.incident) == []
        assert await tx.ladders.not_stopped(early.incident) == [moved]
        top = climbed(moved, skipped=True)
        assert top.state is LadderState.TOP
        assert await tx.ladders.move(moved, top)
        assert await tx.ladders.climbing() == []
        assert await tx.ladders.not_stopped(early.incident) == [top], "nobody has opened it yet"


async def test_of_many_who_move_it_from_one_step_one_succeeds(
    records: Records, other: Records
) -> None:
    ladder = await a_ladder(records)

    async def moved(by: Records) -> bool:
        async with by.begin() as tx:
            return await tx.ladders.move(ladder, climbed(ladder, skipped=False))

    done = await asyncio.gather(*(moved(by) for _ in range(10) for by in (records, other)))
    assert sum(done) == 1
    async with other.read() as reads:
        assert (await reads.ladders.ladder(ladder.id)).step == 1


async def test_a_step_is_kept_once_and_a_second_time_undoes_its_transaction(
    records: Records, other: Records
) -> None:
    ladder = await a_ladder(records)
    rung = LadderRung(ladder.id, 0, Target.FIRST, "sato", ("console",), 100, 101)
    hole = LadderRung(ladder.id, 1, Target.SECOND, "", (), 101, 102, Skip.NOBODY_ON_CALL)
    async with records.begin() as tx:
        await tx.ladders.add_rung(rung)
        await tx.ladders.add_rung(hole)
    with pytest.raises(Conflict):
        async with other.begin() as tx:
            await tx.ladders.put_policy("chuo", {"A": []}, 1)
            await tx.ladders.add_rung(replace(rung, done_at_us=500))
    async with other.read() as reads:
        assert await reads.ladders.rungs(ladder.incident) == [rung, hole]
        assert await reads.ladders.policy("chuo") is None
        assert await reads.ladders.rungs(uuid4()) == []
