"""Places held for a moment: in turn per client, and never lost however a wait ends."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from relay.turns.fair_lock import FairLock, works_for
from tests.patience import PATIENCE_S


async def test_one_clients_many_wait_behind_itself() -> None:
    lock, held = FairLock(), []

    async def hold(name: str) -> None:
        with works_for(name):
            async with lock.turn():
                held.append(name)
                await asyncio.sleep(0)

    many = [asyncio.create_task(hold("much")) for _ in range(50)]
    await asyncio.sleep(0)
    await asyncio.gather(hold("little"), *many)

    assert held.index("little") <= 4
    assert len(held) == 51


@given(st.integers(1, 4), st.integers(0, 2**32), st.integers(1, 40))
def test_places_are_bounded_and_come_back_however_a_wait_ends(
    places: int, seed: int, n: int
) -> None:
    asyncio.run(_schedule(places, random.Random(seed), n))


async def _schedule(places: int, dice: random.Random, n: int) -> None:
    lock, inside, most = FairLock(places), 0, 0

    async def hold(client: str) -> None:
        nonlocal inside, most
        with works_for(client):
            async with lock.turn():
                inside += 1
                most = max(most, inside)
                try:
                    for _ in range(dice.randrange(4)):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1

    tasks = [asyncio.create_task(hold(dice.choice("abc"))) for _ in range(n)]
    for task in tasks:
        if dice.random() < 0.4:
            for _ in range(dice.randrange(6)):
                await asyncio.sleep(0)
            task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE_S)
    assert most <= places
    assert inside == 0
    for _ in range(places + 1):  # every place is there again
        async with asyncio.timeout(PATIENCE_S), lock.turn():
            pass
