"""What every ``Records`` adapter promises of letters (``relay/records/port/outbox.py``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from relay.model.letter import LATEST_US, Addressee, Letter, LetterState, failed, letter_id, step
from relay.records.port.records import Records
from tests.contract.conftest import Open
from tests.contract.records.made import a_case

NOW_US = 1_000_000_000


@pytest_asyncio.fixture
async def two(records: Records, open_records: Open) -> AsyncIterator[tuple[Records, Records]]:
    """Two relays on one database."""
    other = await open_records()
    yield records, other
    await other.close()


@pytest_asyncio.fixture
async def case(records: Records) -> UUID:
    async with records.begin() as tx:
        made, _ = await a_case(tx)
    return made.id


def a_letter(case: UUID, at_us: int = NOW_US, **more: object) -> Letter:
    who = Addressee("chuo", 1, "sato", str(more.pop("channel", "mail")), str(more.pop("to", "a@b")))
    alert = uuid4()
    letter = Letter(
        letter_id(alert, who), case, alert, who.hospital, who.step, who.who, who.channel, who.to,
        True, at_us, at_us + 600_000_000, uuid4(), next_try_at_us=at_us,
    )  # fmt: skip
    return replace(letter, **more)  # type: ignore[arg-type]


async def put(records: Records, *letters: Letter) -> list[bool]:
    async with records.begin() as tx:
        return [await tx.outbox.put(letter) for letter in letters]


async def claim(records: Records, ids: list[UUID], holder: str, now_us: int = NOW_US) -> list[UUID]:
    async with records.begin() as tx:
        until_us = now_us + 20_000_000
        taken = await tx.outbox.claim(ids, holder, now_us=now_us, until_us=until_us)
    assert all(one.holder == holder and one.held_until_us == until_us for one in taken)
    return [one.id for one in taken]


async def due(records: Records, now_us: int = NOW_US, most: int = 99, each: int = 9) -> list[UUID]:
    async with records.read() as reads:
        found = await reads.outbox.due(now_us, most, each)
        next_us = await reads.outbox.next_due_us(now_us)
    assert (next_us == now_us) is bool(found) or most == 0
    assert all(one.is_due(now_us) for one in found)
    return [one.id for one in found]


async def test_a_letter_put_twice_is_one_and_comes_back_as_it_was(
    records: Records, case: UUID
) -> None:
    letter = a_letter(case)
    assert await put(records, letter, letter, replace(letter, urgent=False)) == [True, False, False]
    async with records.read() as reads:
        assert await reads.outbox.letter(letter.id) == letter
        assert await reads.outbox.letters_of(case) == [letter]
        assert await reads.outbox.newest(5) == [letter]
        assert await reads.outbox.letter(uuid4()) is None


async def test_one_of_many_relays_gets_it_and_another_only_after_the_claim(
    two: tuple[Records, Records], case: UUID
) -> None:
    letters = [a_letter(case) for _ in range(5)]
    await put(two[0], *letters)
    ids = [one.id for one in letters]
    won = await asyncio.gather(*(claim(two[n % 2], ids, f"r{n}") for n in range(6)))
    assert sorted(one for some in won for one in some) == sorted(ids), "each once"
    assert await due(two[1], NOW_US + 19_999_999) == []
    assert len(await due(two[1], NOW_US + 20_000_000)) == 5
    assert await claim(two[1], ids[:1], "later", NOW_US + 20_000_000) == ids[:1]
    async with two[0].read() as reads:
        again = await reads.outbox.letter(ids[0])
        assert again is not None
        assert again.tries == 2


async def test_urgent_first_then_the_oldest_and_no_address_holds_back_another(
    records: Records, case: UUID
) -> None:
    many = [a_letter(case, NOW_US - 100 + n) for n in range(6)]
    calm = a_letter(case, NOW_US - 500, urgent=False, channel="push", to="x")
    other = a_letter(case, NOW_US - 1, channel="push", to="x")
    later = a_letter(case, NOW_US + 1)
    await put(records, *many, calm, other, later)
    assert await due(records, each=2) == [many[0].id, many[1].id, other.id, calm.id]
    assert await due(records, most=1) == [many[0].id]
    async with records.read() as reads:
        assert await reads.outbox.next_due_us(NOW_US - 1000) == NOW_US - 500


async def test_the_first_outcome_stays(two: tuple[Records, Records], case: UUID) -> None:
    letter = a_letter(case)
    await put(two[0], letter)
    waits = failed(letter, NOW_US, "nobody")
    async with two[0].begin() as tx:
        assert await tx.outbox.settle(waits)
    assert await due(two[0], NOW_US) == []
    done = step(letter, "hand-over", NOW_US + 5, "ref")
    async with two[1].begin() as tx:
        assert await tx.outbox.settle(done)
    async with two[0].begin() as tx:
        assert not await tx.outbox.settle(step(letter, "give-up", NOW_US + 9, "late"))
        assert not await tx.outbox.settle(waits)
        assert await tx.outbox.letter(letter.id) == done
    assert await claim(two[0], [letter.id], "r", NOW_US + LATEST_US) == []
    async with two[0].read() as reads:
        assert await reads.outbox.next_due_us(NOW_US) is None


async def test_the_first_who_used_the_link_is_kept_beside_any_outcome(
    records: Records, case: UUID
) -> None:
    letter = a_letter(case)
    await put(records, step(letter, "give-up", NOW_US, "slow"))
    async with records.begin() as tx:
        first = await tx.outbox.opened(letter.id, "sato", NOW_US + 7)
        assert await tx.outbox.opened(letter.id, "ito", NOW_US + 8) is None
        assert await tx.outbox.opened(uuid4(), "ito", NOW_US + 8) is None
        kept = await tx.outbox.letter(letter.id)
    assert first == kept
    assert kept is not None
    assert (kept.opened_by, kept.opened_at_us, kept.state) == (
        "sato",
        NOW_US + 7,
        LetterState.GIVEN_UP,
    )


async def test_what_a_process_left_is_free_for_the_next_of_its_name(
    records: Records, case: UUID
) -> None:
    letters = [a_letter(case) for _ in range(3)]
    await put(records, *letters)
    ids = [one.id for one in letters]
    await claim(records, ids[:1], "one/a")
    await claim(records, ids[1:2], "one/b")
    await claim(records, ids[2:], "other/a")
    async with records.begin() as tx:
        assert await tx.outbox.free("one/") == 2
        assert await tx.outbox.free("") == 0, "nobody is everybody"
    assert sorted(await due(records)) == sorted(ids[:2])


async def test_a_clock_that_was_wrong_holds_no_letter_back(records: Records, case: UUID) -> None:
    ahead_us = NOW_US + 10 * LATEST_US
    letter = a_letter(case, next_try_at_us=ahead_us)
    held = a_letter(case, held_until_us=ahead_us, holder="r")
    await put(records, letter, held)
    assert sorted(await due(records)) == sorted([letter.id, held.id])


@pytest.mark.parametrize("until_us", [NOW_US, NOW_US + LATEST_US + 1])
async def test_a_claim_without_an_end_is_refused(records: Records, until_us: int) -> None:
    async with records.begin() as tx:
        with pytest.raises(ValueError, match="within ten minutes"):
            await tx.outbox.claim([], "r", now_us=NOW_US, until_us=until_us)
