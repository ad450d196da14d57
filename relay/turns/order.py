"""Who is next at a shared worker. Clients take turns; each thing waits once; newest first; what nobody asks for any more is dropped.

A client that asks for much delays only itself: every waiting client gets a first turn before any gets a second. Urgent
things have a higher lane. A higher lane goes first, and now and then gives the next lane a turn. The number that waits is
limited. No I/O: the caller uses ``ask`` and ``next``, and says ``done``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Waiting(Generic[K, W]):
    """Something that waits.

    Attributes:
        key: what it is; it waits once, however often it is asked for.
        client: whose share it takes.
        about: what of the client's it is for; these too go in turn.
        lane: 0 goes first.
        since_s: when it was first asked for.
    """

    key: K
    client: Hashable
    about: Hashable
    lane: int
    since_s: float
    work: W


class _Lane(Generic[K, W]):
    """What waits in one lane. Clients take turns; the subjects of one client take turns; in one subject the newest or the oldest goes first."""

    def __init__(self, *, newest_first: bool) -> None:
        self._newest_first = newest_first
        self._clients: dict[Hashable, dict[Hashable, dict[K, Waiting[K, W]]]] = {}

    def add(self, one: Waiting[K, W]) -> None:
        self._clients.setdefault(one.client, {}).setdefault(one.about, {})[one.key] = one

    def remove(self, one: Waiting[K, W], *, had_its_turn: bool = False) -> None:
        """Take it out; one that had its turn sends its client, and what it is about, to the end."""
        abouts = self._clients[one.client]
        del abouts[one.about][one.key]
        if not abouts[one.about]:
            del abouts[one.about]
        elif had_its_turn:
            abouts[one.about] = abouts.pop(one.about)
        if not abouts:
            del self._clients[one.client]
        elif had_its_turn:
            self._clients[one.client] = self._clients.pop(one.client)

    def first(self, may: Callable[[Hashable], bool]) -> Waiting[K, W] | None:
        """Whose turn it is, among the clients that may."""
        for client, abouts in self._clients.items():
            if may(client):
                keys = next(iter(abouts.values()))
                return keys[next(reversed(keys)) if self._newest_first else next(iter(keys))]
        return None

    def longest_waiting(self, client: Hashable) -> Waiting[K, W] | None:
        """What has waited longest of what this client's fullest thing is about; None where nothing waits here."""
        abouts = self._clients.get(client)
        if abouts is None:
            return None
        keys = max(abouts.values(), key=len)
        return keys[next(iter(keys))]


class Turns(Generic[K, W]):
    """Everything that waits for one kind of worker.

    Args:
        most: how much may wait in all.
        most_each: how much of one client's.
        at_once_each: how much of one client's may be under way at a time.
        gives_way: for each lane after how many turns in a row the lane below gets one; only from the lane right below,
            so that the last of three never goes before the first. The last lane's number is not used.
        newest_first: what of the same client and about the same goes first.
    """

    def __init__(
        self,
        *,
        most: int,
        most_each: int,
        at_once_each: int,
        gives_way: Sequence[int] = (1,),
        newest_first: bool = True,
    ) -> None:
        self._most, self._most_each, self._at_once_each = most, most_each, at_once_each
        self._gives_way = tuple(gives_way)
        self._lanes: list[_Lane[K, W]] = [_Lane(newest_first=newest_first) for _ in gives_way]
        self._in_a_row = [0] * len(self._lanes)
        self._waiting: dict[K, Waiting[K, W]] = {}
        self._again: dict[K, Waiting[K, W]] = {}
        self._under_way: dict[K, Hashable] = {}
        self._of: Counter[Hashable] = Counter()
        self._busy: Counter[Hashable] = Counter()

    def ask(self, one: Waiting[K, W]) -> Waiting[K, W] | None:
        """Let it wait; the answer is what has to leave for it, possibly itself.

        What waits already keeps its place, and comes forward where the lane is better. What is under way
        waits until that is done, and is done once more: it may have begun with what has changed since.
        """
        known = self._again.get(one.key) or self._waiting.get(one.key)
        if known is not None:
            one = replace(one, lane=min(one.lane, known.lane), since_s=known.since_s)
        if one.key in self._under_way:
            self._again[one.key] = one
            return None
        if known is None:
            self._add(one)
            return self._make_room(one)
        if one.lane < known.lane:
            self._drop(known)
            self._add(one)
        return None

    def next(self, lanes: int | None = None) -> Waiting[K, W] | None:
        """What a worker does now, of all lanes or of the first so many; the shell must say ``done`` of it.

        None where nothing may be begun.
        """
        among = self._lanes[:lanes]
        for number, lane in enumerate(among):
            found = lane.first(self._may_begin)
            if found is None:
                continue
            if self._in_a_row[number] >= self._gives_way[number] and number + 1 < len(among):
                below = self._lanes[number + 1].first(self._may_begin)
                self._in_a_row[number] = 0
                found = found if below is None else below
            if found.lane == number:
                self._in_a_row[number] += 1
            return self._begin(found)
        return None

    def done(self, key: K) -> None:
        """It is finished, well or not."""
        client = self._under_way.pop(key)
        self._busy[client] -= 1
        if not self._busy[client]:
            del self._busy[client]
        again = self._again.pop(key, None)
        if again is not None:
            self._add(again)

    def give_up(self, key: K) -> bool:
        """Nobody waits for it any more; False where it does not wait (what is under way goes on)."""
        self._again.pop(key, None)
        one = self._waiting.get(key)
        if one is not None:
            self._drop(one)
        return one is not None

    def __len__(self) -> int:
        """How much waits."""
        return len(self._waiting) + len(self._again)

    def oldest(self, *lanes: int) -> Waiting[K, W] | None:
        """What has waited longest, of these lanes or of all."""
        every = [*self._waiting.values(), *self._again.values()]
        found = [one for one in every if not lanes or one.lane in lanes]
        return min(found, key=lambda one: one.since_s, default=None)

    def fullest(self) -> tuple[Hashable, int] | None:
        """The client with most waiting, and how much."""
        return next(iter(self._of.most_common(1)), None)

    # inside

    def _may_begin(self, client: Hashable) -> bool:
        return self._busy[client] < self._at_once_each

    def _begin(self, one: Waiting[K, W]) -> Waiting[K, W]:
        self._drop(one, had_its_turn=True)
        self._under_way[one.key] = one.client
        self._busy[one.client] += 1
        return one

    def _add(self, one: Waiting[K, W]) -> None:
        self._waiting[one.key] = one
        self._of[one.client] += 1
        self._lanes[one.lane].add(one)

    def _drop(self, one: Waiting[K, W], *, had_its_turn: bool = False) -> None:
        del self._waiting[one.key]
        self._of[one.client] -= 1
        if not self._of[one.client]:
            del self._of[one.client]
        self._lanes[one.lane].remove(one, had_its_turn=had_its_turn)

    def _make_room(self, new: Waiting[K, W]) -> Waiting[K, W] | None:
        """The client with most waiting loses what has waited longest in its last lane; of equals the new one's.

        Within a client it is what most is about: who floods from behind an address makes room, not its neighbours there.
        """
        client = new.client
        if self._of[client] <= self._most_each:
            if len(self._waiting) <= self._most:
                return None
            fullest = max(self._of.values())
            if self._of[client] < fullest:
                client = next(c for c, n in self._of.items() if n == fullest)
        last = (lane.longest_waiting(client) for lane in reversed(self._lanes))
        leaves = next(one for one in last if one is not None)
        self._drop(leaves)
        return leaves
