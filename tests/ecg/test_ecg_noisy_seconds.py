"""Flags by second and the second detector's agreement: true where the fault is, silent where it is not."""

from dataclasses import replace

import numpy as np
import pytest

from ecg.screen import screen_segment
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import EcgSegment, PatientFacts

FACTS = PatientFacts(60, "M")


def _quiet() -> EcgSegment:
    return SyntheticPatient("normal", 21).segment(5000, 5000)


def _leads(segment: EcgSegment) -> dict[str, dict[str, object]]:
    leads: dict[str, dict[str, object]] = screen_segment(segment, FACTS).as_json()["quality"][
        "leads"
    ]
    return leads


def _with(segment: EcgSegment, lead: str, uv: np.ndarray) -> EcgSegment:
    adc = segment.adc.copy()
    row = segment.leads.index(lead)
    adc[row] = np.clip(adc[row] + uv / segment.uv_per_lsb, -32000, 32000).astype(adc.dtype)
    return replace(segment, adc=adc)


def test_a_quiet_record_has_no_flagged_second_and_two_detectors_of_one_mind() -> None:
    for name, lead in _leads(_quiet()).items():
        assert lead["seconds"] == {}, name
        assert lead["bsqi"] is not None


@pytest.mark.parametrize("lead", ["V2", "V5"])
def test_muscle_noise_is_flagged_in_its_lead_and_seconds_only(lead: str) -> None:
    segment = _quiet()
    noise = np.zeros(5000)
    noise[2000:3000] = np.random.default_rng(1).normal(0.0, 150.0, 1000)
    leads = _leads(_with(segment, lead, noise))
    assert leads[lead]["seconds"] == {"HF": [4, 5]}
    assert all(not other["seconds"] for name, other in leads.items() if name != lead)


def test_a_drift_is_flagged_where_it_happens() -> None:
    ramp = 3000.0 * np.clip((np.arange(5000) - 3000) / 1000.0, 0.0, 1.0)
    seconds = _leads(_with(_quiet(), "V3", ramp))["V3"]["seconds"]
    assert set(seconds) == {"DRIFT"}  # type: ignore[call-overload]  # JSON
    # the half second that ends or begins the ramp may carry its neighbour over the limit
    assert {6, 7} <= set(seconds["DRIFT"]) <= {5, 6, 7, 8}  # type: ignore[index]  # JSON


def test_a_limb_electrode_that_falls_off_flags_every_lead_from_that_second() -> None:
    segment = _quiet()
    adc = segment.adc.copy()
    adc[segment.leads.index("II"), 3500:] = 0
    leads = _leads(
        EcgSegment(**{**{f: getattr(segment, f) for f in segment.__dataclass_fields__}, "adc": adc})
    )
    assert set(leads["V6"]["seconds"]["FLAT"]) >= {7, 8, 9}  # type: ignore[index]  # JSON
    assert 2 not in leads["V6"]["seconds"]["FLAT"]  # type: ignore[index]  # JSON


def test_the_index_falls_in_the_lead_whose_beats_noise_hides() -> None:
    noise = np.random.default_rng(2).normal(0.0, 1.0, 5000)
    noise = 6000.0 * np.convolve(noise, np.hanning(25) / 25.0, "same")
    leads = _leads(_with(_quiet(), "V4", noise))
    others = [v["bsqi"] for n, v in leads.items() if n in {"I", "II", "V2", "V3", "V5", "V6"}]
    assert leads["V4"]["bsqi"] < 0.6 < min(others)  # type: ignore[type-var,operator]  # JSON
