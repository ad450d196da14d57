"""Credit: nobody gets more than its rate and its burst, and nothing of it is lost by waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.turns.credit import Credits


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0.1, 20)), min_size=1, max_size=60),
    st.floats(1, 50),
    st.floats(1, 100),
)
def test_over_any_time_at_most_the_burst_and_the_rate(steps, per_s: float, most: float) -> None:
    shares, now_s, spent = Credits(per_s, most), 0.0, 0.0
    for pause_s, cost in steps:
        now_s += pause_s
        now_s += shares.spend("a", cost, now_s)
        spent += cost
        assert spent <= most + per_s * now_s + 1e-6


@given(st.lists(st.floats(0.1, 20), max_size=30))
def test_one_clients_excess_is_its_own(costs) -> None:
    shares = Credits(10, 20)
    for cost in costs:
        shares.spend("much", cost, 0.0)

    assert shares.spend("little", 20, 0.0) == 0.0


def test_may_takes_nothing_where_it_says_no() -> None:
    shares = Credits(1.0, 3.0)
    assert [shares.may("a", 1, 0.0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert shares.again_in_s("a", 1, 0.0) == pytest.approx(1.0)
    assert shares.may("a", 1, 1.0)
    shares.give_back("a", 1, 1.0)
    assert shares.may("a", 1, 1.0)


def test_it_remembers_a_bounded_number_of_clients() -> None:
    shares = Credits(1.0, 1.0, remembered=5)
    for number in range(20):
        shares.spend(number, 1.0, 0.0)

    assert shares.spend(19, 1.0, 0.0) > 0, "the newest is remembered"
    assert shares.spend(3, 1.0, 0.0) == 0.0
