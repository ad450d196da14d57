"""``RangeSet`` against a plain Python set."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from relay.protocol.ranges import RangeSet

pieces = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=20)


@given(pieces)
def test_holds_exactly_what_a_set_would(pairs: list[tuple[int, int]]) -> None:
    ranges, plain = RangeSet(), set()
    for first, size in pairs:
        ranges.add(first, first + size)
        plain |= set(range(first, first + size))

    assert len(ranges) == len(plain)
    assert [n for n in range(90) if n in ranges] == sorted(plain)
    assert ranges.end == max(plain, default=-1) + 1
    bounds = list(ranges)
    assert all(a < b for a, b in bounds)
    assert all(b < c for (_, b), (c, _) in itertools.pairwise(bounds))


@given(pieces, st.integers(0, 40), st.integers(0, 40))
def test_missing_is_the_complement(pairs, first: int, size: int) -> None:
    ranges = RangeSet((a, a + n) for a, n in pairs)

    missing = {n for a, b in ranges.missing(first, first + size) for n in range(a, b)}

    assert missing == {n for n in range(first, first + size) if n not in ranges}
