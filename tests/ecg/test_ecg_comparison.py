"""Two recordings of one patient: what changed is said, what cannot be compared is said, electrodes are asked first."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ecg_cases import MAN_60, REPO, segment
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ecg.course.comparison import StChange, as_json, compare, sentence
from ecg.course.tracing import Tracing, tracing_of_report
from ecg.leads import STANDARD_12
from ecg.screen import screen_segment
from relay.cli import whole

SAMPLES = REPO / "sample_records"
FLAT = dict.fromkeys(STANDARD_12, 0.0)
BASE = Tracing(FLAT, FLAT, dict.fromkeys(STANDARD_12, 10.0), dict.fromkeys(STANDARD_12, 1000.0), dict.fromkeys(STANDARD_12, 300.0), 40.0, 90.0, 70.0)  # fmt: skip


def raised(leads, uv, base=BASE):
    return replace(base, j_uv={**base.j_uv, **dict.fromkeys(leads, uv)}, j60_uv={**base.j60_uv, **dict.fromkeys(leads, uv)})  # fmt: skip


def without(leads, base=BASE):
    def cut(levels):
        return {n: v for n, v in levels.items() if n not in leads}

    return replace(base, j_uv=cut(base.j_uv), j60_uv=cut(base.j60_uv), qrs_uv=cut(base.qrs_uv))


def screened(scenario, seed=4, **more):
    return tracing_of_report(screen_segment(segment(scenario, seed, **more), MAN_60).as_json())


def test_real_pipeline_names_the_infarction_and_its_size():
    before, after = screened("normal"), screened("inferior-stemi")
    change = compare(before, after)
    assert change.answer is StChange.CHANGED
    assert {"II", "III", "aVF"} <= set(change.risen)
    assert change.leads["III"].j60_uv > 200
    assert change.leads["III"].j_uv == pytest.approx(after.j_uv["III"] - before.j_uv["III"])
    ja, en = sentence(change)
    assert "III" in ja
    assert "上昇" in ja
    assert "risen" in en


def test_the_same_recording_has_not_changed():
    before = screened("normal")
    change = compare(before, before)
    assert change.answer is StChange.NOT_CHANGED
    assert not change.electrodes_doubtful
    assert change.rms_j60_uv == 0.0


@pytest.mark.parametrize(
    ("leads", "uv", "changed"),
    [
        (("V2", "V3"), 100.0, True),
        (("V2", "V3"), 99.9, False),
        (("V2",), 500.0, False),
        (("V2", "III"), 500.0, False),
        (("II", "aVF"), -100.0, True),
    ],
)
def test_a_change_is_one_millimetre_in_two_neighbours(leads, uv, changed):
    change = compare(BASE, raised(leads, uv))
    assert (change.answer is StChange.CHANGED) == changed
    assert (change.risen if uv > 0 else change.fallen) == (leads if changed else ())


def test_leads_that_cannot_be_compared_are_named():
    change = compare(BASE, without(("V1", "V2", "V3")))
    assert "V1–V3" in sentence(change)[0]
    assert "not compared: V1–V3" in sentence(change)[1]
    nothing = compare(BASE, without(STANDARD_12))
    assert nothing.answer is StChange.UNREADABLE
    assert nothing.rms_j60_uv is None
    assert "cannot be compared" in sentence(nothing)[1]


def test_a_withheld_recording_is_not_compared():
    change = compare(screened("normal"), screened("arm-reversal"))
    assert change.answer is StChange.UNREADABLE
    assert change.electrodes_doubtful
    assert sentence(change)[0].startswith("電極位置か体位")


def test_reperfusion_is_said_of_a_large_fall_only():
    high = raised(("V2", "V3", "V4"), 300.0)
    assert compare(high, raised(("V2", "V3", "V4"), 140.0)).st_sum_fall_pct == pytest.approx(
        160 / 3
    )
    assert "reperfusion" in sentence(compare(high, raised(("V2", "V3", "V4"), 140.0)))[1]
    assert "reperfusion" not in sentence(compare(high, raised(("V2", "V3", "V4"), 160.0)))[1]
    assert "ほぼ消失" in sentence(compare(high, BASE))[0]
    little = raised(("V2", "V3"), 120.0)
    assert compare(little, BASE).st_sum_fall_pct is None
    lost = compare(high, without(("V3",)))
    assert lost.st_sum_fall_pct is None
    moved = replace(BASE, axis_deg=-60.0)
    assert "reperfusion" not in sentence(compare(high, moved))[1]


def test_electrodes_are_doubted_by_axis_or_by_size_of_most_chest_leads():
    assert compare(BASE, replace(BASE, axis_deg=71.0)).electrodes_doubtful
    assert not compare(BASE, replace(BASE, axis_deg=69.0)).electrodes_doubtful
    assert compare(replace(BASE, axis_deg=170.0), replace(BASE, axis_deg=-170.0)).axis_turn_deg == 20.0  # fmt: skip
    four = {**BASE.qrs_uv, **dict.fromkeys(("V1", "V2", "V3", "V4"), 1210.0)}
    three = {**BASE.qrs_uv, **dict.fromkeys(("V1", "V2", "V3"), 1210.0)}
    assert compare(BASE, replace(BASE, qrs_uv=four)).electrodes_doubtful
    assert not compare(BASE, replace(BASE, qrs_uv=three)).electrodes_doubtful


def test_wider_qrs_and_new_q_waves_are_said():
    later = replace(BASE, qrs_ms=125.0, q_leads=("II", "aVF"))
    change = compare(replace(BASE, q_leads=("II",)), later)
    assert change.qrs_wider_ms == 35.0
    assert change.new_q_leads == ("aVF",)
    assert "QRSが35 ms拡大" in sentence(change)[0]


@given(
    st.dictionaries(st.sampled_from(STANDARD_12), st.floats(-2000, 2000)),
    st.dictionaries(st.sampled_from(STANDARD_12), st.floats(-2000, 2000)),
)
def test_forth_and_back_mirror_each_other(one, other):
    a, b = (replace(BASE, j_uv=x, j60_uv=x) for x in (one, other))
    forth, back = compare(a, b), compare(b, a)
    assert forth.answer is back.answer
    assert forth.risen == back.fallen
    assert set(forth.leads) == set(one) & set(other)
    assert json.dumps(as_json(forth), allow_nan=False)


@pytest.mark.parametrize("body", [{}, {"st_j60_uv": None, "quality": 3, "findings": "x"}, {"st_j60_uv": {"I": None}, "quality": {"leads": {"I": None}}, "findings": [None, {"code": "Q_WAVES", "leads": 3}]}])  # fmt: skip
def test_any_body_can_be_read(body):
    assert compare(tracing_of_report(body), BASE).answer is StChange.UNREADABLE


def test_the_command_compares_two_records():
    run = CliRunner()
    arguments = ["screen", str(SAMPLES / "anterior_stemi"), "--age", "60", "--sex", "M", "--earlier", str(SAMPLES / "normal")]  # fmt: skip
    said = run.invoke(whole(), arguments)
    assert said.exit_code == 0
    assert "change since normal" in said.stdout
    shape = json.loads(run.invoke(whole(), [*arguments, "--json"]).stdout)
    assert shape["tier"] == "A"
    assert {"V2", "V3", "V4"} <= set(shape["comparison"]["risen"])
    wrong = run.invoke(whole(), ["screen", str(SAMPLES / "normal"), "--earlier", "nothing"])
    assert wrong.exit_code == 1
    assert "nothing.hea" in wrong.output
