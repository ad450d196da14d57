"""What every ``Bus`` adapter promises (``relay/bus/port.py``)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from relay.bus.memory import MemoryBus
from relay.bus.news_bytes import through_bytes
from relay.bus.port import Bus, Overflow
from relay.errors import Unavailable
from relay.model.news import (
    SESSION_ENDS,
    CallerLooksAgain,
    News,
    SessionEnded,
    caller_topic,
    family_of,
)
from tests.patience import PATIENCE_S

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture(params=[None, through_bytes], ids=["as it is", "through bytes"])
def bus(request: pytest.FixtureRequest) -> MemoryBus:
    return MemoryBus(request.param)


def ended(n: int) -> News:
    return SessionEnded(str(n))


async def test_news_arrives_in_order_at_every_subscriber_of_the_topic(bus: Bus) -> None:
    one, two = bus.subscribe(SESSION_ENDS), bus.subscribe(SESSION_ENDS, caller_topic(ONE))
    other = bus.subscribe(caller_topic(OTHER))
    for n in range(3):
        bus.publish(ended(n))
    bus.publish(CallerLooksAgain(ONE))
    await bus.close()
    assert [n async for n in one] == [ended(n) for n in range(3)]
    assert [n async for n in two] == [*(ended(n) for n in range(3)), CallerLooksAgain(ONE)]
    assert [n async for n in other] == []


async def test_a_star_hears_of_all_of_a_kind_and_each_only_once(bus: Bus) -> None:
    every = family_of(caller_topic(ONE))
    all_of_them, both = bus.subscribe(every), bus.subscribe(every, caller_topic(ONE))
    for call in (ONE, OTHER):
        bus.publish(CallerLooksAgain(call))
    bus.publish(ended(0))
    await bus.close()
    for heard in (all_of_them, both):
        assert [n async for n in heard] == [CallerLooksAgain(ONE), CallerLooksAgain(OTHER)]


async def test_a_subscriber_that_waits_is_woken(bus: Bus) -> None:
    subscription = bus.subscribe(SESSION_ENDS)
    first = asyncio.create_task(anext(aiter(subscription)))
    await asyncio.sleep(0)
    bus.publish(ended(7))
    assert await asyncio.wait_for(first, PATIENCE_S) == ended(7)


async def test_who_is_too_slow_is_told_how_much_is_gone_and_others_lose_nothing(bus: Bus) -> None:
    slow, good = bus.subscribe(SESSION_ENDS, limit=3), bus.subscribe(SESSION_ENDS)
    for n in range(10):
        bus.publish(ended(n))
    await bus.close()
    assert [n async for n in slow] == [Overflow(7), *(ended(n) for n in (7, 8, 9))]
    assert [n async for n in good] == [ended(n) for n in range(10)]


async def test_who_has_left_gets_nothing_more(bus: Bus) -> None:
    subscription = bus.subscribe(SESSION_ENDS)
    subscription.close()
    bus.publish(ended(1))
    assert [n async for n in subscription] == []


async def test_a_closed_bus_says_so(bus: Bus) -> None:
    await bus.ping()
    await bus.close()
    with pytest.raises(Unavailable):
        await bus.ping()
    assert [n async for n in bus.subscribe(SESSION_ENDS)] == []


@pytest.mark.parametrize("thing", ["text", None, {"kind": "case-changed"}, SessionEnded, object()])
def test_only_news_is_published(bus: Bus, thing: Any) -> None:
    with pytest.raises(TypeError, match="Only news"):
        bus.publish(thing)
