"""How much one client may send in a while. Pure: time is an argument.

Whoever has spent its credit is not refused but waits: what it sends stays with it, and what others send goes between.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

REMEMBERED = 10_000
"""Clients whose credit is kept; the one that sent nothing for longest begins anew."""


class Credits:
    """Each client begins with ``most``; ``per_s`` comes back every second, up to ``most`` again."""

    def __init__(self, per_s: float, most: float, remembered: int = REMEMBERED) -> None:
        self._per_s, self._most, self._remembered = per_s, most, remembered
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def spend(self, client: Hashable, cost: float, now_s: float) -> float:
        """Take this from the client's credit; the seconds it has to wait before the next, 0 within it."""
        left = self._now(client, now_s) - cost
        self._left[client] = left, now_s
        self._left.move_to_end(client)
        while len(self._left) > self._remembered:
            self._left.popitem(last=False)
        return max(0.0, -left / self._per_s)

    def may(self, client: Hashable, cost: float, now_s: float) -> bool:
        """Take this where the client has it; False, and nothing is taken, where it has not."""
        if self._now(client, now_s) < cost:
            return False
        self.spend(client, cost, now_s)
        return True

    def give_back(self, client: Hashable, cost: float, now_s: float) -> None:
        """It was not needed after all."""
        self._left[client] = min(self._most, self._now(client, now_s) + cost), now_s

    def again_in_s(self, client: Hashable, cost: float, now_s: float) -> float:
        """Seconds until ``may`` would say yes."""
        return max(0.0, (cost - self._now(client, now_s)) / self._per_s)

    def left(self, client: Hashable, now_s: float) -> float:
        """What the client has; below zero where it owes."""
        return self._now(client, now_s)

    def _now(self, client: Hashable, now_s: float) -> float:
        left, then_s = self._left.get(client, (self._most, now_s))
        return min(self._most, left + max(0.0, now_s - then_s) * self._per_s)
