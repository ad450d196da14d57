"""Every reason of a refusal has words, every doubt lowers the confidence, every tier follows from its findings alone."""

import json
import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from ecg_cases import MAN_60, REPO, by_hand, screened

from ecg.conditioning.quality import Label, RecordQuality
from ecg.screen import Tier, screen
from ecg.screen import thresholds as profiles
from ecg.screen.confidence import confidence
from ecg.screen.criterion import CriterionRole, Finding, Status
from ecg.screen.thresholds import profile_of_json, thresholds_for
from ecg.screen.tiers import Answered, blind_spot, decide
from ecg.values import PatientFacts

CODE = re.compile(r'f?"([A-Z]+(?:_[A-Z]+)+)(?:: [^"]*)?"')
NO_REFUSALS = {"LEADS_EXCLUDED", "ST_UNCERTAIN", "NO_BEATS"}
"""What limits a record, and a lead's own flag."""
WITH_LEADS = {"LEAD_OFF", "LIMB_LEAD_LOST", "CHEST_LEADS_LOST", "EINTHOVEN", "LEADS_MISSING"}


def refusals() -> set[str]:
    """Codes that the measurement refuses a record with, as its source writes them."""
    found = set()
    for name in ("measure.py", "conditioning/quality.py"):
        found |= set(CODE.findall((REPO / "signal" / "ecg" / name).read_text(encoding="utf-8")))
    return (found | {"EINTHOVEN"}) - NO_REFUSALS


def refused(*reasons: str) -> tuple[str, str]:
    m = by_hand()
    quality = RecordQuality(Label.REJECT, reasons, m.quality.leads)
    report = screen(replace(m, quality=quality), MAN_60)
    assert report.tier is Tier.Q
    return report.statement_ja, report.statement_en


def test_the_sources_are_read() -> None:
    assert len(refusals()) >= 10, refusals()


@pytest.mark.parametrize("code", sorted(refusals()))
def test_every_refusal_is_said_in_words(code):
    ja, en = refused(f"{code}: V4,V5")
    for said in (ja, en):
        assert code not in said, "a crew reads a code"
        assert ("V4,V5" in said) == (code in WITH_LEADS)
    assert re.search(r"[\u3040-\u30ff]", ja)
    assert not re.search(r"[\u3040-\u30ff]", en)
    both = refused(code, "TOO_SHORT: less than 2 s")
    assert len(both[0]) > len(ja) - 5, "every reason is said, not the first alone"


DOUBTS: dict[str, dict[str, Any]] = {
    "RATE": {"hr_bpm": 131.0}, "WIDE_QRS": {"qrs_ms": 120.0}, "IRREGULAR": {"rr_cv": 0.16},
    "BEATS_VARY": {}, "QUALITY": {}, "SOURCE_FILTER": {"source_filter": object()},
}  # fmt: skip
JUST_NOT = {"RATE": {"hr_bpm": 130.0}, "WIDE_QRS": {"qrs_ms": 119.0}, "IRREGULAR": {"rr_cv": 0.15}}


def doubted(names):
    facts = {k: v for name in names for k, v in DOUBTS[name].items()}
    m = by_hand(unreadable=("V6",) if "QUALITY" in names else (), **facts)
    return confidence(m, 0.5 if "BEATS_VARY" in names else 1.0)


@pytest.mark.parametrize("name", DOUBTS)
def test_every_doubt_takes_one_step(name):
    assert doubted(()) == {"confidence": "high", "confidence_less": []}
    assert doubted((name,)) == {"confidence": "moderate", "confidence_less": [name]}
    if name in JUST_NOT:
        assert confidence(by_hand(**JUST_NOT[name]), 1.0)["confidence"] == "high"
    for other in set(DOUBTS) - {name}:
        assert doubted((name, other))["confidence"] == "low"


def test_every_doubt_of_the_code_is_here():
    source = Path(confidence.__code__.co_filename).read_text(encoding="utf-8")
    assert set(re.findall(r'^        "([A-Z_]+)":', source, re.MULTILINE)) == set(DOUBTS)


@pytest.mark.parametrize(
    ("probability", "varies"), [(0.0, False), (0.099, False), (0.1, True), (0.899, True), (0.9, False)]
)  # fmt: skip
def test_beats_vary_between_a_tenth_and_nine_tenths(probability, varies):
    assert ("BEATS_VARY" in confidence(by_hand(), probability)["confidence_less"]) is varies


def answers(*roles):
    finding = Finding("X", Status.MET, ("V2",), "x", "x")
    return tuple(Answered(role, finding) for role in roles)


@pytest.mark.parametrize(
    ("roles", "probability", "unseen"),
    list(
        product(
            [
                (),
                (CriterionRole.PRIMARY,),
                (CriterionRole.PRIMARY, CriterionRole.MIMIC),
                (CriterionRole.EQUIVALENT,),
                (CriterionRole.BORDERLINE,),
                (CriterionRole.MIMIC, CriterionRole.REMARK),
                (CriterionRole.PRIMARY, CriterionRole.EQUIVALENT, CriterionRole.BORDERLINE),
            ],
            (0.0, 0.099, 0.1, 0.499, 0.5, 0.899, 0.9, 1.0),
            ((), ("V5", "V6"), ("I", "aVL")),
        )
    ),
)
def test_the_tier_of_every_combination(roles, probability, unseen):
    """The table of the clinical brief §1.7, written a second time and otherwise."""
    tier = decide(answers(*roles), probability, unseen)
    if CriterionRole.PRIMARY in roles:
        if probability < 0.5:
            expected = Tier.D
        else:
            doubt = CriterionRole.MIMIC in roles or probability < 0.9 or unseen == ("I", "aVL")
            expected = Tier.B if doubt else Tier.A
    elif CriterionRole.EQUIVALENT in roles:
        expected = Tier.C
    elif unseen:
        expected = Tier.Q
    else:
        expected = Tier.D if CriterionRole.BORDERLINE in roles or probability >= 0.1 else Tier.E
    assert tier is expected


