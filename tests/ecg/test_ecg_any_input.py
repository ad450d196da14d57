"""Any input gets a clear verdict: never an exception, never 'criteria not met' by default."""

import json

import numpy as np
import pytest
from ecg_cases import MAN_60, REPO, segment, window, with_uv
from hypothesis import given
from hypothesis import strategies as st

from ecg.conditioning.electrode_lights import electrode_lights
from ecg.leads import ALL_LEADS, INDEPENDENT_LEADS, STANDARD_12
from ecg.measure import measure
from ecg.screen import Tier, screen, screen_segment
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import EcgSegment, EcgWindow, window_of_segment

KEYS = [
    "tier",
    "st_j_uv",
    "st_j60_uv",
    "hr_bpm",
    "qrs_ms",
    "qtc_ms",
    "axis_deg",
    "qrs_uv",
    "t_uv",
    "quality",
    "findings",
    "thresholds",
    "version",
]


def verdict(view):
    report = screen(measure(view), MAN_60)
    shape = report.as_json()
    json.dumps(shape, allow_nan=False)
    assert list(shape) == KEYS
    assert list(shape["st_j_uv"])[:12] == list(STANDARD_12)
    assert report.findings[0].code == "SCREEN"
    if report.tier is Tier.Q:
        assert len(report.findings) >= 2 or "判読できず" in report.statement_ja
        assert report.findings[0].status == "UNREADABLE"
    return report


@given(
    fs=st.sampled_from([50.0, 100.0, 125.0, 250.0, 333.3, 360.0, 400.0, 500.0, 1000.0, 2000.0]),
    seconds=st.floats(0.0, 13.0),
    leads=st.lists(st.sampled_from(ALL_LEADS), unique=True, max_size=14),
    kind=st.sampled_from(["zero", "noise", "huge", "nan", "inf", "ramp", "spikes", "square"]),
    seed=st.integers(0, 99),
)
def test_garbage_is_answered_with_q(fs, seconds, leads, kind, seed):
    rng = np.random.default_rng(seed)
    shape = (len(leads), int(fs * seconds))
    uv = {
        "zero": lambda: np.zeros(shape),
        "noise": lambda: rng.normal(0, 100, shape),
        "huge": lambda: rng.normal(0, 1e7, shape),
        "nan": lambda: np.full(shape, np.nan),
        "inf": lambda: np.full(shape, np.inf),
        "ramp": lambda: np.broadcast_to(np.arange(shape[1]) * 3.0, shape).copy(),
        "spikes": lambda: (rng.random(shape) < 0.01) * 5000.0,
        "square": lambda: np.sign(np.sin(np.arange(shape[1]) * 0.02)) * np.ones(shape) * 1000,
    }[kind]()
    report = verdict(EcgWindow(uv, tuple(leads), fs))
    assert report.tier is Tier.Q


def test_flat_lines_say_that_electrodes_are_off():
    base = window()
    report = verdict(with_uv(base, np.zeros_like(base.uv)))
    assert report.tier is Tier.Q
    assert any("LEAD_OFF" in r for r in report.as_json()["quality"]["reasons"])


@pytest.mark.parametrize("lead", INDEPENDENT_LEADS)
def test_one_lead_off(lead):
    seg = segment("anterior-stemi", 2)
    adc = seg.adc.copy()
    adc[INDEPENDENT_LEADS.index(lead)] = 7
    report = screen_segment(EcgSegment(adc, seg.leads, 500.0, 2.5), MAN_60)
    if lead in {"I", "II"}:
        assert report.tier is Tier.Q
        assert all(q.grade == "off" for q in report.measurements.quality.leads.values())
    else:
        assert report.as_json()["st_j_uv"][lead] is None
        assert report.tier is Tier.A
        assert lead in " ".join(report.measurements.quality.reasons)
        assert lead not in report.findings[0].leads


def test_saturated_lead_is_excluded():
    seg = segment("normal", 2)
    adc = seg.adc.copy()
    adc[4] = 32767
    report = screen_segment(EcgSegment(adc, seg.leads, 500.0, 2.5), MAN_60)
    assert not report.measurements.readable("V3")
    # a converter that clips at 1 mV: plateaus with corners
    clipped = np.clip(seg.adc, -200, 200)
    report = screen_segment(EcgSegment(clipped.astype(np.int16), seg.leads, 500.0, 2.5), MAN_60)
    assert report.tier is not Tier.E


def test_sign_flipped_avr_is_refused():
    base = window("anterior-stemi")
    uv = base.uv.copy()
    uv[base.leads.index("aVR")] *= -1
    report = verdict(with_uv(base, uv))
    assert report.tier is Tier.Q
    assert report.measurements.quality.reasons == ("EINTHOVEN: aVR",)


def test_missing_leads():
    base = window("anterior-stemi")
    keep = [i for i, n in enumerate(base.leads) if n != "V4"]
    report = verdict(EcgWindow(base.uv[keep], tuple(base.leads[i] for i in keep), 500.0))
    assert report.tier is Tier.A
    assert report.as_json()["st_j_uv"]["V4"] is None
    limbless = [i for i, n in enumerate(base.leads) if n.startswith("V")]
    assert (
        verdict(EcgWindow(base.uv[limbless], tuple(base.leads[i] for i in limbless), 500.0)).tier
        is Tier.Q
    )


def test_gaps_of_missing_samples_are_not_measured():
    base = window("normal")
    uv = base.uv.copy()
    uv[:, 1000:1600] = np.nan
    m = measure(with_uv(base, uv))
    assert not m.rejected
    gap = [r - base.first_sample for r in m.r_samples]
    whole = measure(base)
    assert all(abs(m.leads[n].j_uv - whole.leads[n].j_uv) < 15 for n in m.leads)
    assert all("MISSING" in q.flags for q in m.quality.leads.values())
    assert gap


