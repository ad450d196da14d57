"""Each mimic on its recipe, with and without a true injury on top; and on numbers written by hand."""

from dataclasses import replace

import pytest
from ecg_cases import MAN_60, by_hand, screened

from ecg.screen import Status, Tier, screen, screen_segment
from ecg.synthetic.pathology import HEARTS, Heart, injured
from ecg.synthetic.patient import SyntheticPatient


def finding(report, code):
    return next(f for f in report.findings if f.code == code)


def answer(scenario, seed=3, territory=None, size_mv=0.3):
    heart = HEARTS[scenario]()
    if territory is not None:
        heart = injured(heart, territory, size_mv)
    return screen_segment(SyntheticPatient("normal", seed, heart=heart).segment(20_000, 5_000), MAN_60)  # fmt: skip


@pytest.mark.parametrize(
    ("scenario", "code"),
    [("pericarditis", "PERICARDITIS"), ("lv-aneurysm", "LV_ANEURYSM"), ("brugada", "BRUGADA")],
)
@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_a_mimic_lowers_the_tier_and_keeps_the_elevation(scenario, code, seed):
    report = answer(scenario, seed)

    assert report.tier is Tier.B
    assert finding(report, code).status is Status.MET
    assert finding(report, "STEMI_UDMI4").status is Status.MET
    assert max(report.as_json()["st_j_uv"].values()) > 150


@pytest.mark.parametrize("scenario", ["pericarditis", "lv-aneurysm", "brugada", "hyperkalaemia"])
@pytest.mark.parametrize("territory", ["lad-mid", "rca-mid"])
def test_a_true_injury_on_top_is_tier_a(scenario, territory):
    assert answer(scenario, territory=territory).tier is Tier.A


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["convex", "plateau", "concave"])
@pytest.mark.parametrize(
    "territory",
    ["lad-proximal", "lad-mid", "lad-distal", "high-lateral", "rca-proximal", "rca-mid", "lcx"],
)
def test_no_mimic_hides_an_injury_of_a_normal_heart(territory, shape):
    for size_mv, hr_bpm in ((0.25, 55.0), (0.5, 70.0), (0.25, 84.0), (0.3, 98.0), (0.5, 115.0)):
        heart = injured(replace(Heart(), hr_bpm=hr_bpm), territory, size_mv, shape)
        segment = SyntheticPatient("normal", 11, heart=heart).segment(10_000, 5_000)
        assert screen_segment(segment, MAN_60).tier is Tier.A


def test_potassium_and_hyperacute_t_are_notes_that_change_no_tier():
    potassium, hyperacute = answer("hyperkalaemia"), answer("hyperacute-t")

    assert finding(potassium, "HYPERKALAEMIA").status is Status.NOTE
    assert finding(hyperacute, "HYPERACUTE_T").status is Status.NOTE
    assert potassium.tier is Tier.E
    assert hyperacute.tier is Tier.E
    for code in ("HYPERKALAEMIA", "HYPERACUTE_T"):
        assert finding(answer("normal"), code).status is Status.NOT_MET


def test_pr_depression_is_measured_above_tp():
    m = answer("pericarditis").measurements

    assert m.tp_measured
    assert m.leads["V3"].tp_uv == pytest.approx(71, abs=45)
    assert abs(answer("normal").measurements.leads["V3"].tp_uv) < 20


RAISED = {"I": 60.0, "II": 150.0, "III": 90.0, "aVF": 120.0, "V4": 160.0, "V5": 150.0, "V6": 110.0, "aVR": -105.0, "aVL": -20.0}  # fmt: skip
V6 = {"V6": {"t_uv": 300.0}}


def test_pericarditis_by_hand():
    assert screened(RAISED, leads=V6).tier is Tier.B
    convex = {"V5": {"st_shape": "convex"}}
    assert screened(RAISED, leads=V6 | convex).tier is Tier.A
    # III above II, depression in aVL, no positive sign: each excludes it
    assert screened(RAISED | {"III": 160.0}, leads=V6).tier is Tier.A
    assert screened(RAISED | {"aVL": -60.0}, leads=V6).tier is Tier.A
    assert screened(RAISED, leads={"V6": {"t_uv": 600.0}}).tier is Tier.A


def test_pr_depression_counts_as_the_positive_sign():
    raised = RAISED | {"II": 220.0}
    m = by_hand(raised, leads={n: {"tp_uv": 60.0, "t_uv": 700.0} for n in ("II", "V5", "V6")})
    shifted = replace(m, tp_measured=True)

    assert finding(screen(shifted, MAN_60), "PERICARDITIS").values["signs"] == ["PR depression"]


def test_aneurysm_by_hand():
    hit = {"V2": 240.0, "V3": 260.0}
    old = {n: {"r_uv": 0.0, "s_uv": 1500.0, "t_uv": 200.0, "q_uv": 0.0} for n in ("V1", "V2", "V3", "V4")}  # fmt: skip
    tall = {n: row | {"t_uv": 600.0} for n, row in old.items()}

    assert finding(screened(hit, leads=old), "LV_ANEURYSM").status is Status.MET
    assert finding(screened(hit, leads=tall), "LV_ANEURYSM").status is Status.NOT_MET
    assert finding(screened(hit), "LV_ANEURYSM").status is Status.NOT_MET
    outside = screened(hit | {"III": 200.0, "aVF": 200.0}, leads=old)
    assert finding(outside, "LV_ANEURYSM").status is Status.NOT_MET


def test_brugada_by_hand():
    coved = {"st_uv": (300.0, 240.0, 180.0, 120.0, 60.0), "t_uv": -200.0}
    both = {"V1": coved, "V2": coved}

    assert finding(screened({}, leads=both), "BRUGADA").status is Status.MET
    rising = {n: {"st_uv": (300.0, 310.0, 320.0, 330.0, 340.0), "t_uv": -200.0} for n in both}
    assert finding(screened({}, leads=rising), "BRUGADA").status is Status.NOT_MET
    beyond = screened({"V3": 300.0, "V4": 200.0}, leads=both)
    assert finding(beyond, "BRUGADA").status is Status.NOTE
    saddle = {"V2": {"st_uv": (300.0, 200.0, 150.0, 150.0, 200.0), "t_uv": 400.0}}
    assert "saddle" in finding(screened({}, leads=saddle), "BRUGADA").text_en


def test_takotsubo_is_a_note_beside_a_hit():
    report = screened({"V3": 220.0, "V4": 200.0, "V5": 150.0, "aVR": -60.0})

    assert finding(report, "TAKOTSUBO").status is Status.NOTE
    assert report.tier is Tier.A
    with_v1 = screened({"V1": 60.0, "V3": 220.0, "V4": 200.0, "V5": 150.0, "aVR": -60.0})
    assert finding(with_v1, "TAKOTSUBO").status is Status.NOT_MET
