"""A device that a person lets ring: a browser's Web Push subscription, kept for one account."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

NAMESPACE = UUID("0d7f6c1e-2a41-5a5b-8f0c-3c4b1d9e7a62")
MOST_DEVICES = 10
"""Of one account; the one that was put longest ago makes room."""


@dataclass(frozen=True, slots=True)
class RingDevice:
    """One browser on one device.

    Attributes:
        account: whose.
        name: what the person reads in the list, such as "Chrome, Android".
        endpoint: the push service's address; whoever knows it and the keys can ring the device.
        p256dh / auth: the browser's keys (RFC 8291), base64url.
        put_at_us: when the person let it ring, or when its browser renewed it.
        told_at_us: when a push service last took a message for it.
    """

    id: UUID
    account: str
    name: str
    endpoint: str
    p256dh: str
    auth: str
    put_at_us: int
    told_at_us: int | None = None


def device_id(endpoint: str) -> UUID:
    """The id of a subscription; the same browser's next subscription is another."""
    return uuid5(NAMESPACE, endpoint)
