"""How parts of the relay tell each other that something has changed. Never the record of it.

A subscriber that falls behind loses messages, is told so by ``Overflow``, and reads what it missed
from the store. A publisher never waits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Overflow:
    """This subscriber was too slow; ``dropped`` messages before the next one are gone."""

    dropped: int


class Subscription(Protocol):
    """One subscriber's queue."""

    def __aiter__(self) -> AsyncIterator[object]:
        """Messages in the order they were published, and ``Overflow`` where some are missing."""

    def close(self) -> None:
        """Leave. Iteration ends after what is queued."""


class Bus(Protocol):
    """Publish and subscribe by topic, at most once."""

    def publish(self, topic: str, message: object) -> None:
        """Hand a frozen value to every present subscriber of the topic. Returns at once."""

    def subscribe(self, *topics: str, limit: int = 256) -> Subscription:
        """A queue of what is published on these topics from now on, at most ``limit`` long."""

    async def ping(self) -> None:
        """Return when messages can pass.

        Raises:
            Unavailable: they cannot.
        """

    async def close(self) -> None:
        """End every subscription."""
