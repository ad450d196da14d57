"""Measurements written by hand, and windows of the synthetic patient, for the ECG tests."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg.beat.measurements import LeadMeasurement, Measurements
from ecg.conditioning.quality import Grade, Label, LeadQuality, RecordQuality
from ecg.leads import STANDARD_12
from ecg.screen import ScreenReport, screen
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import EcgSegment, EcgWindow, PatientFacts, window_of_segment

REPO = Path(__file__).resolve().parents[2]
RECORDS = REPO.parent / "shared" / "records"
MAN_60 = PatientFacts(60, "M")

_PLAIN = LeadMeasurement(
    st_uv=(0.0,) * 5, r_uv=800.0, s_uv=300.0, qrs_area_uv_ms=9000.0, t_uv=200.0, r_peak_ms=35.0, n_beats=10
)  # fmt: skip


def by_hand(
    j_uv: dict[str, float] | None = None,
    *,
    unreadable: tuple[str, ...] = (),
    qrs_ms: float = 90.0,
    leads: dict[str, dict[str, float]] | None = None,
    **facts: object,
) -> Measurements:
    """Measurements with J levels by lead (0 elsewhere) and any other lead quantity replaced."""
    made = {}
    extra = [n for n in (j_uv or {}) if n not in STANDARD_12]
    for name in (*STANDARD_12, *extra):
        level = (j_uv or {}).get(name, 0.0)
        lead = replace(_PLAIN, st_uv=(level,) * 5)
        made[name] = replace(lead, **(leads or {}).get(name, {}))
    quality = {n: LeadQuality(Grade.BAD if n in unreadable else Grade.GOOD, (), 10.0) for n in made}
    label = Label.LIMITED if unreadable else Label.GOOD
    m = Measurements(
        first_sample=0, n_samples=5000, fs_hz=500.0,
        quality=RecordQuality(label, (), quality), leads=made, hr_bpm=70.0, qrs_ms=qrs_ms, qt_ms=400.0,
        r_samples=tuple(range(0, 5000, 450)), n_beats_all=11,
    )  # fmt: skip
    return replace(m, **facts)


def screened(
    j_uv: dict[str, float], patient: PatientFacts = MAN_60, **more: object
) -> ScreenReport:
    """The report on hand-built measurements."""
    return screen(by_hand(j_uv, **more), patient)


def segment(scenario: str = "normal", seed: int = 1, first: int = 20_000, n: int = 5_000, **how: object) -> EcgSegment:  # fmt: skip
    """A stretch of a synthetic patient."""
    return SyntheticPatient(scenario, seed, **how).segment(first, n)


def window(scenario: str = "normal", seed: int = 1, **how: object) -> EcgWindow:
    """The microvolt view of ten seconds of a synthetic patient."""
    return window_of_segment(segment(scenario, seed, **how))


def with_uv(view: EcgWindow, uv: np.ndarray) -> EcgWindow:
    """The same window with other samples and no rail."""
    return EcgWindow(uv, view.leads, view.fs_hz, view.first_sample)


def manifest() -> list[dict[str, str]]:
    """Rows of the real records' manifest; skips the test where the records are absent."""
    path = RECORDS / "MANIFEST.csv"
    if not path.is_file():
        pytest.skip("the real records are not here (../shared/records)")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
