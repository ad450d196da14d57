"""Other tables of thresholds, and the leads beyond twelve."""

import json
from importlib import resources

import numpy as np
import pytest
from ecg_cases import MAN_60, by_hand, screened
from typer.testing import CliRunner

from ecg.leads import EXTRA_LEADS, STANDARD_12
from ecg.screen import Tier, screen, screen_segment
from ecg.screen.thresholds import load_profile, profile_of_json, thresholds_for
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import EcgSegment, PatientFacts
from relay.cli import whole

UDMI4 = resources.files("ecg.screen.thresholds").joinpath("udmi4.json").read_text("utf-8")
MAN_30 = PatientFacts(30, "M")


def test_accf2013_knows_no_young_men():
    m = by_hand({"V2": 220.0, "V3": 220.0})

    assert screen(m, MAN_30).tier is Tier.D
    assert screen(m, MAN_30, "accf2013").tier is Tier.A
    assert screen(m, MAN_30, "accf2013").as_json()["thresholds"]["profile"] == "accf2013"


def test_accf2013_has_no_extended_leads():
    m = by_hand({"V7": 90.0, "V8": 90.0})

    assert screen(m, MAN_60).tier is Tier.A
    assert screen(m, MAN_60, "accf2013").tier is Tier.E


def test_a_hospital_brings_its_own_table():
    raw = json.loads(UDMI4)
    raw["profile"], raw["leads"]["III"] = "ours", dict.fromkeys(raw["leads"]["III"], 150)
    ours = profile_of_json(json.dumps(raw))
    m = by_hand({"III": 120.0, "aVF": 120.0})

    assert screen(m, MAN_60).tier is Tier.A
    assert screen(m, MAN_60, ours).tier is Tier.D
    assert thresholds_for(MAN_60, ours).profile == "ours"


@pytest.mark.parametrize(
    "harm",
    [
        lambda raw: raw["leads"].update(V10=raw["leads"]["V1"]),
        lambda raw: raw["leads"]["II"].pop("female"),
        lambda raw: raw["leads"]["II"].update(female=-5),
        lambda raw: raw["leads"].pop("V3"),
        lambda raw: raw.pop("profile_version"),
        lambda raw: raw.update(contiguity=[]),
        lambda raw: raw.update(leads=[1, 2]),
    ],
)
def test_a_broken_table_is_refused(harm):
    raw = json.loads(UDMI4)
    harm(raw)

    with pytest.raises(ValueError, match=r"profile|lead"):
        profile_of_json(json.dumps(raw))


def test_command_takes_a_profile(tmp_path):
    record = "sample_records/anterior_stemi"
    named = CliRunner().invoke(whole(), ["screen", record, "--profile", "accf2013", "--json"])
    file = tmp_path / "ours.json"
    file.write_text(UDMI4.replace('"udmi4"', '"ours"'))
    own = CliRunner().invoke(whole(), ["screen", record, "--profile", str(file), "--json"])
    wrong = CliRunner().invoke(whole(), ["screen", record, "--profile", "no-such-table"])

    assert json.loads(named.stdout)["thresholds"]["profile"] == "accf2013"
    assert json.loads(own.stdout)["thresholds"]["profile"] == "ours"
    assert wrong.exit_code == 2
    assert len(wrong.stderr.strip().splitlines()) == 1


def with_extra_leads(scenario: str, seed: int) -> EcgSegment:
    patient = SyntheticPatient(scenario, seed, noise="none")
    base = patient.segment(10_000, 5_000)
    extra = patient.extra_uv((10_000 + np.arange(5_000)) / 500.0)
    rows = [*base.adc, *(np.rint(extra[n] / 2.5).astype(np.int16) for n in EXTRA_LEADS)]
    return EcgSegment(np.array(rows), (*base.leads, *EXTRA_LEADS), 500.0, 2.5)


def test_posterior_infarction_is_a_hit_with_posterior_leads():
    whole = with_extra_leads("posterior-mi", 5)
    twelve = EcgSegment(whole.adc[:8], whole.leads[:8], 500.0, 2.5)

    without, report = screen_segment(twelve, MAN_60), screen_segment(whole, MAN_60)

    assert without.tier is Tier.C
    assert report.tier is Tier.A
    assert {"V7", "V8", "V9"} <= set(report.findings[0].leads)
    assert set(without.as_json()["st_j_uv"]) == set(STANDARD_12)
    shown = report.as_json()["st_j_uv"]
    assert set(shown) == {*STANDARD_12, *EXTRA_LEADS}
    assert shown["V8"] == pytest.approx(160 * (0.30 * 0.05 + 0.06 * 0.12 + 0.68 * 0.99), abs=15)


@pytest.mark.parametrize(
    ("patient", "tier"),
    [(MAN_60, Tier.A), (MAN_30, Tier.A), (PatientFacts(25, "M"), Tier.D), (PatientFacts(25, "F"), Tier.A)],
)  # fmt: skip
def test_right_leads_have_their_own_table(patient, tier):
    assert screened({"V3R": 60.0, "V4R": 60.0}).tier is Tier.A
    assert screen(by_hand({"V3R": 60.0, "V4R": 60.0}), patient).tier is tier


def test_profiles_that_ship_are_whole():
    for name in ("udmi4", "accf2013"):
        assert load_profile(name).name == name