@pytest.mark.parametrize("seconds", [1, 2, 3, 5, 7, 11, 30, 300])
def test_other_lengths(seconds):
    report = screen_segment(segment("anterior-stemi", 2, first=0, n=500 * seconds), MAN_60)
    assert report.tier in {Tier.A, Tier.B, Tier.Q}
    if seconds >= 7:
        assert report.tier is Tier.A
    if seconds > 12:
        assert report.n_samples == 5000
        assert report.first_sample == 500 * seconds - 5000
    if seconds <= 2:
        assert report.tier is Tier.Q


def test_an_hour_is_answered_from_its_newest_ten_seconds():
    base = segment("anterior-stemi", 2, n=5000)
    adc = np.tile(base.adc, (1, 360))
    report = screen_segment(EcgSegment(adc, base.leads, 500.0, 2.5), MAN_60)
    assert report.tier is Tier.A
    assert report.first_sample == 359 * 5000


@given(
    order=st.permutations(range(12)), gain=st.sampled_from([0.5, 1.0, 5.0]), seed=st.integers(1, 5)
)
def test_lead_order_and_adc_step_change_nothing(order, gain, seed):
    base = window("anterior-stemi", seed)
    mixed = EcgWindow(
        base.uv[list(order)], tuple(base.leads[i] for i in order), 500.0, base.first_sample
    )
    assert screen(measure(mixed), MAN_60).as_json() == screen(measure(base), MAN_60).as_json()
    patient = SyntheticPatient("anterior-stemi", seed, uv_per_lsb=2.5 * gain)
    other = screen_segment(patient.segment(base.first_sample, 5000), MAN_60)
    first = screen(measure(base), MAN_60)
    assert other.tier is first.tier
    for n in STANDARD_12:
        assert other.measurements.leads[n].j_uv == pytest.approx(
            first.measurements.leads[n].j_uv, abs=8
        )


@pytest.mark.parametrize(
    "scenario", ["normal", "anterior-stemi", "inferior-stemi", "lbbb-stemi", "lateral-stemi"]
)
@pytest.mark.parametrize("fs", [250.0, 1000.0])
def test_the_sample_rate_does_not_change_the_tier(scenario, fs):
    reports = []
    for rate in (500.0, fs):
        patient = SyntheticPatient(scenario, 3, fs_hz=rate, noise="none")
        reports.append(screen_segment(patient.segment(round(40 * rate), round(10 * rate)), MAN_60))
    assert reports[0].tier is reports[1].tier
    for n in STANDARD_12:
        a, b = (r.measurements.leads[n].j_uv for r in reports)
        assert abs(a - b) < 30, (n, a, b)
    assert reports[1].measurements.r_samples[0] == pytest.approx(
        reports[0].measurements.r_samples[0] * fs / 500, abs=6 * fs / 500
    )


@given(shift=st.integers(0, 450), seed=st.integers(1, 4))
def test_a_shift_in_time_does_not_change_the_tier(shift, seed):
    patient = SyntheticPatient("inferior-stemi", seed)
    report = screen_segment(patient.segment(20_000 + shift, 5000), MAN_60)
    assert report.tier is Tier.A
    assert report.first_sample == 20_000 + shift


def test_the_limb_leads_stay_consistent_in_every_number():
    m = measure(window("inferior-stemi", noise="moderate"))
    j = {n: m.leads[n].j_uv for n in STANDARD_12}
    assert j["III"] == pytest.approx(j["II"] - j["I"], abs=1e-6)
    assert j["aVR"] == pytest.approx(-(j["I"] + j["II"]) / 2, abs=1e-6)
    assert j["aVL"] == pytest.approx(j["I"] - j["II"] / 2, abs=1e-6)
    assert j["aVF"] == pytest.approx(j["II"] - j["I"] / 2, abs=1e-6)


def test_the_same_bytes_give_the_same_report():
    seg = segment("anterior-stemi", 7, noise="ambulance")
    first = json.dumps(screen_segment(seg, MAN_60).as_json(), ensure_ascii=False)
    assert all(
        json.dumps(screen_segment(seg, MAN_60).as_json(), ensure_ascii=False) == first
        for _ in range(10)
    )


def test_importing_ecg_loads_numpy_at_most():
    import subprocess
    import sys

    code = "import sys, ecg.screen, ecg.course.comparison; print([m for m in ('scipy', 'matplotlib', 'wfdb', 'pandas') if m in sys.modules])"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPO
    )
    assert out.stdout.strip() == "[]"


def test_electrode_lights():
    seg = segment("normal", 3, n=2000)
    assert set(electrode_lights(seg).values()) == {"good"}
    assert set(electrode_lights(seg)) == set(STANDARD_12)
    adc = seg.adc.copy()
    adc[4] = 0
    assert electrode_lights(EcgSegment(adc, seg.leads, 500.0, 2.5))["V3"] == "off"
    adc[0] = 0
    lights = electrode_lights(EcgSegment(adc, seg.leads, 500.0, 2.5))
    assert lights["I"] == "off"
    assert lights["II"] == "noisy"
    assert lights["aVL"] == "off"
    rng = np.random.default_rng(1)
    rough = (seg.adc + rng.normal(0, 40, seg.adc.shape)).astype(np.int16)
    assert set(electrode_lights(EcgSegment(rough, seg.leads, 500.0, 2.5)).values()) == {"noisy"}
    assert set(electrode_lights(segment("normal", 3, n=4)).values()) == {"off"}
    assert window_of_segment(seg).leads == STANDARD_12
