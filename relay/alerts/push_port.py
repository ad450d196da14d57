"""What Web Push needs of whoever keeps the devices that ring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

Master = Callable[[], Awaitable[bytes]]
"""A secret of the site."""


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """What a browser gave: its address at the push service and its keys (base64url)."""

    endpoint: str
    p256dh: str
    auth: str


class Subscriptions(Protocol):
    """Where subscriptions are kept, by the id that a letter is addressed to."""

    async def subscription(self, device: UUID) -> PushSubscription | None:
        """The subscription, None where the device rings no more."""

    async def told(self, device: UUID) -> None:
        """A push service took a message for it."""

    async def gone(self, device: UUID) -> None:
        """The push service knows it no more: forget it."""
