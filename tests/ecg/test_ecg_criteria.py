"""Each further criterion on measurements written by hand, with and without its sign."""

from dataclasses import replace

import pytest
from ecg_cases import MAN_60, by_hand, screened

from ecg.beat.reversal import Reversal
from ecg.screen import CRITERIA, Tier, screen
from ecg.values import PatientFacts


def status(report, code):
    return next((f.status.value for f in report.findings if f.code == code), None)


LEFT = {
    n: {"r_uv": 1200.0, "s_uv": 0.0, "r_peak_ms": 75.0, "q_uv": 0.0, "qrs_area_uv_ms": 90000.0}
    for n in ("I", "aVL", "V5", "V6")
}
RIGHT = {n: {"r_uv": 40.0, "s_uv": 1700.0, "qrs_area_uv_ms": -90000.0} for n in ("V1", "V2", "V3")}
LBBB = LEFT | RIGHT


@pytest.mark.parametrize(
    ("j_uv", "tier"),
    [
        ({"V1": 170.0, "V2": 250.0, "V3": 250.0, "V6": -150.0}, Tier.E),  # secondary change only
        ({"V5": 100.0}, Tier.A),  # concordant elevation
        ({"V5": 97.5}, Tier.E),
        ({"V2": -100.0}, Tier.A),  # concordant depression
        ({"V2": -97.5}, Tier.E),
        ({"V6": -300.0}, Tier.E),  # discordant depression is expected
        ({"V2": 425.0}, Tier.A),  # 25 % of S
        ({"V2": 422.5}, Tier.E),
    ],
)
def test_smith_modified_rule_in_lbbb(j_uv, tier):
    report = screened(j_uv, qrs_ms=150.0, leads=LBBB)
    assert report.tier is tier, report.statement_en
    assert status(report, "LBBB") == "NOTE"
    assert status(report, "STEMI_UDMI4") is None  # the rule set was switched


def test_small_discordant_elevation_needs_one_millimetre():
    small = LBBB | {"V2": {"r_uv": 0.0, "s_uv": 300.0, "qrs_area_uv_ms": -9000.0}}
    assert screened({"V2": 97.5}, qrs_ms=150.0, leads=small).tier is Tier.E
    assert screened({"V2": 100.0}, qrs_ms=150.0, leads=small).tier is Tier.A


def test_rbbb_keeps_the_standard_rule():
    late = {"V1": {"terminal_uv": 400.0}, "V6": {"terminal_uv": -200.0}}
    report = screened({"II": 150.0, "III": 150.0, "aVF": 150.0}, qrs_ms=140.0, leads=late)
    assert report.tier is Tier.A
    assert status(report, "RBBB") == "NOTE"


def test_lvh_ratio_lowers_a_to_b_and_never_erases():
    big = {
        "V1": {"s_uv": 2500.0},
        "V2": {"s_uv": 2600.0, "r_uv": 200.0},
        "V3": {"s_uv": 2200.0, "r_uv": 400.0},
        "V5": {"r_uv": 2500.0},
    }
    report = screened({"V1": 150.0, "V2": 220.0}, leads=big)
    assert report.tier is Tier.B
    assert status(report, "LVH_RATIO") == "MET"
    assert report.findings[0].status == "MET"
    assert report.as_json()["st_j_uv"]["V2"] == 220.0
    high = screened({"V1": 700.0, "V2": 750.0, "V3": 700.0}, leads=big)
    assert high.tier is Tier.A, high.statement_en
    elsewhere = screened({"II": 150.0, "aVF": 150.0}, leads=big)
    assert elsewhere.tier is Tier.A


