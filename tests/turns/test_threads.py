"""Work in threads, in turn; what nobody waits for any more is never begun."""

from __future__ import annotations

import asyncio
import threading

import pytest

from relay.errors import TooMany
from relay.turns.threads import FairThreads
from tests.patience import PATIENCE_S


async def test_answers_and_errors_go_to_whoever_asked() -> None:
    threads = FairThreads("test", 2, most=10, most_each=10, full="full")

    def wrong() -> None:
        raise ValueError("its own")

    assert await threads.run("a", "", lambda: 41 + 1) == 42
    with pytest.raises(ValueError, match="its own"):
        await threads.run("a", "", wrong)
    threads.close()


async def test_who_hung_up_is_not_worked_for_and_nobody_waits_behind_it() -> None:
    threads, go, begun = (
        FairThreads("test", 2, most=500, most_each=500, full="full"),
        threading.Event(),
        [],
    )

    def work(name: str) -> str:
        begun.append(name)
        assert go.wait(PATIENCE_S)
        return name

    holds = [asyncio.create_task(threads.run(c, "", lambda c=c: work(c))) for c in "xy"]
    while len(begun) < 2:
        await asyncio.sleep(0.01)
    gone = [
        asyncio.create_task(threads.run("stranger", n, lambda: work("gone"))) for n in range(300)
    ]
    right = asyncio.create_task(threads.run("doctor", "", lambda: work("right")))
    await asyncio.sleep(0)
    for one in gone:
        one.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    go.set()

    assert await right == "right"
    assert [await one for one in holds] == ["x", "y"]
    assert begun == ["x", "y", "right"]
    threads.close()


async def test_a_thread_is_left_for_the_others() -> None:
    threads, go = FairThreads("test", 2, most=50, most_each=50, full="full"), threading.Event()
    long = [
        asyncio.create_task(threads.run("much", n, lambda: go.wait(PATIENCE_S))) for n in range(20)
    ]
    await asyncio.sleep(0)

    assert (
        await asyncio.wait_for(threads.run("little", "", lambda: "through"), PATIENCE_S)
        == "through"
    )
    go.set()
    await asyncio.gather(*long)
    threads.close()


async def test_the_client_that_waits_most_is_told_that_it_is_too_many() -> None:
    threads, go = (
        FairThreads("test", 2, most=4, most_each=3, full="wait a moment"),
        threading.Event(),
    )
    many = [
        asyncio.create_task(threads.run("much", n, lambda: go.wait(PATIENCE_S))) for n in range(10)
    ]
    await asyncio.sleep(0)
    little = asyncio.create_task(threads.run("little", "", lambda: "through"))
    go.set()

    assert await little == "through"
    ends = await asyncio.gather(*many, return_exceptions=True)
    refused = [e for e in ends if isinstance(e, TooMany)]
    assert len(refused) == 6
    assert str(refused[0]) == "wait a moment"
    threads.close()
