"""The synthetic patient: any chunking gives the same bytes, the physics hold, the truth is exact."""

import numpy as np
import pytest
from ecg_cases import segment
from hypothesis import given
from hypothesis import strategies as st

from ecg.leads import INDEPENDENT_LEADS
from ecg.synthetic.patient import SCENARIOS, SyntheticPatient

WHOLE = SyntheticPatient("evolving-anterior-stemi", 5, noise="severe").segment(0, 12_000).adc


@given(cuts=st.lists(st.integers(1, 900), min_size=1, max_size=30), start=st.integers(0, 4000))
def test_any_cut_gives_the_same_bytes(cuts, start):
    patient = SyntheticPatient("evolving-anterior-stemi", 5, noise="severe")
    at = start
    for n in cuts:
        n = min(n, 12_000 - at)
        assert (patient.segment(at, n).adc == WHOLE[:, at : at + n]).all()
        at += n


def test_hours_later_is_reached_directly_and_cheaply():
    at = 4 * 3600 * 500
    walked = SyntheticPatient("normal", 3)
    walked.segment(at - 5000, 2500)
    assert (walked.segment(at, 500).adc == SyntheticPatient("normal", 3).segment(at, 500).adc).all()


def test_scenarios_named_for_the_other_rooms_exist():
    wanted = {
        "normal",
        "evolving-anterior-stemi",
        "inferior-stemi",
        "lbbb",
        "lvh",
        "early-repolarisation",
        "atrial-fibrillation",
        "arm-reversal",
    }
    assert wanted <= set(SCENARIOS)
    assert SyntheticPatient("normal", 1).leads == INDEPENDENT_LEADS
    with pytest.raises(ValueError, match="choose one of"):
        SyntheticPatient("no such", 1)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_is_finite_and_not_clipped(scenario):
    adc = segment(scenario, 2, noise="severe").adc
    assert np.abs(adc.astype(int)).max() < 32_000
    assert np.ptp(adc, axis=1).min() > 40


def test_truth_is_the_clean_signal_at_its_instants():
    patient = SyntheticPatient("anterior-stemi", 4, noise="none", uv_per_lsb=0.5)
    seg = patient.segment(5000, 5000)
    for beat in patient.truth(5000, 5000)[1:-1]:
        at = round(beat.j_sample) - 5000
        pq = slice(round(beat.onset_sample) - 5000 - 12, round(beat.onset_sample) - 5000 - 2)
        v3 = seg.adc[4] * 0.5
        assert v3[at] - v3[pq].mean() == pytest.approx(beat.st_uv["V3"][0], abs=25)


def test_electrode_pops_decay_over_the_seam_between_blocks():
    from ecg.synthetic.noise import ElectrodeNoise

    noise = ElectrodeNoise("severe", 5, 500.0)
    seams = 0
    for block in range(200):
        t_s = (block * 500 + np.arange(500)) / 500
        before, after = noise._pops(block, t_s), noise._pops(block + 1, t_s + 1)
        standing = np.abs(before[:, -1]) > 0.3
        seams += int(standing.sum())
        assert np.abs(after[:, 0] - before[:, -1])[standing].max(initial=0.0) < 0.02
    assert seams > 3


def test_evolving_stemi_is_quiet_then_high():
    patient = SyntheticPatient("evolving-anterior-stemi", 9, noise="none")
    early = patient.truth(0, 14 * 500)
    late = patient.truth(45 * 500, 10 * 500)
    assert max(abs(b.st_uv["V3"][0]) for b in early) < 20
    assert min(b.st_uv["V3"][0] for b in late) > 400
