"""The alarm, heard: a real audio engine plays it for minutes, and every tenth of a second is listened to."""

from __future__ import annotations

from itertools import pairwise

import pytest

from .conftest import Chromium
from .listening import AUDIBLE, LISTEN, bursts

pytestmark = pytest.mark.browser

RING = (
    "async ([seconds, priority]) => {"
    + LISTEN
    + """
  const play = async (fresh) => { const { Alarm } = await fresh('/static/kit/shared/alarm.js');
    const alarm = new Alarm(() => {}); await alarm.arm(); alarm.ring(priority); return alarm; };
  return listen(seconds, play, { [seconds - 30]: (alarm) => alarm.quiet() }); }"""
)
REST_S = {"high": 5.0, "medium": 9.0, "low": 13.0}
"""Longer than this nothing is silent while a case rings."""


@pytest.mark.parametrize("priority", REST_S)
def test_an_alarm_is_loud_and_goes_on_until_it_is_quieted(
    chromium: Chromium, priority: str
) -> None:
    loud = chromium.run(RING, [150, priority])
    ringing, after = loud[:1_200], loud[1_205:]
    heard = bursts(ringing)
    assert heard[0][0] < 1.0, "it begins at once"
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(heard)]
    assert max([*gaps, 120.0 - heard[-1][1]]) < REST_S[priority], heard
    assert all(max(loud[int(a * 10) : int(b * 10)]) > 2 * AUDIBLE for a, b in heard), "each as loud"
    assert max(after) < 0.001, "not a tenth of a second more than half after a human has opened it"


def test_the_three_sounds_can_be_told_apart(chromium: Chromium) -> None:
    shares = {}
    for priority in REST_S:
        loud = chromium.run(RING, [90, priority])[:600]
        shares[priority] = sum(level > AUDIBLE for level in loud) / len(loud)
    assert shares["high"] > 2 * shares["medium"] > 2 * shares["low"] > 0.02, shares


def test_one_burst_is_one_and_gives_way_to_what_rings(chromium: Chromium) -> None:
    loud = chromium.run(
        "async () => {"
        + LISTEN
        + """ const play = async (fresh) => { const { Alarm } = await fresh('/static/kit/shared/alarm.js');
        const alarm = new Alarm(() => {}); await alarm.arm(); alarm.once('medium'); return alarm; };
        return listen(60, play, { 20: (alarm) => alarm.ring('high'), 21: (alarm) => alarm.once('medium'), 40: (alarm) => alarm.quiet() }); }"""
    )
    assert [round(a) for a, _ in bursts(loud)][:2] == [0, 20]
    assert bursts(loud)[0][1] < 2.0


def test_a_sound_that_was_taken_away_comes_back_with_the_device(chromium: Chromium) -> None:
    """What the page itself can do when a call takes the loudspeaker: ask again every second, and ring on."""
    loud = chromium.run(
        "async () => {"
        + LISTEN
        + """ const play = async (fresh) => { const { Alarm } = await fresh('/static/kit/shared/alarm.js');
        const alarm = new Alarm(() => {}); await alarm.arm(); alarm.ring('high'); return alarm; };
        const look = (alarm) => alarm.look();
        return listen(120, play, { 5: (alarm, audio) => audio.silence(), 50: look, 51: look }); }"""
    )
    assert bursts(loud[600:]), "an alarm whose sound was taken away for a while rings on after it"
