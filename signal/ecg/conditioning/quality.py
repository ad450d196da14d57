"""How far the signal can be trusted: per lead and second, per lead, and for the whole record.

Source: clinical brief §2.10. The rules look at raw samples first (``ecg.conditioning.raw_faults``) and at what the
beats disagree about afterwards.

Deviations:
    * HF noise is measured between the QRS complexes instead of after subtracting the mean beat;
      MOTION is measured per beat after subtracting it.
    * bSQI (two detectors, ``ecg.detecting.second_detector``) is reported and grades nothing (ADR 0034): each beat's
      multi-lead correlation with its template and the standard error say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ecg.leads import DERIVED_LEADS, PRECORDIAL, STANDARD_12, derive_limb_leads
from ecg.values import EcgWindow

Bool = npt.NDArray[np.bool_]
# Where no other source is named, a value is the clinical brief's (engineering judgement there too).
EINTHOVEN_RMS_UV = 20.0
"""Largest deviation of a derived limb lead from I and II."""
HF_LIMITS_UV = (15.0, 30.0, 60.0)
MOTION_LIMITS_UV = (30.0, 60.0, 100.0)
"""Rms that good, fair and poor leads stay below: muscle noise, and what differs from beat to beat."""
READABLE_SE_UV = 40.0
"""Standard error of J above which a lead is unreadable (ADR 0015)."""
LIMITED_SE_UV = 25.0
"""Standard error of J above which the record is LIMITED."""
FEWEST_BEATS, ENOUGH_BEATS = 3, 6
"""Usable beats below which a record is REJECT, and LIMITED."""
MOST_CHEST_LOST = 3
"""Chest leads that a record may lose before it is REJECT."""
SECOND_FLAGS = ("FLAT", "SAT", "STEP", "MISSING", "DRIFT", "HF")
PQ_MOTION = 0.05
"""Largest movement of the PQ level within 16 ms, as a share of the QRS, that still is a baseline (ADR 0015)."""


class Grade(StrEnum):
    """Quality of one lead; ``bad`` and ``off`` leads take no part in any criterion."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    BAD = "bad"
    OFF = "off"


class Label(StrEnum):
    """Quality of the record."""

    GOOD = "GOOD"
    LIMITED = "LIMITED"
    REJECT = "REJECT"


_RANK = {grade: rank for rank, grade in enumerate(Grade)}


def rank(grade: Grade) -> int:
    """0 for the best grade, growing to the worst."""
    return _RANK[grade]


def worst(*grades: Grade) -> Grade:
    """The worst of several grades."""
    return max(grades, key=rank)


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """Quality of one lead.

    Attributes:
        grade: overall.
        flags: why, in words of the brief: FLAT, SAT, STEP, MISSING, HF, MOTION, SE, FEW_BEATS.
        st_se_uv: standard error of its J level, None where nothing was measured.
        seconds: disturbed seconds by flag (``SECOND_FLAGS``), from 0 at the start of the measured stretch.
        agreement: of a second detector in this lead alone with the beats, 0..1; None without beats.
    """

    grade: Grade
    flags: tuple[str, ...] = ()
    st_se_uv: float | None = None
    seconds: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    agreement: float | None = None

    @property
    def readable(self) -> bool:
        """Whether a criterion may use the lead."""
        return self.grade is not Grade.BAD and self.grade is not Grade.OFF


@dataclass(frozen=True, slots=True)
class RecordQuality:
    """Quality of the record and of each lead.

    Attributes:
        label: GOOD, LIMITED or REJECT.
        reasons: stable codes with details, e.g. ``"LEAD_OFF: V4"``; empty when GOOD.
        leads: by lead name.
    """

    label: Label
    reasons: tuple[str, ...]
    leads: dict[str, LeadQuality]


def einthoven_mismatch(window: EcgWindow) -> tuple[str, ...]:
    """Derived limb leads that differ from I and II by more than 20 µV rms; empty when all agree.

    Such a record has a mapping, gain or sign error (a sign-flipped aVR, say): it must be refused,
    it is not a state of the patient.
    """
    if window.derived or "I" not in window.leads or "II" not in window.leads:
        return ()
    expected = derive_limb_leads(window.row("I"), window.row("II"))
    wrong = []
    for name in DERIVED_LEADS:
        if name in window.leads:
            error = window.row(name) - expected[name]
            total = float(error @ error)
            if not np.isfinite(total):
                error = error[np.isfinite(error)]
                total = float(error @ error)
            if error.size and total / error.size > EINTHOVEN_RMS_UV**2:
                wrong.append(name)
    return tuple(wrong)


def graded(value_uv: float, limits_uv: tuple[float, float, float]) -> Grade:
    """Grade of a noise level against (good, fair, poor) upper limits."""
    for limit, grade in zip(limits_uv, (Grade.GOOD, Grade.FAIR, Grade.POOR), strict=True):
        if value_uv < limit:
            return grade
    return Grade.BAD


def _neighbours_left(leads: dict[str, LeadQuality]) -> bool:
    """Whether two neighbouring chest leads can be read (with every limb lead in doubt)."""
    fine = [n in leads and leads[n].readable for n in PRECORDIAL]
    return any(a and b for a, b in pairwise(fine))


def label_record(
    leads: dict[str, LeadQuality], n_beats: int, refusals: tuple[str, ...]
) -> RecordQuality:
    """The record's label from its leads.

    GOOD: all twelve leads at most fair and six beats. REJECT: a limb electrode off, fewer than three
    usable beats, more than three chest leads lost, or no two neighbours left to compare. LIMITED: anything
    between; a lead that noise hides is withheld alone, and the screen gives no "not met" for a region that nobody
    could look at.

    Args:
        leads: quality by lead name; a standard lead that is absent counts as lost.
        n_beats: usable beats.
        refusals: reasons that refuse the record whatever its leads are like.
    """
    lost = [n for n in STANDARD_12 if n not in leads or not leads[n].readable]
    lost_chest = [n for n in lost if n in PRECORDIAL]
    lost_limb = [n for n in lost if n not in PRECORDIAL]
    reject = list(refusals)
    limb_off = any(n not in leads or leads[n].grade is Grade.OFF for n in lost_limb)
    if limb_off or (lost_limb and not _neighbours_left(leads)):
        reject.append("LIMB_LEAD_LOST: " + ",".join(lost_limb))
    if n_beats < FEWEST_BEATS and not refusals:
        reject.append(f"FEW_BEATS: {n_beats}")
    if len(lost_chest) > MOST_CHEST_LOST:
        reject.append("CHEST_LEADS_LOST: " + ",".join(lost_chest))
    if reject:
        return RecordQuality(Label.REJECT, tuple(reject), leads)
    limits = []
    if lost:
        limits.append("LEADS_EXCLUDED: " + ",".join(lost))
    noisy = [
        n
        for n, q in leads.items()
        if q.st_se_uv is not None and q.readable and q.st_se_uv > LIMITED_SE_UV
    ]
    if noisy:
        limits.append("ST_UNCERTAIN: " + ",".join(noisy))
    poor = [n for n in STANDARD_12 if leads.get(n) and leads[n].grade is Grade.POOR]
    if poor:
        limits.append("NOISY: " + ",".join(poor))
    if n_beats < ENOUGH_BEATS:
        limits.append(f"BEATS: {n_beats}")
    return RecordQuality(Label.LIMITED if limits else Label.GOOD, tuple(limits), leads)
