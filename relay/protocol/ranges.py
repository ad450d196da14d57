"""Sets of sequence numbers kept as half-open ranges: what is stored, what is missing.

A stream of one hour has 14,400 frames and, normally, one range.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class RangeSet:
    """A mutable set of integers held as sorted, disjoint, non-adjacent ranges ``[first, end)``."""

    __slots__ = ("_ends", "_firsts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._ends: list[int] = []
        for first, end in ranges:
            self.add(first, end)

    def add(self, first: int, end: int | None = None) -> None:
        """Put ``[first, end)`` in; with one argument, that number alone.

        Raises:
            ValueError: the range is empty or reversed.
        """
        stop = first + 1 if end is None else end
        if stop <= first:
            raise ValueError(f"a range must run forward, not from {first} to {stop}")
        left = bisect_left(self._ends, first)
        right = bisect_right(self._firsts, stop)
        if left < right:
            first = min(first, self._firsts[left])
            stop = max(stop, self._ends[right - 1])
        self._firsts[left:right] = [first]
        self._ends[left:right] = [stop]

    def update(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Put every range in."""
        for first, end in ranges:
            self.add(first, end)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number < self._ends[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._firsts, self._ends, strict=True)

    def __len__(self) -> int:
        """How many numbers the set holds (not how many ranges)."""
        return sum(self._ends) - sum(self._firsts)

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeSet) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"RangeSet({list(self)})"

    def copy(self) -> RangeSet:
        """An independent copy."""
        twin = RangeSet()
        twin._firsts, twin._ends = self._firsts[:], self._ends[:]
        return twin

    @property
    def end(self) -> int:
        """One past the largest number, 0 where empty."""
        return self._ends[-1] if self._ends else 0

    def missing(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges inside ``[first, end)`` that the set does not hold, ascending."""
        at = first
        for have_first, have_end in self:
            if have_end <= at:
                continue
            if have_first >= end:
                break
            if have_first > at:
                yield at, have_first
            at = have_end
        if at < end:
            yield at, end