def test_not_met_answers_decide_nothing():
    finding = Finding("X", Status.NOT_MET, (), "x", "x")
    assert decide(tuple(Answered(role, finding) for role in CriterionRole), 0.0, ()) is Tier.E


LIMBS = ("aVL", "I", "aVR", "II", "aVF", "III")
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")


@pytest.mark.parametrize("lead", LIMBS + CHEST)
def test_one_lead_alone_blinds_nobody_and_each_pair_of_neighbours_does(lead):
    assert blind_spot(by_hand(unreadable=(lead,))) == ()
    for chain in (LIMBS, CHEST):
        if lead in chain[:-1]:
            pair = (lead, chain[chain.index(lead) + 1])
            assert blind_spot(by_hand(unreadable=pair)) == pair


@pytest.mark.parametrize("pair", [("I", "aVL"), ("II", "aVF"), ("aVF", "III")])
def test_tier_a_needs_the_leads_that_stand_opposite(pair):
    elevated = {"V2": 400.0, "V3": 400.0, "V4": 400.0}
    assert screened(elevated).tier is Tier.A
    blind = screened(elevated, unreadable=pair)
    assert blind.tier is Tier.B
    assert all(lead in blind.statement_en for lead in pair)


OPPOSITE = {
    ("II", "III", "aVF"): ("I", "aVL"),
    ("V1", "V2", "V3", "V4"): ("II", "III", "aVF"),
    ("I", "aVL"): ("III", "aVF", "II"),
    ("V7", "V8", "V9"): ("V1", "V2", "V3"),
    ("V3R", "V4R"): ("I", "aVL"),
}
"""Clinical brief §1.3."""


@pytest.mark.parametrize("hit", OPPOSITE, ids="/".join)
def test_what_stands_opposite_to_every_region_is_named(hit):
    for depressed in OPPOSITE[hit]:
        for level, is_named in ((-50.0, True), (-47.5, False)):
            report = screened({**dict.fromkeys(hit, 400.0), depressed: level})
            (primary,) = [f for f in report.findings if f.code == "STEMI_UDMI4"]
            assert primary.status == "MET"
            assert (depressed in primary.values["reciprocal"]) is is_named, (hit, depressed)


WHO = {(age, sex): PatientFacts(age, sex) for age in (35, 60, None) for sex in ("M", "F", None)}


@pytest.mark.parametrize("who", WHO, ids=str)
def test_what_is_not_known_is_never_filled_in_silently(who):
    """1.8 mm in V2–V3 meets women's limits alone; whoever is not known to be a man gets "repeat"."""
    known = {(35, "F"): Tier.A, (60, "F"): Tier.A, (None, "F"): Tier.A}
    report = screened({"V2": 180.0, "V3": 180.0}, WHO[who])
    assert report.tier is known.get(who, Tier.D), report.statement_en
    lowest = screened({"V2": 150.0, "V3": 150.0}, WHO[who], qt_ms=300.0)
    if None in who and who[1] != "F":
        assert lowest.tier is Tier.D, lowest.statement_en
        assert "age or sex unknown" in lowest.statement_en or "0.5 mm" in lowest.statement_en


@pytest.mark.parametrize("leads", [("I",), ("aVL",), ("V5",), ("V6",), ("I", "V5"), ("aVL", "V6")])
def test_a_lateral_split_has_two_sides(leads):
    report = screened(dict.fromkeys(leads, 120.0), qt_ms=300.0)
    (borderline,) = [f for f in report.findings if f.code in {"BORDERLINE", "LATERAL_SPLIT"}]
    assert (borderline.code == "LATERAL_SPLIT") is (len(leads) == 2), borderline


@pytest.mark.parametrize("who", [key for key in WHO if None in key], ids=str)
def test_who_is_not_known_is_judged_as_a_man_from_forty_and_told_of_lower_limits(who):
    """By the published table, and by a hospital's own in which the columns lie further apart."""
    of_woman = who[1] == "F"
    limit = 150.0 if of_woman else 200.0
    assert thresholds_for(WHO[who]).leads_uv["V2"] == limit
    assert thresholds_for(WHO[who]).source in {"unknown", "partly unknown"}
    raw = json.loads((Path(profiles.__file__).parent / "udmi4.json").read_text(encoding="utf-8"))
    for row in raw["leads"].values():
        row.update(male_from_40=250.0, male_under_40=300.0, female=120.0)
        row.pop("male_under_30", None)
    own = profile_of_json(json.dumps(raw))
    for level, code in ((130.0, "lowest"), (110.0, "")):
        report = screen(by_hand({"V2": level, "V3": level}, qt_ms=300.0), WHO[who], profile=own)
        (borderline,) = [f for f in report.findings if f.code == "BORDERLINE"] or [None]
        said = "" if borderline is None or borderline.status != "MET" else borderline.text_en
        if not of_woman:
            assert ("age or sex unknown" in said) is (code == "lowest"), (level, said)
