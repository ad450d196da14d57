"""The bus inside one process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from relay.bus.port import Overflow, Subscription
from relay.errors import Unavailable
from relay.model.news import News, family_of


class MemorySubscription:
    """One bounded queue. When it is full the oldest piece of news makes room and the loss is counted."""

    def __init__(self, bus: MemoryBus, topics: tuple[str, ...], limit: int) -> None:
        self._bus = bus
        self._topics = topics
        self._limit = limit
        self._queue: deque[News] = deque()
        self._dropped = 0
        self._wake = asyncio.Event()
        self._closed = False

    def offer(self, news: News) -> None:
        """Queue one piece of news; never waits."""
        if len(self._queue) >= self._limit:
            self._queue.popleft()
            self._dropped += 1
        self._queue.append(news)
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[News | Overflow]:
        """News as it comes, until closed."""
        while True:
            if self._dropped:
                lost, self._dropped = self._dropped, 0
                yield Overflow(lost)
            elif self._queue:
                yield self._queue.popleft()
            elif self._closed:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    def close(self) -> None:
        """Leave the bus."""
        self._closed = True
        self._bus.forget(self, self._topics)
        self._wake.set()


class MemoryBus:
    """Topics to subscribers, in this process only.

    Args:
        passing: what subscribers get of a piece of news: itself, as it is frozen. Tests hand in
            ``through_bytes``, so that nothing is published that could not leave the process.
    """

    def __init__(self, passing: Callable[[News], News] | None = None) -> None:
        self._topics: dict[str, set[MemorySubscription]] = {}
        self._passing = passing
        self._closed = False

    def publish(self, news: News) -> None:
        """Tell every subscriber of the news' topic."""
        if not isinstance(news, News):  # mypy says so too, but not of what has no types
            raise TypeError(f"Only news is published, not {type(news).__name__}.")
        told = self._passing(news) if self._passing else news
        topic, nobody = news.topic, set[MemorySubscription]()
        family = self._topics.get(family_of(topic), nobody)
        for subscriber in family | self._topics.get(topic, nobody):
            subscriber.offer(told)

    def subscribe(self, *topics: str, limit: int = 256) -> Subscription:
        """A new queue for these topics."""
        subscription = MemorySubscription(self, topics, limit)
        for topic in topics:
            self._topics.setdefault(topic, set()).add(subscription)
        if self._closed:
            subscription.close()
        return subscription

    def forget(self, subscription: MemorySubscription, topics: tuple[str, ...]) -> None:
        """Take a closed subscription out."""
        for topic in topics:
            subscribers = self._topics.get(topic)
            if subscribers is not None:
                subscribers.discard(subscription)
                if not subscribers:
                    del self._topics[topic]

    async def ping(self) -> None:
        """Return while open."""
        if self._closed:
            raise Unavailable("The bus is closed; the relay is going away.")

    async def close(self) -> None:
        """End every subscription."""
        self._closed = True
        for subscription in {s for group in self._topics.values() for s in group}:
            subscription.close()
