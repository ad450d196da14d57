"""When the tablet sends a snapshot by itself."""

from __future__ import annotations

from ambulance_client.coach import Coach

GOOD = {"I": "good", "II": "good", "V1": "good"}
NOISY = {**GOOD, "V1": "noisy"}
OFF = dict.fromkeys(GOOD, "off")


def _looks(coach: Coach, lights: dict[str, str], first_s: int, last_s: int) -> list:
    found = [(s, coach.look(lights, float(s))) for s in range(first_s, last_s + 1)]
    return [(s, reason) for s, reason in found if reason]


def test_the_first_ten_clean_seconds_are_sent_once() -> None:
    coach = Coach(0.0)

    assert _looks(coach, GOOD, 1, 60) == [(11, "clean")]


def test_noise_begins_the_ten_seconds_anew() -> None:
    coach = Coach(0.0)

    assert _looks(coach, GOOD, 1, 9) == []
    assert _looks(coach, NOISY, 10, 10) == []
    assert _looks(coach, GOOD, 11, 30) == [(21, "clean")]


def test_every_five_minutes_counted_from_the_last_of_any_kind() -> None:
    coach = Coach(0.0)
    _looks(coach, GOOD, 1, 20)
    coach.snapshot_taken(100.0)

    assert _looks(coach, NOISY, 101, 399) == []
    assert _looks(coach, NOISY, 400, 400) == [(400, "interval")]
    coach.snapshot_taken(400.0)
    assert _looks(coach, OFF, 401, 900) == []


def test_no_lights_are_not_clean() -> None:
    assert _looks(Coach(0.0), {}, 1, 60) == []
