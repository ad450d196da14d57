"""What a page sounds for what waits: every level, one after the other, two cases at a time, heard in a real audio engine."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Chromium
from .listening import LISTEN, bursts

pytestmark = pytest.mark.browser

PAGE = (
    "async () => {"
    + LISTEN
    + """
  const row = (id, level, tier = 'B') => [id, { id, call: level && { level, tier, snapshot: 's' + id } }];
  const play = async (fresh) => {
    const { Alarm } = await fresh('/static/kit/shared/alarm.js'); const { Ring } = await fresh('/static/viewer/js/ring.js');
    let now = 1e12; Date.now = () => now;
    const feed = { on() {}, tellStanding() {}, lastBeat: null, get heardMs() { return now; }, get provedMs() { return now; } };
    const store = { feed, rows: new Map() }; const ring = new Ring(store, new Alarm(() => {}), () => {});
    await ring.alarm.arm(); ring.armed.want(now);
    return { ring, store, set: (...rows) => { store.rows = new Map(rows); ring.sound(); }, pass: () => { now += 1_000; } };
  };
"""
)


def heard(chromium: Chromium, script: str) -> Any:
    """What was heard, while the rows changed as the script says at its seconds."""
    return chromium.run(
        PAGE
        + " const real = Date.now; try { return await listen(120, play, {"
        + script
        + "}); } finally { Date.now = real; } }"
    )


def share(loud: list[float], first: int, end: int) -> float:
    """How much of these seconds something was heard in."""
    return sum(b - a for a, b in bursts(loud[first * 10 : end * 10])) / (end - first)


def test_a_case_rings_until_the_last_of_those_that_ring_is_opened(chromium: Chromium) -> None:
    loud = heard(
        chromium,
        """ 2: ({ set }) => set(row('a', 'high', 'A'), row('b', 'high', 'E')), 40: ({ set }) => set(row('b', 'high', 'E')),
        70: ({ set }) => set(row('a', null), row('b', null)) """,
    )
    assert share(loud, 0, 2) == 0
    assert share(loud, 3, 40) > 0.3
    assert share(loud, 41, 70) > 0.3, "the other one still waits"
    assert share(loud, 71, 120) == 0, "nobody waits"


def test_by_hand_is_softer_than_an_alarm_and_gives_way_to_it(chromium: Chromium) -> None:
    loud = heard(
        chromium,
        """ 2: ({ set }) => set(row('h', 'hand', 'Q')), 50: ({ set }) => set(row('h', 'hand', 'Q'), row('a', 'high', 'D')),
        90: ({ set }) => set(row('h', 'hand', 'Q')) """,
    )
    by_hand, both = share(loud, 3, 50), share(loud, 51, 90)
    assert 0.05 < by_hand < both / 1.5
    assert 0.05 < share(loud, 92, 120) < both / 1.5, "it goes on after the alarm was opened"


def test_a_doubt_sounds_once_for_each_ecg(chromium: Chromium) -> None:
    loud = heard(
        chromium,
        """ 2: ({ set }) => set(row('a', 'soft', 'B')), 10: ({ set }) => set(row('a', 'soft', 'B')),
        30: ({ set }) => set(row('a', 'soft', 'B'), row('b', 'soft', 'C')), 60: ({ set }) => set(row('a', 'soft', 'B'), row('b', 'soft', 'C')) """,
    )
    assert [round(a) for a, _ in bursts(loud)] == [2, 30]


def test_the_alarms_own_failure_is_heard_and_a_case_through_it(chromium: Chromium) -> None:
    loud = heard(
        chromium,
        """ 2: ({ ring }) => { ring.armed.end(Date.now()); ring.sound(); }, 50: ({ set }) => set(row('a', 'high', 'A')),
        90: ({ set }) => set() """,
    )
    lost, rings = share(loud, 3, 50), share(loud, 51, 90)
    assert 0 < lost < rings / 3
    assert 0 < share(loud, 92, 120) < rings / 2
