"""A limited number of places that clients hold. A client with many places gives one to a client with few. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

from relay.errors import TooMany

P = TypeVar("P", bound=Hashable)


class Places(Generic[P]):
    """Places of one kind.

    Args:
        most: in all.
        most_each: of one client; its next replaces its oldest.
        full: what is said where everybody holds one and there is none left.
    """

    def __init__(self, most: int, most_each: int, full: str) -> None:
        self._most, self._most_each, self._full = most, most_each, full
        self._held: dict[P, Hashable] = {}

    def __len__(self) -> int:
        """How many are held."""
        return len(self._held)

    def enter(self, place: P, client: Hashable) -> P | None:
        """Take a place; the answer is the one that has to be left for it.

        Raises:
            TooMany: all are held, and nobody holds more than this client.
        """
        leaves = self._in_the_way(client)
        if leaves is not None:
            self.leave(leaves)
        self._held[place] = client
        return leaves

    def leave(self, place: P) -> None:
        """Give a place back; harmless where it is not held."""
        self._held.pop(place, None)

    def _in_the_way(self, client: Hashable) -> P | None:
        holds = Counter(self._held.values())
        if holds[client] >= self._most_each:
            return self._oldest_of(client)
        if len(self._held) < self._most:
            return None
        fullest, most = holds.most_common(1)[0]
        if most > holds[client] + 1:
            return self._oldest_of(fullest)
        if holds[client]:  # it would only change places with somebody like it
            return self._oldest_of(client)
        raise TooMany(self._full)

    def _oldest_of(self, client: Hashable) -> P:
        return next(place for place, holder in self._held.items() if holder == client)
