"""How parts of the relay tell each other that something has happened. Never the record of it.

A subscriber that falls behind loses news, is told so by ``Overflow``, and reads what it missed
from the store. A publisher never waits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from relay.model.news import News


@dataclass(frozen=True, slots=True)
class Overflow:
    """This subscriber was too slow; ``dropped`` pieces of news before the next one are gone."""

    dropped: int


class Subscription(Protocol):
    """One subscriber's queue."""

    def __aiter__(self) -> AsyncIterator[News | Overflow]:
        """News in the order it was published, and ``Overflow`` where some are missing."""

    def close(self) -> None:
        """Leave. Iteration ends after what is queued."""


class Bus(Protocol):
    """Publish and subscribe by topic, at most once."""

    def publish(self, news: News) -> None:
        """Tell every present subscriber of the news' topic. Returns at once."""

    def subscribe(self, *topics: str, limit: int = 256) -> Subscription:
        """A queue of the news of these topics from now on, at most ``limit`` long.

        ``case/*`` is the news of every case; a subscriber gets each piece of news once.
        """

    async def ping(self) -> None:
        """Return when news can pass.

        Raises:
            Unavailable: they cannot.
        """

    async def close(self) -> None:
        """End every subscription."""
