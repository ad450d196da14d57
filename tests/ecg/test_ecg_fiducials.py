"""Where J lies in slurred beats, where there is no baseline, and where no beat may be lost."""

from dataclasses import replace

import numpy as np
import pytest
from ecg_cases import MAN_60, by_hand

from ecg.beat.fiducials import Fiducials, find_fiducials
from ecg.beat.quantities import pq_motion
from ecg.conditioning.quality import PQ_MOTION, Label, label_record
from ecg.measure import measure
from ecg.screen import Tier, screen
from ecg.synthetic.pathology import HEARTS
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import window_of_segment


def drawn_beat(slur_uv: float, decay_ms: float, st_uv: float = 0.0, slope: float = 0.0):
    """Eight alike leads: a triangle QRS of 54 ms that ends ``slur_uv`` above ST and dies away into it."""
    t_ms = 2.0 * (np.arange(480) - 160)
    row = np.interp(t_ms, [-27.0, 0.0, 27.0], [0.0, 2500.0, st_uv + slur_uv])
    after = t_ms - 27.0
    tail = st_uv + slope * after + slur_uv * np.exp(-after / decay_ms)
    row = np.where(after > 0, tail, row)
    smooth = np.convolve(np.pad(row, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    return np.stack([smooth * g for g in (0.5, 1.0, -0.3, -0.5, 0.3, 0.8, 1.0, 0.9)])


def test_j_waits_for_the_end_of_a_slur():
    beat = drawn_beat(slur_uv=250.0, decay_ms=14.0)

    found = find_fiducials(beat, 160)

    assert abs(beat[1, found.j]) < 60


def test_j_does_not_run_up_the_slope_of_a_stemi():
    flat = find_fiducials(drawn_beat(0.0, 14.0, st_uv=300.0), 160)
    rising = find_fiducials(drawn_beat(0.0, 14.0, st_uv=300.0, slope=4.0), 160)

    assert rising.j <= flat.j + 2


def test_a_moving_line_before_the_qrs_is_no_baseline():
    still, moving = np.zeros((8, 480)), np.zeros((8, 480))
    for beat in (still, moving):
        beat[:, 140:185] = 1500.0 * np.hanning(45)
    moving[:, :140] = np.linspace(-4000, 0, 140)

    assert pq_motion(still, Fiducials(140, 185, None, 160)) < 0.01
    assert pq_motion(moving, Fiducials(140, 185, None, 160)) > PQ_MOTION


def test_no_baseline_is_no_answer():
    m = by_hand({"III": 300.0, "aVF": 300.0})
    refused = label_record(m.quality.leads, 10, ("NO_BASELINE: the line before the QRS is not still",))  # fmt: skip

    report = screen(replace(m, quality=refused), MAN_60)

    assert refused.label is Label.REJECT
    assert report.tier is Tier.Q
    assert report.as_json()["st_j_uv"]["III"] is None
    assert "no still line" in report.statement_en


@pytest.mark.parametrize("hr_bpm", [40, 100, 149, 150, 151, 170])
def test_beats_are_found_at_every_rate(hr_bpm):
    heart = replace(HEARTS["anterior-stemi"](), hr_bpm=float(hr_bpm))
    segment = SyntheticPatient("anterior-stemi", 3, noise="light", heart=heart).segment(10_000, 5_000)  # fmt: skip

    m = measure(window_of_segment(segment))

    assert m.hr_bpm == pytest.approx(hr_bpm, rel=0.02)
    assert screen(m, MAN_60).tier is Tier.A


@pytest.mark.parametrize("hr_bpm", [100, 112, 118])
def test_a_wide_qrs_at_a_high_rate_is_measured(hr_bpm):
    heart = replace(HEARTS["rbbb"](), hr_bpm=float(hr_bpm))
    patient = SyntheticPatient("rbbb", 5, heart=heart)

    m = measure(window_of_segment(patient.segment(10_000, 5_000)))

    truth = patient.truth(10_000, 5_000)
    for lead, one in m.leads.items():
        assert one.j_uv == pytest.approx(np.mean([b.st_uv[lead][0] for b in truth]), abs=25)
    assert m.qrs_ms == pytest.approx(130, abs=10)
