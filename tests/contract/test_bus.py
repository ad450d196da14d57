"""What every ``Bus`` adapter promises (``relay/bus/port.py``)."""

from __future__ import annotations

import asyncio

import pytest

from relay.bus.memory import MemoryBus
from relay.bus.port import Overflow
from relay.errors import Unavailable
from tests.patience import PATIENCE_S


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


async def test_messages_arrive_in_order_at_every_subscriber_of_the_topic(bus: MemoryBus) -> None:
    one, two, other = bus.subscribe("a"), bus.subscribe("a", "b"), bus.subscribe("c")
    for n in range(3):
        bus.publish("a", n)
    bus.publish("b", "b")
    await bus.close()
    assert [m async for m in one] == [0, 1, 2]
    assert [m async for m in two] == [0, 1, 2, "b"]
    assert [m async for m in other] == []


async def test_a_subscriber_that_waits_is_woken(bus: MemoryBus) -> None:
    subscription = bus.subscribe("a")
    first = asyncio.create_task(anext(aiter(subscription)))
    await asyncio.sleep(0)
    bus.publish("a", 7)
    assert await asyncio.wait_for(first, PATIENCE_S) == 7


async def test_who_is_too_slow_is_told_how_much_is_gone_and_others_lose_nothing(
    bus: MemoryBus,
) -> None:
    slow, good = bus.subscribe("a", limit=3), bus.subscribe("a")
    for n in range(10):
        bus.publish("a", n)
    await bus.close()
    assert [m async for m in slow] == [Overflow(7), 7, 8, 9]
    assert [m async for m in good] == list(range(10))


async def test_who_has_left_gets_nothing_more(bus: MemoryBus) -> None:
    subscription = bus.subscribe("a")
    subscription.close()
    bus.publish("a", 1)
    assert [m async for m in subscription] == []


async def test_a_closed_bus_says_so(bus: MemoryBus) -> None:
    await bus.ping()
    await bus.close()
    with pytest.raises(Unavailable):
        await bus.ping()
    assert [m async for m in bus.subscribe("a")] == []
