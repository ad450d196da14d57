"""Real records with labels: every one is answered, healthy ones raise no alarm, QRS ends agree."""

import json
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from ecg_cases import RECORDS, manifest

from ecg.detecting.standstill import StandstillVerdict
from ecg.screen import Tier, screen_segment
from ecg.values import EcgSegment, PatientFacts
from relay.imports.wfdb_record import read_wfdb
from tests.ecg.test_ecg_standstill import looks

pytestmark = [pytest.mark.records, pytest.mark.slow]


def patient_of(row):
    age = int(float(row["age"])) if row["age"].replace(".", "").isdigit() else None
    return PatientFacts(
        age if age is not None and age <= 130 else None,
        {"m": "M", "f": "F"}.get(row["sex"][:1].lower()),
    )


@pytest.fixture(scope="module")
def reports():
    """Row, segment and report of the first ten seconds of every 12-lead record."""
    out = []
    for row in manifest():
        if int(row["n_leads"]) < 12:
            continue
        segment = read_wfdb(RECORDS / row["path"]).segment
        n = round(10 * segment.fs_hz)
        segment = EcgSegment(segment.adc[:, :n], segment.leads, segment.fs_hz, segment.uv_per_lsb)
        out.append((row, segment, screen_segment(segment, patient_of(row))))
    return out


def test_every_record_is_answered(reports):
    tiers = defaultdict(Counter)
    for row, _segment, report in reports:
        json.dumps(report.as_json(), allow_nan=False)
        assert report.tier is not Tier.Q or len(report.findings) > 1
        tiers[row["group"] if row["mv_ok"] == "yes" else "SCALE_UNKNOWN"][report.tier.value] += 1
    for group, counts in sorted(tiers.items()):
        print(f"{group:24s} {sum(counts.values()):4d} {dict(sorted(counts.items()))}")
    assert len(reports) > 200


def test_healthy_records_raise_no_tier_a(reports):
    healthy = [
        r
        for row, _s, r in reports
        if row["group"] in {"NORM", "NORM_OR_MINOR"} and row["mv_ok"] == "yes"
    ]
    counts = Counter(r.tier.value for r in healthy)
    print(f"NORM and NORM_OR_MINOR: n={len(healthy)} {dict(counts)}")
    assert len(healthy) > 40
    assert counts["A"] <= round(0.005 * len(healthy))
    assert counts["Q"] <= 0.05 * len(healthy)


def test_lvh_records_raise_no_tier_a(reports):
    big = [r for row, _s, r in reports if row["group"].startswith("LVH") and row["mv_ok"] == "yes"]
    counts = Counter(r.tier.value for r in big)
    print(f"LVH: n={len(big)} {dict(counts)}")
    assert counts["A"] <= 0.1 * len(big)


def test_records_labelled_stemi_are_listed(reports):
    labelled = [
        (row, r)
        for row, _s, r in reports
        if row["group"] in {"STEMI", "STEMI_SIMULATED", "ACUTE_MI_2_10_DAYS"}
    ]
    for row, report in labelled:
        print(
            f"{row['dataset']}/{row['record']:20s} {row['group']:20s} {report.tier.value} {report.statement_en[:110]}"
        )
    simulated = [r for row, r in labelled if row["group"] == "STEMI_SIMULATED"]
    assert [r.tier.value for r in simulated] == ["A"]


def _annotated(path, r_sample, leads):
    """Median over leads of the hand-marked QRS onset and end nearest to a beat."""
    import wfdb

    on, off = [], []
    for lead in leads:
        marks = wfdb.rdann(str(path), lead)
        where = [
            i
            for i, s in enumerate(marks.symbol)
            if s == "N" and abs(marks.sample[i] - r_sample) < 60
        ]
        for i in where:
            if i and marks.symbol[i - 1] == "(":
                on.append(marks.sample[i - 1])
            if i + 1 < len(marks.symbol) and marks.symbol[i + 1] == ")":
                off.append(marks.sample[i + 1])
    return (np.median(on) if len(on) >= 4 else None, np.median(off) if len(off) >= 4 else None)


def test_qrs_onset_and_end_against_hand_marks(reports):
    on, off = [], []
    for row, segment, report in reports:
        m = report.measurements
        if row["dataset"] != "ludb" or m.beat is None:
            continue
        r = m.r_samples[len(m.r_samples) // 2]
        marked_on, marked_off = _annotated(
            RECORDS / row["path"], r, ("i", "ii", "v1", "v2", "v3", "v5")
        )
        if marked_on is not None:
            on.append(2 * (r - 160 + m.beat.onset - marked_on))
        if marked_off is not None:
            off.append(2 * (r - 160 + m.beat.j - marked_off))
        assert segment.fs_hz == 500
    print(
        f"LUDB n={len(on)}: onset {np.mean(on):+.1f} ± {np.std(on):.1f} ms (median {np.median(on):+.1f}), end {np.mean(off):+.1f} ± {np.std(off):.1f} ms (median {np.median(off):+.1f})"
    )
    assert len(off) > 80
    assert abs(np.mean(off)) <= 4
    assert np.std(off) <= 9
    assert abs(np.mean(on)) <= 5
    assert np.std(on) <= 14


def test_no_real_heart_is_said_to_stand_and_one_that_loses_its_qrs_is(reports):
    """The figures of docs/clinical/standstill.md: at 6 % of its size a QRS is a P wave's."""
    beating, losing = Counter(), Counter()
    for _row, segment, _report in reports:
        beating.update(r.verdict for r in looks(segment).values())
        if segment.n_samples < 8 * segment.fs_hz:
            continue
        small = np.rint(0.06 * segment.adc)
        small += segment.adc[:, -1:] - small[:, :1]
        adc = np.clip(np.concatenate([segment.adc, small], axis=1), -32_000, 32_000)
        whole = replace(segment, adc=adc.astype(np.int16))
        losing[looks(whole)[int(whole.n_samples / whole.fs_hz)].verdict] += 1
    print(dict(beating), dict(losing))
    assert beating[StandstillVerdict.STANDSTILL] == 0
    assert beating[StandstillVerdict.UNREADABLE] <= 0.005 * beating.total() + 3 * len(reports)
    assert losing[StandstillVerdict.QRS_SEEN] == 0
    assert losing[StandstillVerdict.STANDSTILL] >= 0.98 * losing.total()