def test_early_repolarisation_score_by_hand():
    facts = {
        "V2": {"r_uv": 800.0, "s_uv": 1200.0, "st_shape": "concave", "t_uv": 900.0},
        "V3": {"r_uv": 1200.0, "s_uv": 600.0, "st_shape": "concave", "t_uv": 900.0},
        "V4": {"r_uv": 2000.0, "s_uv": 500.0, "st_shape": "concave", "t_uv": 900.0},
    }
    young = PatientFacts(45, "M")
    report = screened({"V2": 210.0, "V3": 210.0}, young, leads=facts, hr_bpm=60.0, qt_ms=380.0)
    # 0.052*380 - 0.151*20 - 0.268*20 + 1.062*2.1 = 13.61
    found = next(f for f in report.findings if f.code == "EARLY_REPOL")
    assert found.values["score"] == pytest.approx(13.6, abs=0.05)
    assert report.tier is Tier.B
    low_r = {n: {**v, "r_uv": 300.0, "s_uv": 300.0} for n, v in facts.items()}
    occluded = screened({"V2": 300.0, "V3": 400.0}, young, leads=low_r, hr_bpm=60.0, qt_ms=430.0)
    assert occluded.tier is Tier.A
    reciprocal = screened(
        {"V2": 210.0, "V3": 210.0, "III": -60.0}, young, leads=facts, hr_bpm=60.0, qt_ms=380.0
    )
    assert reciprocal.tier is Tier.A


def test_posterior_pattern_asks_for_v7_to_v9():
    low = {"V1": -80.0, "V2": -150.0, "V3": -140.0, "V4": -60.0}
    report = screened(low)
    assert report.tier is Tier.C
    assert "V7–V9" in report.statement_ja
    assert screened({**low, "V5": -100.0}).tier is Tier.E  # diffuse, not posterior
    assert screened(low, hr_bpm=140.0).tier is Tier.E
    assert screened(low, unreadable=("V5",)).tier is Tier.E


def test_de_winter_needs_the_slope_and_the_tall_t():
    sign = {
        n: {
            "st_uv": (-150.0, -100.0, -60.0, 0.0, 60.0),
            "t_uv": 900.0,
            "r_uv": 600.0,
            "s_uv": 600.0,
        }
        for n in ("V3", "V4")
    }
    report = screened({}, leads=sign)
    assert report.tier is Tier.C
    assert status(report, "DE_WINTER") == "MET"
    flat = {n: {**v, "t_uv": 300.0} for n, v in sign.items()}
    assert status(screened({}, leads=flat), "DE_WINTER") == "NOT_MET"


def test_diffuse_depression_is_urgent_but_not_stemi():
    wide = dict.fromkeys(("I", "II", "aVF", "V3", "V4", "V5", "V6"), -120.0)
    report = screened({**wide, "aVR": 120.0})
    assert report.tier is Tier.C
    assert status(report, "DIFFUSE_DEPRESSION") == "MET"
    assert status(report, "STEMI_UDMI4") == "NOT_MET"


def test_reversal_withholds_every_st_value():
    m = replace(by_hand({"V2": 400.0, "V3": 400.0}), reversal=Reversal("RA_LA", withhold=True))
    report = screen(m, MAN_60)
    assert report.tier is Tier.Q
    assert set(report.as_json()["st_j_uv"].values()) == {None}
    noted = screen(replace(m, reversal=Reversal("LA_RL", withhold=False)), MAN_60)
    assert noted.tier is Tier.A


def test_reciprocal_depression_is_reported():
    report = screened({"II": 150.0, "III": 200.0, "aVF": 180.0, "aVL": -90.0})
    found = report.findings[1]
    assert found.values["reciprocal"] == ["aVL"]


def test_codes_are_unique_and_nothing_says_normal():
    codes = [c.code for c in CRITERIA]
    assert len(codes) == len(set(codes))
    for j in ({}, {"V2": 300.0, "V3": 300.0}, {"II": 80.0, "III": 80.0, "aVF": 80.0}):
        report = screened(j)
        text = report.statement_en.lower() + report.statement_ja
        assert "normal" not in text
        assert "正常" not in text
        assert "要医師判読" in report.statement_ja
