"""The ST trend: what lasts a minute rings, what something else explains does not, and nothing depends on chunks."""

from dataclasses import replace

import pytest
from ecg_cases import MAN_60, segment
from hypothesis import given
from hypothesis import strategies as st

from ecg.course.st_trend import Epoch, StTrend, epoch_of_report
from ecg.leads import STANDARD_12
from ecg.screen import screen_segment
from ecg.synthetic.patient import SyntheticPatient

BASE = Epoch(0.0, dict.fromkeys(STANDARD_12, 0.0), dict.fromkeys(STANDARD_12, 1000.0), 70.0, 90.0, 40.0)  # fmt: skip


def at(end_s, rise=(), level_uv=0.0, **more):
    levels = {**BASE.j60_uv, **dict.fromkeys(rise, level_uv)}
    return replace(BASE, end_s=float(end_s), j60_uv=levels, **more)


def told(epochs, trend=None):
    trend = trend or StTrend()
    return [(e.end_s, event) for e in epochs if e for event in trend.add(e)]


def calm(until_s=70, step_s=5):
    return [at(t) for t in range(10, until_s + 1, step_s)]


def test_a_rise_in_two_neighbours_rings_after_a_minute_and_once():
    rise = [at(t, ("V2", "V3"), 120.0) for t in range(75, 200, 5)]
    events = told(calm() + rise)
    assert [(t, e.kind, e.leads, e.alarm) for t, e in events] == [
        (135.0, "ST_RISE", ("V2", "V3"), True)
    ]
    ja, en = events[0][1].text(60)
    assert "V2–V3" in ja
    assert "1.2 mm" in en


