"""The pure part of a letter: what may become of it, and when it is tried again."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Conflict
from relay.model.clock import ManualClock
from relay.model.clock_jumps import JUMP_US, ClockJumps
from relay.model.letter import (
    LATEST_US,
    LONGEST_ASKED_US,
    LONGEST_PAUSE_US,
    TRANSITIONS,
    Addressee,
    Letter,
    LetterState,
    failed,
    held,
    letter_id,
    pause_us,
    step,
)

ABOUT = uuid4()
WHO = Addressee("chuo", 1, "sato", "mail", "a@b")


def a_letter(**more: object) -> Letter:
    letter = Letter(
        letter_id(ABOUT, WHO),
        uuid4(),
        ABOUT,
        "chuo",
        1,
        "sato",
        "mail",
        "a@b",
        True,
        0,
        600_000_000,
    )
    return replace(letter, **more)  # type: ignore[arg-type]


def test_the_id_is_made_of_all_that_makes_a_letter_another() -> None:
    others = [replace(WHO, **{name: value}) for name, value in (
        ("hospital", "x"), ("step", 2), ("who", "x"), ("channel", "x"), ("to", "x"),
    )]  # fmt: skip
    ids = {letter_id(about, who) for about in (ABOUT, uuid4()) for who in (WHO, *others)}
    assert len(ids) == 12
    assert letter_id(ABOUT, WHO) == letter_id(ABOUT, replace(WHO))
    shifted = Addressee("chuo", 1, "satom", "ail", "a@b")
    assert letter_id(ABOUT, WHO) != letter_id(ABOUT, shifted)
    fixed = letter_id(UUID(int=1), WHO)
    assert fixed == UUID("7e5a3a3f-45d6-5ba8-b054-99ade5216700"), (
        "an id that changes with a release is sent twice"
    )


@given(st.integers(0, 10_000), st.integers(0, 10**12))
def test_a_pause_grows_and_has_an_end(tries: int, asked_us: int) -> None:
    assert 1_000_000 <= pause_us(tries) <= pause_us(tries + 1) <= LONGEST_PAUSE_US
    assert pause_us(tries, asked_us) <= max(LONGEST_ASKED_US, LONGEST_PAUSE_US)
    assert pause_us(tries, asked_us) >= min(asked_us, LONGEST_ASKED_US)


@given(st.lists(st.tuples(st.integers(0, 40_000_000), st.integers(0, 10**10)), max_size=200))
def test_a_letter_that_always_fails_is_tried_until_its_time_and_then_given_up(
    steps: list[tuple[int, int]],
) -> None:
    letter, now_us = a_letter(), 0
    for took_us, asked_us in steps:
        assert letter.is_due(now_us)
        letter = failed(held(letter, "r", now_us + 1), now_us + took_us, "nobody", asked_us)
        if not letter.is_waiting:
            assert letter.state is LetterState.GIVEN_UP
            assert letter.reason == "nobody"
            assert letter.ended_at_us == now_us + took_us
            return
        assert letter.holder == "" and not letter.is_due(now_us + took_us)
        now_us = letter.next_try_at_us
        assert now_us <= letter.give_up_at_us


def test_every_step_of_the_table_and_no_other() -> None:
    for state, steps in TRANSITIONS.items():
        for name in ("fail", "hand-over", "give-up", "open"):
            if name in steps:
                assert step(a_letter(state=state), name, 1).state is steps[name]
            else:
                with pytest.raises(Conflict):
                    step(a_letter(state=state), name, 1)


def test_who_opened_first_stays() -> None:
    once = step(step(a_letter(), "hand-over", 5), "open", 6, "sato")
    assert step(once, "open", 7, "ito") == once


def test_a_clock_that_went_back_holds_it_for_ten_minutes_at_most() -> None:
    letter = a_letter(next_try_at_us=LATEST_US + 2)
    assert [letter.is_due(now_us) for now_us in (1, 2, LATEST_US + 2)] == [True, False, True]


class SetClock(ManualClock):
    """A clock whose wall time somebody sets."""

    ahead_us = 0

    def now_us(self) -> int:
        return super().now_us() + self.ahead_us


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.sampled_from([0, JUMP_US // 2, 3_600_000_000])), max_size=30
    ),
    st.integers(0, 29),
)
def test_a_jump_of_the_wall_clock_is_told_from_time_that_passed(
    steps: list[tuple[float, int]], put_after: int
) -> None:
    clock = SetClock()
    jumps = ClockJumps(clock)
    put_at_us, jumped_us = clock.now_us(), 0
    for n, (passed_s, by_us) in enumerate(steps):
        clock.move(passed_s)
        clock.ahead_us += by_us
        jumps.look()
        if n == put_after:
            put_at_us, jumped_us = clock.now_us(), 0
        elif by_us >= JUMP_US:
            jumped_us += by_us
    assert jumps.since(put_at_us) == pytest.approx(jumped_us, abs=len(steps))


def test_a_clock_set_back_takes_nothing_from_a_letters_time() -> None:
    clock = SetClock()
    jumps, put_at_us = ClockJumps(clock), clock.now_us()
    clock.ahead_us = -3_600_000_000
    assert jumps.since(put_at_us) == 0


def test_a_try_that_fails_after_a_jump_is_not_the_last() -> None:
    letter = held(a_letter(), "r", 1)
    hour_us = 3_600_000_000
    assert failed(letter, hour_us, "nobody").state is LetterState.GIVEN_UP
    assert failed(letter, hour_us, "nobody", jumped_us=hour_us - 1).is_waiting
    late_us = hour_us + letter.give_up_at_us
    assert failed(letter, late_us, "nobody", jumped_us=hour_us).state is LetterState.GIVEN_UP
