"""Threshold edges on measurements written by hand: one ADC step decides, age and sex decide."""

import pytest
from ecg_cases import MAN_60, by_hand, screened

from ecg.screen import Tier, screen
from ecg.screen.thresholds import load_profile, thresholds_for
from ecg.values import PatientFacts

LSB = 2.5
MEN_60, MAN_39, MAN_40, WOMAN = (
    MAN_60,
    PatientFacts(39, "M"),
    PatientFacts(40, "M"),
    PatientFacts(35, "F"),
)
PATIENTS = {
    "man 60": MEN_60,
    "man 39": MAN_39,
    "man 40": MAN_40,
    "woman 35": WOMAN,
    "woman 70": PatientFacts(70, "F"),
}
# from the Fourth Universal Definition itself, not from our data file
V23 = {"man 60": 200, "man 39": 250, "man 40": 200, "woman 35": 150, "woman 70": 150}
CHEST = [("V1", "V2"), ("V2", "V3"), ("V3", "V4"), ("V4", "V5"), ("V5", "V6")]
LIMB = [("aVL", "I"), ("I", "-aVR"), ("-aVR", "II"), ("II", "aVF"), ("aVF", "III")]


def limit(lead, who):
    return V23[who] if lead in {"V2", "V3"} else 100


def levels(pair, who, delta):
    out = {}
    for lead in pair:
        value = limit(lead, who) + delta
        out[lead.removeprefix("-")] = -value if lead.startswith("-") else value
    return out


@pytest.mark.parametrize("who", PATIENTS)
@pytest.mark.parametrize("pair", CHEST + LIMB, ids="/".join)
def test_each_pair_is_met_at_the_threshold_and_not_one_step_below(pair, who):
    at = screened(levels(pair, who, 0.0), PATIENTS[who])
    below = screened(levels(pair, who, -LSB), PATIENTS[who])
    assert at.tier is Tier.A, at.statement_en
    assert set(pair) <= set(at.findings[0].leads)
    assert below.tier is Tier.D, below.statement_en
    far = screened(levels(pair, who, -50.0 - LSB), PATIENTS[who], qt_ms=300.0)
    assert far.tier is Tier.E, far.statement_en


@pytest.mark.parametrize("pair", CHEST + LIMB, ids="/".join)
def test_one_lead_alone_is_never_enough(pair):
    both = levels(pair, "man 60", 300.0)
    for lead in both:
        alone = screened({lead: both[lead]})
        assert alone.tier in {Tier.D, Tier.E}
        assert alone.findings[0].status == "NOT_MET"


def test_elevation_in_avr_itself_and_reciprocal_pairs_do_not_count():
    assert screened({"aVR": 400.0, "I": 400.0}).findings[1].status == "NOT_MET"
    assert screened({"III": 300.0, "aVL": -300.0}).findings[1].status == "NOT_MET"
    assert screened({"I": 300.0, "II": 300.0}).findings[1].status == "NOT_MET"  # -aVR between them
    assert screened({"aVL": 300.0, "V6": 300.0}).tier is Tier.D  # lateral split, secondary only


def test_unknown_age_and_sex_never_fill_in_silently():
    nobody = PatientFacts()
    low = {"V2": 160.0, "V3": 160.0}
    assert screened(low, WOMAN).tier is Tier.A
    report = screened(low, nobody)
    assert report.tier is Tier.D
    assert report.as_json()["thresholds"]["source"] == "unknown"
    assert screened({"V2": 205.0, "V3": 205.0}, nobody).tier is Tier.A
    assert (
        screened({"V2": 149.0, "V3": 149.0}, PatientFacts(None, "M")).as_json()["thresholds"][
            "source"
        ]
        == "partly unknown"
    )


def test_extended_leads_have_their_own_limits():
    assert screened({"V7": 50.0, "V8": 50.0}).tier is Tier.A
    assert screened({"V7": 50.0, "V8": 50.0}, MAN_39).tier is not Tier.A
    assert screened({"V3R": 60.0, "V4R": 60.0}).tier is Tier.A
    assert screened({"V3R": 60.0, "V4R": 60.0}, PatientFacts(25, "M")).tier is not Tier.A


def test_the_contiguity_graph_is_exactly_the_published_one():
    edges = {frozenset(pair) for pair in load_profile().contiguity}
    expected = {
        frozenset(p)
        for p in [
            *CHEST,
            *LIMB,
            ("V6", "V7"),
            ("V7", "V8"),
            ("V8", "V9"),
            ("V1", "V3R"),
            ("V3R", "V4R"),
        ]
    }
    assert edges == expected
    named = set().union(*edges)
    assert named == set(thresholds_for(MAN_60).leads_uv)


def test_unreadable_leads_never_become_criteria_not_met_in_silence():
    gone = screened({"V2": 300.0, "V3": 300.0}, unreadable=("V3",))
    assert gone.tier is not Tier.A
    assert gone.as_json()["st_j_uv"]["V3"] is None
    one = screened({}, unreadable=("V3",))
    assert one.tier is Tier.E
    assert "V3" in one.statement_ja
    region = screened({}, unreadable=("V3", "V4"))
    assert region.tier is Tier.Q
    assert region.findings[0].status == "UNREADABLE"
    # what can be read still counts
    assert (
        screened({"II": 200.0, "III": 200.0, "aVF": 200.0}, unreadable=("V3", "V4")).tier is Tier.A
    )


def test_more_elevation_never_lowers_the_tier():
    order = "EDA"
    seen = [screened({"V3": v, "V4": v}).tier.value for v in range(0, 400, 10)]
    assert [order.index(t) for t in seen] == sorted(order.index(t) for t in seen)


def test_bootstrap_doubt_lowers_a_to_b():
    import numpy as np

    m = by_hand({"II": 105.0, "aVF": 105.0, "III": 105.0})
    shaky = {
        n: np.array([105.0 + d for d in (-60, -40, -20, 0, 20, 40, 60, -10, 10)])
        for n in ("II", "III", "aVF")
    }
    from dataclasses import replace

    assert screen(m, MAN_60).tier is Tier.A
    assert screen(replace(m, beat_j_uv=shaky), MAN_60).tier is Tier.B
