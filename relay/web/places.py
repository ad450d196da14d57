"""Which connection must go when the door is full. Pure: addresses and an order, no sockets and no clock.

A connection that has not yet asked for anything costs its owner nothing, so a stranger can open a thousand. While
such connections exist, nobody new is refused. The address with the most of them loses its oldest one. Requests in
progress and WebSockets always stay; their number is limited where the person or tablet is known.

Source: RFC 9110 gives no such rule; the greediest-goes-first rule is max-min fairness.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

IPV6_NET_BITS = 64
"""What one household or phone is given of IPv6 (RFC 6177): a stranger has 2^64 addresses in it."""


class Standing(Enum):
    """What a connection is doing."""

    WAITS = "nothing whole was asked yet, the answer is not taken, or the last one was given"
    SERVED = "a whole request is being answered"
    SOCKET = "a WebSocket"


@dataclass(eq=False, slots=True)
class ConnectionPlace:
    """One connection's place.

    Attributes:
        owner: whose it is: an address, an IPv6 network.
        exempt: a trusted proxy's, behind which many people stand; it never counts as waiting.
        drop: ends the connection; given by whoever made it.
    """

    owner: str
    exempt: bool = False
    standing: Standing = Standing.WAITS
    drop: Callable[[], None] = field(default=lambda: None)


class ConnectionPlaces:
    """All connections of one relay.

    Args:
        capacity: of all together.
        waiting_each: how many of one owner may wait at a time.
    """

    def __init__(self, capacity: int, waiting_each: int) -> None:
        self.capacity = capacity
        self.waiting_each = waiting_each
        self._all: set[ConnectionPlace] = set()
        self._waiting: dict[str, dict[ConnectionPlace, None]] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._all)

    def waiting(self, owner: str) -> int:
        """How many of this owner wait."""
        return len(self._waiting.get(owner, ()))

    def enter(self, place: ConnectionPlace) -> list[ConnectionPlace]:
        """A new connection waits. Who must go for it; itself where everybody else is being served."""
        self._all.add(place)
        going = self._wait(place)
        while len(self._all) > self.capacity and (fattest := self._fattest()) is not None:
            going.append(self._oldest(fattest))
        if len(self._all) > self.capacity and place in self._all:
            self.leave(place)
            going.append(place)
        return going

    def now(self, place: ConnectionPlace, standing: Standing) -> list[ConnectionPlace]:
        """It does something else. Who must go, where too many of its owner wait."""
        if place not in self._all or place.standing is standing:
            return []
        place.standing = standing
        self._stops_waiting(place)
        return self._wait(place) if standing is Standing.WAITS else []

    def leave(self, place: ConnectionPlace) -> None:
        """It has gone."""
        self._all.discard(place)
        self._stops_waiting(place)

    def _wait(self, place: ConnectionPlace) -> list[ConnectionPlace]:
        if place.exempt:
            return []
        own = self._waiting.setdefault(place.owner, {})
        own[place] = None
        return [self._oldest(place.owner)] if len(own) > self.waiting_each else []

    def _stops_waiting(self, place: ConnectionPlace) -> None:
        own = self._waiting.get(place.owner)
        if own is not None:
            own.pop(place, None)
            if not own:
                del self._waiting[place.owner]

    def _fattest(self) -> str | None:
        return max(self._waiting, key=lambda owner: len(self._waiting[owner]), default=None)

    def _oldest(self, owner: str) -> ConnectionPlace:
        oldest = next(iter(self._waiting[owner]))
        self.leave(oldest)
        return oldest


@lru_cache(maxsize=4_096)
def owner_of(address: str) -> str:
    """Whose an address is: itself, of IPv6 its /64; an IPv4 address in IPv6 is that IPv4 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, IPV6_NET_BITS), strict=False))
    return str(found)
