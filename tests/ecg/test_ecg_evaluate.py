"""``kyumei evaluate``: its arithmetic on hand-made numbers, its tables on the records that ship."""

import json
import shutil

import numpy as np
import pytest
from ecg_cases import REPO
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ecg.detecting.detect import detected_beats
from ecg.synthetic.patient import SyntheticPatient
from relay.bench.evaluate import evaluate, truly_met
from relay.bench.evaluation_tables import as_text, tables
from relay.bench.labelled import Labelled, find_labelled
from relay.bench.scores import match, predictive_value, wilson
from relay.cli import whole

SAMPLES = REPO / "sample_records"


def test_wilson_interval_of_published_examples():
    # 0 of 20: upper bound z²/(n+z²); 81 of 263: Newcombe 1998, table I
    assert wilson(0, 20).high == pytest.approx(3.8415 / 23.8415, abs=1e-4)
    assert (wilson(81, 263).low, wilson(81, 263).high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_predictive_value_of_the_brief():
    assert predictive_value(0.928, 0.987, 0.011) == pytest.approx(0.44, abs=0.01)
    assert predictive_value(0.95, 0.995, 0.011) == pytest.approx(0.68, abs=0.01)
    assert predictive_value(0.0, 1.0, 0.05) is None


def test_matching_counts_each_beat_once():
    found, reference = np.array([100, 130, 600, 900]), np.array([110, 610, 1500])

    matched = match(found, reference, 500.0, 150.0)

    assert (matched.hits, matched.missed, matched.extra) == (2, 1, 2)
    assert matched.errors_ms == (-20.0, -20.0)


@given(st.lists(st.integers(0, 5000), unique=True, max_size=30), st.sampled_from([25.0, 150.0]))
def test_a_perfect_detector_matches_everything(samples, limit):
    beats = np.array(sorted(samples), dtype=np.int64)

    matched = match(beats, beats, 500.0, limit)

    assert (matched.hits, matched.missed, matched.extra) == (beats.size, 0, 0)
    assert set(matched.errors_ms) <= {0.0}


def test_beats_of_two_minutes_have_no_seam():
    patient = SyntheticPatient("normal", 41, noise="ambulance")
    segment = patient.segment(0, 60_000)
    true = np.array([round(b.r_sample) for b in patient.truth(0, 60_000)])

    found = detected_beats(segment.adc * 2.5, 500.0)

    found = found[(found > true[0] - 75) & (found < true[-1] + 75)]
    matched = match(found, true, 500.0, 25.0)
    assert matched.missed + matched.extra <= 1
    assert np.std(matched.errors_ms) < 4


def test_one_lead_and_no_lead():
    segment = SyntheticPatient("normal", 42).segment(0, 15_000)

    one = detected_beats(segment.adc[1:2] * 2.5, 500.0)

    assert 33 <= one.size <= 38
    assert detected_beats(np.zeros((2, 15_000)), 500.0).size == 0
    assert detected_beats(np.full((1, 400), np.nan), 500.0).size == 0


def test_truth_is_judged_by_the_table():
    from ecg.values import PatientFacts

    flat = dict.fromkeys(("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"), 0.0)  # fmt: skip
    met, margin = truly_met(flat | {"V3": 230.0, "V4": 160.0}, PatientFacts(60, "M"))

    assert (met, margin) == (True, 30.0)
    assert not truly_met(flat | {"V3": 230.0, "V4": 160.0}, PatientFacts(30, "M"))[0]
    assert truly_met(flat | {"aVR": -120.0, "II": 110.0}, PatientFacts(60, "M"))[0]


def test_sample_records_are_judged_against_their_truth():
    result = tables(evaluate(find_labelled(SAMPLES)))

    assert result["records"] == 8
    assert result["unread"] == []
    beats = result["detector"][0]
    assert beats["at_150_ms"]["sensitivity"]["share"] == 1.0
    assert abs(result["st_uv"]["error"]["mean"]) < 5
    assert result["fiducials_ms"]["truth"]["j"]["sd"] < 6
    assert result["criteria_against_truth"]["margin >= 50 uV"]["share"] == 1.0
    by_group = {row["group"]: row for row in result["tiers_by_group"]}
    assert by_group["anterior-stemi"]["A"] == 2
    json.dumps(result, allow_nan=False)
    assert "| anterior-stemi | 2 | 2 |" in as_text(result)


def test_two_processes_judge_as_one_does_and_in_the_same_order(tmp_path):
    records = [*find_labelled(SAMPLES)[:3], Labelled(tmp_path / "gone", "gone")]
    told = []
    assert evaluate(records, told.append, jobs=2) == evaluate(records)
    assert told == [record.name for record in records]


def test_manifest_gives_labels_age_and_scale(tmp_path):
    for name in ("normal.hea", "normal.dat", "anterior_stemi.hea", "anterior_stemi.dat"):
        shutil.copy(SAMPLES / name, tmp_path / name)
    (tmp_path / "MANIFEST.csv").write_text(
        "path,group,age,sex,mv_ok,n_leads\n"
        "normal,NORM,33,male,yes,12\nanterior_stemi,STEMI,60,F,yes,12\nabsent,NORM,1,F,yes,12\n"
    )

    result = tables(evaluate(find_labelled(tmp_path)))

    assert {r["group"]: (r["A"], r["n"]) for r in result["tiers_by_group"]} == {
        "NORM": (0, 1),
        "STEMI": (1, 1),
    }
    assert result["false_positives"]["negative"]["a"]["n"] == 1
    assert result["sensitivity"]["a"]["share"] == 1.0
    assert [r["prevalence"] for r in result["predictive_value"][:3]] == [0.01, 0.05, 0.1]
    assert result["detector"] == []


def test_command_prints_json_and_writes_a_report(tmp_path):
    for name in ("inferior_stemi.hea", "inferior_stemi.dat", "inferior_stemi.truth.json"):
        shutil.copy(SAMPLES / name, tmp_path / name)
    broken = tmp_path / "broken.hea"
    broken.write_text("broken 1 500 10\nmissing.dat 16 400 16 0 0 0 0 I\n")

    told = CliRunner().invoke(whole(), ["evaluate", str(tmp_path), "--json"])

    assert told.exit_code == 0
    result = json.loads(told.stdout)
    assert [u["record"] for u in result["unread"]] == ["broken"]
    assert result["records"] == 1


@pytest.mark.slow
def test_report_folder_holds_tables_and_pictures(tmp_path, monkeypatch):
    from relay.bench import evaluation_report

    monkeypatch.setattr(evaluation_report, "_SEEDS", 1)
    evaluation = evaluate(find_labelled(SAMPLES))

    files = evaluation_report.write_report(tmp_path, evaluation, tables(evaluation), lambda _n: None)  # fmt: skip

    names = {path.name for path in files}
    assert {
        "report.md",
        "report.json",
        "tiers.png",
        "bland-altman.png",
        "noise-ladder.png",
    } <= names
    assert all(path.stat().st_size > 500 for path in files)


def test_misuse_is_one_sentence(tmp_path):
    for given_path in (tmp_path / "none", tmp_path):
        told = CliRunner().invoke(whole(), ["evaluate", str(given_path)])
        assert told.exit_code == 2
        assert len(told.stderr.strip().splitlines()) == 1


def test_a_sweep_goes_on_where_it_stopped(tmp_path):
    from relay.bench.sweep import one, rows_of, summary, sweep

    path = tmp_path / "sweep.jsonl"
    sweep(path, 4, 1, lambda _n: None)
    whole = path.read_text().splitlines()
    path.write_text("\n".join(whole[:2]) + "\n" + whole[2][:30])

    count = sweep(path, 6, 1, lambda _n: None)

    rows = {row["i"]: row for row in rows_of(path)}
    assert count == 6
    assert sorted(rows) == list(range(6))
    assert rows[2] == one(2)
    assert "| records |" in summary(rows_of(path))
