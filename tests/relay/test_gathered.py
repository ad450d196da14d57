"""Many askers, one trip: answers are never older than the question, and nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from relay.errors import Unavailable
from relay.services.ground.gathered import Gathered
from relay.services.ground.seen import RecentMarks


class Shelf:
    """What is asked, with a door that lets one trip through at a time."""

    def __init__(self) -> None:
        self.value = 0
        self.trips: list[list[str]] = []
        self.fails = False
        self.door = asyncio.Event()
        self.door.set()

    async def answer(self, keys: Sequence[str]) -> Mapping[str, int]:
        value = self.value  # as it is when the trip begins
        self.trips.append(list(keys))
        await self.door.wait()
        if self.fails:
            raise Unavailable("The shelf is locked.")
        return {key: value for key in keys if key != "nothing"}


async def _has_set_out(shelf: Shelf) -> None:
    """Wait until the first trip is under way; it ends when the door opens."""
    while not shelf.trips:
        await asyncio.sleep(0)


async def test_askers_of_one_moment_share_a_trip_and_each_is_counted() -> None:
    shelf = Shelf()
    gathered = Gathered(shelf.answer)
    shelf.door.clear()
    first = asyncio.create_task(gathered.ask("a"))
    await _has_set_out(shelf)
    rest = [asyncio.create_task(gathered.ask("b")) for _ in range(50)]
    await asyncio.sleep(0)
    shelf.door.set()
    assert await asyncio.gather(first, *rest) == [0] * 51
    assert shelf.trips == [["a"], ["b"] * 50]
    assert await gathered.ask("nothing") is None


async def test_an_answer_is_not_older_than_its_question() -> None:
    shelf = Shelf()
    gathered = Gathered(shelf.answer)
    shelf.door.clear()
    early = asyncio.create_task(gathered.ask("a"))
    await _has_set_out(shelf)
    shelf.value = 1
    late = asyncio.create_task(gathered.ask("a"))
    await asyncio.sleep(0)
    shelf.door.set()
    assert await late == 1
    assert await early == 0


async def test_a_failure_reaches_all_of_its_trip_and_the_next_trip_goes_on() -> None:
    shelf = Shelf()
    gathered = Gathered(shelf.answer)
    shelf.fails = True
    asked = await asyncio.gather(*(gathered.ask("a") for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in asked] == [Unavailable] * 3
    shelf.fails = False
    assert await gathered.ask("a") == 0


async def test_an_asker_who_leaves_disturbs_nobody() -> None:
    shelf = Shelf()
    gathered = Gathered(shelf.answer)
    shelf.door.clear()
    leaving, staying = (asyncio.create_task(gathered.ask("a")) for _ in range(2))
    await _has_set_out(shelf)
    leaving.cancel()
    shelf.door.set()
    assert await staying == 0
    with pytest.raises(asyncio.CancelledError):
        await leaving


def test_marks_are_bounded_and_the_oldest_goes() -> None:
    seen = RecentMarks(remembered=3)
    for mark in "abcd":
        seen.add(mark)
    assert len(seen) == 3
    assert "a" not in seen
    assert "d" in seen
