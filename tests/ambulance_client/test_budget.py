"""ECG outranks video: the budget's rules for any course of the backlog."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ambulance_client.budget import CALM_S, DOWN_ABOVE_S, ORDER, VideoBudget, VideoStep, allowed

LOOKS = st.lists(st.tuples(st.floats(0, 3), st.floats(0, 40)), max_size=60)


def _course(looks: list[tuple[float, float]]) -> list[tuple[float, float, VideoStep]]:
    budget, now_s, found = VideoBudget(), 0.0, []
    for wait_s, backlog_s in looks:
        now_s += wait_s
        budget = budget.after(backlog_s, now_s)
        found.append((now_s, backlog_s, budget.step))
    return found


@pytest.mark.parametrize(
    ("backlog_s", "step"),
    [
        (0, VideoStep.FULL), (2.0, VideoStep.FULL), (2.01, VideoStep.REDUCED), (5.0, VideoStep.REDUCED),
        (5.01, VideoStep.STILLS), (10.0, VideoStep.STILLS), (10.01, VideoStep.PAUSED), (3600, VideoStep.PAUSED),
    ],
)  # fmt: skip
def test_the_thresholds_are_those_of_the_design(backlog_s: float, step: VideoStep) -> None:
    assert VideoBudget().after(backlog_s, 0.0).step is allowed(backlog_s) is step


@settings(deadline=None)
@given(LOOKS)
def test_video_never_uses_more_than_the_backlog_allows(looks) -> None:
    for _, backlog_s, step in _course(looks):
        assert ORDER.index(step) >= ORDER.index(allowed(backlog_s))


@settings(deadline=None)
@given(LOOKS)
def test_it_comes_back_one_step_at_a_time_after_a_calm_while(looks) -> None:
    course = _course(looks)
    for i in range(1, len(course)):
        (now_s, _, step), before = course[i], course[i - 1][2]
        if ORDER.index(step) < ORDER.index(before):
            assert ORDER.index(before) - ORDER.index(step) == 1
            calm = [b for at_s, b, _ in course[: i + 1] if at_s > now_s - CALM_S]
            assert max(calm) < DOWN_ABOVE_S[before] / 2


@settings(deadline=None)
@given(LOOKS)
def test_a_quiet_radio_gives_everything_back(looks) -> None:
    quiet = [(0.25, 0.25)] * round(4 * 3 * (CALM_S + 1))
    assert _course(looks + quiet)[-1][2] is VideoStep.FULL


def test_a_backlog_around_a_threshold_does_not_flicker() -> None:
    course = _course([(0.25, 1.9 if i % 2 else 2.1) for i in range(400)])
    assert {step for _, _, step in course[1:]} <= {VideoStep.REDUCED, VideoStep.FULL}
    changes = sum(a[2] is not b[2] for a, b in pairwise(course))
    assert changes <= 1