@pytest.mark.parametrize(
    "epochs",
    [
        [at(t, ("V2",), 300.0) for t in range(75, 200, 5)],  # one lead alone
        [at(t, ("V2", "III"), 300.0) for t in range(75, 200, 5)],  # no neighbours
        [at(t, ("V2", "V3"), 99.0) for t in range(75, 200, 5)],  # below the limit
        [at(t, ("V2", "V3"), 120.0 if (t // 5) % 9 else 0.0) for t in range(75, 400, 5)],  # not lasting
    ],
)  # fmt: skip
def test_what_does_not_ring(epochs):
    assert told(calm() + epochs) == []


def test_it_rings_again_only_after_it_fell_below_half_a_millimetre():
    first = [at(t, ("II", "aVF"), 150.0) for t in range(75, 140, 5)]
    dip = [at(t, ("II", "aVF"), 70.0) for t in range(140, 170, 5)]
    again = [at(t, ("II", "aVF"), 150.0) for t in range(170, 240, 5)]
    assert len(told(calm() + first + dip + again)) == 1
    gone = [at(t, ("II", "aVF"), 40.0) for t in range(140, 170, 5)]
    assert len(told(calm() + first + gone + again)) == 2


def test_unreadable_stretches_neither_break_nor_count_and_a_long_hole_begins_anew():
    rise = {t: at(t, ("V5", "V6"), 150.0) for t in range(75, 300, 5)}
    with_hole = [None if 90 <= t <= 110 else e for t, e in rise.items()]
    assert told(calm() + with_hole)[0][0] == 135.0
    long_hole = [None if 90 <= t <= 130 else e for t, e in rise.items()]
    assert told(calm() + long_hole)[0][0] == 195.0


@pytest.mark.parametrize(
    ("more", "level_uv", "why"),
    [
        ({"axis_deg": 80.0}, 130.0, "POSTURE"),
        ({"qrs_uv": dict.fromkeys(STANDARD_12, 700.0)}, 130.0, "POSTURE"),
        ({"axis_deg": 80.0}, 220.0, None),  # too large to be argued away
        ({"qrs_ms": 130.0}, 250.0, "CONDUCTION"),
        ({"hr_bpm": 120.0}, 130.0, None),  # rate explains no elevation
        ({"hr_bpm": 120.0}, -130.0, "RATE"),
        ({}, -130.0, None),
    ],
)
def test_what_else_explains_it_is_said_and_does_not_ring(more, level_uv, why):
    change = [at(t, ("V4", "V5"), level_uv, **more) for t in range(75, 160, 5)]
    event = next(e for _t, e in told(calm() + change) if e.kind != "QRS_WIDE")
    assert event.explained_by == why
    assert event.alarm is (why is None)


def test_a_qrs_that_newly_widens_rings_after_half_a_minute():
    wide = [at(t, qrs_ms=140.0) for t in range(75, 160, 5)]
    assert [(t, e.kind) for t, e in told(calm() + wide)] == [(105.0, "QRS_WIDE")]


def test_the_baseline_is_the_first_minute_and_stays():
    high = [at(t, ("V2", "V3"), 200.0) for t in range(10, 75, 5)]
    assert told(high + [at(t, ("V2", "V3"), 250.0) for t in range(75, 200, 5)]) == []
    trend = StTrend()
    told(calm() + [at(t, ("V2", "V3"), 90.0) for t in range(75, 2000, 5)], trend)
    assert trend.baseline.j60_uv["V2"] == 0.0


def first_minute(leads, levels_uv):
    """Thirteen screenings of the first minute, then three minutes at the last level."""
    minute = [at(10 + 5 * k, leads, uv) for k, uv in enumerate(levels_uv)]
    return minute + [at(t, leads, levels_uv[-1]) for t in range(75, 260, 5)]


@pytest.mark.parametrize(
    ("leads", "to_uv", "kind"),
    [(("V2", "V3"), 180.0, "ST_RISE"), (("V4", "V5"), -180.0, "ST_FALL")],
)
def test_st_that_grows_in_the_first_minute_is_measured_from_where_it_began(leads, to_uv, kind):
    """The middle of that minute would lie half way up, and the change would never be seen."""
    (event,) = told(first_minute(leads, [to_uv * k / 12 for k in range(13)]))
    assert (event[1].kind, event[1].leads, event[1].alarm) == (kind, leads, True)
    assert abs(event[1].delta_uv) > 150.0


@pytest.mark.parametrize(
    ("leads", "levels_uv"),
    [
        (("V2", "V3"), [150.0 - 12.0 * k for k in range(13)]),  # settles towards zero
        (("V2",), [15.0 * k for k in range(13)]),  # one lead alone
        (("V2", "III"), [15.0 * k for k in range(13)]),  # no neighbours
        (("V2", "V3"), [40.0 if k % 2 else 0.0 for k in range(13)]),  # noise
        (("V2", "V3"), [3.0 * k for k in range(13)]),  # less than half a change
    ],
)
def test_what_settles_or_moves_alone_in_the_first_minute_leaves_the_baseline_in_its_middle(
    leads, levels_uv
):
    trend = StTrend()
    told(first_minute(leads, levels_uv), trend)
    middle = sorted(levels_uv)[6]
    assert trend.baseline.j60_uv[leads[0]] == middle


def test_avr_that_falls_with_its_neighbours_counts_by_its_inverse():
    """-aVR neighbours I and II: their rise is its fall."""
    minute = [
        replace(at(10 + 5 * k, ("I", "II"), 15.0 * k), j60_uv={**BASE.j60_uv, "I": 15.0 * k, "II": 15.0 * k, "aVR": -15.0 * k})
        for k in range(13)
    ]  # fmt: skip
    trend = StTrend()
    told(minute, trend)
    assert trend.baseline.j60_uv["aVR"] > -35.0


@given(st.data())
def test_repeated_and_late_epochs_change_nothing(data):
    """Whatever is delivered twice or out of order, the events are those of the ordered stream."""
    epochs = calm() + [at(t, ("V2", "V3"), 130.0) for t in range(75, 200, 5)]
    noisy = []
    for k, epoch in enumerate(epochs):
        noisy.append(epoch)
        noisy += [epochs[data.draw(st.integers(0, k))] for _ in range(data.draw(st.integers(0, 2)))]
    assert told(noisy) == told(epochs)


def test_from_real_reports_of_an_evolving_infarction():
    patient = SyntheticPatient("evolving-anterior-stemi", 21)
    onset = 100  # a calm patient first, whose ST then climbs as the scenario's does from its start
    trend, events = StTrend(), []
    well = SyntheticPatient("normal", 21)
    for k, end_s in enumerate(range(10, 260, 5)):
        source, t = (well, end_s) if end_s < onset else (patient, end_s - onset + 10)
        report = screen_segment(source.segment((t - 10) * 500, 5000), MAN_60)
        for event in trend.add(epoch_of_report(report.as_json(), 10.0 + 5 * k)):
            events.append(event)
    rises = [e for e in events if e.kind == "ST_RISE" and e.alarm]
    assert len(rises) == 1
    assert {"V2", "V3"} <= set(rises[0].leads)


def test_a_report_without_st_is_no_epoch():
    report = screen_segment(segment("arm-reversal", 3), MAN_60)
    assert epoch_of_report(report.as_json(), 10.0) is None
    assert epoch_of_report({"tier": "E"}, 10.0) is None


@pytest.mark.parametrize("kind", ["ST_RISE", "ST_FALL"])
@pytest.mark.parametrize(
    ("qrs_ms", "hr_bpm", "level_uv"),
    [(q, h, v) for q in (90.0, 105.0, 109.0, 110.0, 125.0, None) for h in (70.0, 100.0, 101.0, None) for v in (120.0, 199.0, 200.0)],
)  # fmt: skip
def test_what_explains_a_change_at_every_width_rate_and_size(qrs_ms, hr_bpm, level_uv, kind):
    """Of a QRS of 80 ms and 70 a minute: conduction needs 20 ms more *and* 110 ms, a rate explains small depression alone."""
    first = [replace(e, qrs_ms=80.0) for e in calm()]
    sign = 1.0 if kind == "ST_RISE" else -1.0
    then = [
        at(t, ("V2", "V3"), sign * level_uv, qrs_ms=qrs_ms, hr_bpm=hr_bpm)
        for t in range(75, 200, 5)
    ]
    (event,) = [e for _, e in told(first + then) if e.kind == kind]
    if qrs_ms is not None and qrs_ms >= 110.0:
        expected = "CONDUCTION"
    elif kind == "ST_FALL" and level_uv < 200.0 and hr_bpm is not None and hr_bpm > 100.0:
        expected = "RATE"
    else:
        expected = None
    assert (event.explained_by, event.alarm) == (expected, expected is None)
