"""Places: a newcomer gets one while anybody holds two."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import TooMany
from relay.turns.places import Places


@given(st.lists(st.sampled_from("aaaabcde"), max_size=60), st.integers(1, 6), st.integers(1, 6))
def test_bounded_and_nobody_is_kept_out_by_one_who_holds_two(came, most: int, each: int) -> None:
    places: Places[int] = Places(most, each, "full")
    held: dict[int, str] = {}
    for number, client in enumerate(came):
        holds = Counter(held.values())
        try:
            left = places.enter(number, client)
        except TooMany:
            assert len(held) == most
            assert holds[client] == 0
            assert max(holds.values()) == 1
            continue
        if left is not None:
            owner = held.pop(left)
            assert owner == client or holds[owner] > holds[client] + 1
        held[number] = client
        assert len(places) == len(held) <= most
        assert max(Counter(held.values()).values()) <= each


def test_one_account_cannot_lock_the_others_out() -> None:
    places: Places[int] = Places(16, 16, "full")
    for number in range(16):
        places.enter(number, "one account")

    assert places.enter(100, "dispatcher") == 0
    places.leave(100)
    places.leave(100)
    with pytest.raises(TooMany, match="full"):
        for number in range(200, 300):
            places.enter(number, f"person {number}")
