"""How far the signal can be trusted: per lead and second, per lead, and for the whole record.

Source: clinical brief §2.10. The rules look at raw samples first (before any filter can hide a
fault) and at what the beats disagree about afterwards.

Deviations:
    * FLAT needs another lead to be active at the same time: at 40/min a clean TP segment is flat
      for half a second too.
    * HF noise is measured between the QRS complexes instead of after subtracting the mean beat;
      MOTION is measured per beat after subtracting it.
    * bSQI (two detectors, ``ecg.detecting.second_detector``) is reported and grades nothing (ADR 0034): each beat's
      multi-lead correlation with its template and the standard error say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ecg.hot import kernel
from ecg.leads import DERIVED_LEADS, PRECORDIAL, STANDARD_12, derive_limb_leads
from ecg.values import EcgSegment, EcgWindow, Float

Bool = npt.NDArray[np.bool_]

FLAT_UV = 10.0
ACTIVE_UV = 200.0
STEP_UV = 1000.0
EINTHOVEN_RMS_UV = 20.0
HF_LIMITS_UV = (15.0, 30.0, 60.0)
MOTION_LIMITS_UV = (30.0, 60.0, 100.0)
READABLE_SE_UV = 40.0
LIMITED_SE_UV = 25.0
SECOND_FLAGS = ("FLAT", "SAT", "STEP", "MISSING", "DRIFT", "HF")
PQ_MOTION = 0.05
"""Largest movement of the PQ level within 16 ms, as a share of the QRS, that still is a baseline."""


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


@dataclass(frozen=True, eq=False)
class RawFlags:
    """Faults seen in the raw samples, per lead and second, each shape ``(n_leads, n_seconds)``."""

    flat: Bool
    saturated: Bool
    step: Bool
    missing: Bool

    @cached_property
    def any(self) -> Bool:
        """Seconds that must not be measured."""
        return self.flat | self.saturated | self.step | self.missing


def _seconds(mask: Bool, fs_hz: float) -> Bool:
    """True for each second that holds a True sample; the last second may be partial."""
    n = mask.shape[1]
    n_seconds = max(1, int(np.ceil(n / fs_hz - 1e-9)))
    if not mask.any():
        return np.zeros((mask.shape[0], n_seconds), dtype=np.bool_)
    starts = (np.arange(n_seconds) * fs_hz).astype(int)
    return np.asarray(np.logical_or.reduceat(mask, starts, axis=1))


@lru_cache(maxsize=32)
def half_seconds(n: int, fs_hz: float) -> npt.NDArray[np.intp]:
    """Where half seconds begin, half overlapping, the last one at the end; shared, read only."""
    half = max(2, round(fs_hz / 2))
    starts = np.arange(0, max(1, n - half + 1), max(1, half // 2))
    if starts[-1] != max(0, n - half):
        starts = np.append(starts, max(0, n - half))
    starts.flags.writeable = False
    return starts


def stuck(fs_hz: float) -> int:
    """Equal samples at an extreme from which a converter may stand at its limit."""
    return max(4, round(0.010 * fs_hz))


def eight_ms(fs_hz: float) -> int:
    """Samples over which a step is judged."""
    return max(1, round(0.008 * fs_hz))


def _flat(uv: Float, fs_hz: float) -> Bool:
    """Samples in half seconds of < 10 µV peak to peak while another lead moves, or all stand still."""
    n_leads, n = uv.shape
    half, starts = max(2, round(fs_hz / 2)), half_seconds(n, fs_hz)
    low = np.minimum.reduceat(uv, starts, axis=1)
    high = np.maximum.reduceat(uv, starts, axis=1)
    # pieces between starts are quarter seconds; two neighbours make the half second
    low2, high2 = low.copy(), high.copy()
    low2[:, :-1] = np.minimum(low[:, :-1], low[:, 1:])
    high2[:, :-1] = np.maximum(high[:, :-1], high[:, 1:])
    span = high2 - low2
    active = span.max(axis=0) > ACTIVE_UV
    dead = float((uv.max(axis=1) - uv.min(axis=1)).max()) < FLAT_UV
    flat = (span < FLAT_UV) & (active | dead)
    out = np.zeros((n_leads, n), dtype=np.bool_)
    for k in np.flatnonzero(flat.any(axis=0)):
        out[flat[:, k], starts[k] : starts[k] + half] = True
    return out


def _runs(mask: Bool, need: int) -> Bool:
    """Starts of runs of at least ``need`` True samples."""
    out = mask.copy()
    for shift in range(1, need):
        out[:, :-shift] &= mask[:, shift:]
        out[:, -shift:] = False
    return out


def _saturated(uv: Float, rail: Bool | None, fs_hz: float) -> Bool:
    """Samples at the converter's limit, given by the source or seen as a plateau with a corner."""
    out = np.zeros(uv.shape, dtype=np.bool_)
    if rail is not None and rail.any():
        out = _runs(rail, 3)
    need = stuck(fs_hz)
    for extreme in (uv.max(axis=1, keepdims=True), uv.min(axis=1, keepdims=True)):
        at = uv == extreme
        count = np.where(np.abs(extreme[:, 0]) > 300.0, np.count_nonzero(at, axis=1), 0)
        for row in np.flatnonzero(count >= need):
            starts = np.flatnonzero(_runs(at[row : row + 1], need)[0])
            starts = starts[starts > 0]
            first = starts[~at[row, starts - 1]]
            corner = np.abs(uv[row, first] - uv[row, first - 1]) > 50.0
            out[row, first[corner]] = True
    return out


def _steps(uv: Float, fs_hz: float) -> Bool:
    """Jumps of > 1 mV within 8 ms in one lead while the middle lead stands still."""
    width = eight_ms(fs_hz)
    n = uv.shape[1] // width
    out = np.zeros(uv.shape, dtype=np.bool_)
    if n < 2 or uv.shape[0] < 3:
        return out
    means = uv[:, : n * width : width].copy()
    for k in range(1, width):
        means += uv[:, k : n * width : width]
    jump = np.abs(means[:, 1:] - means[:, :-1]) / width
    if float(jump.max()) <= STEP_UV:
        return out
    for row, k in np.argwhere(jump > STEP_UV):
        if float(np.median(jump[:, k])) < 100.0:
            out[row, (k + 1) * width] = True
    return out


@kernel("raw")
def finite(uv: Float) -> bool:
    """Whether every sample is a number."""
    return bool(np.isfinite(uv).all())


@kernel("raw")
def raw_flags(uv: Float, rail: Bool | None, missing: Bool | None, fs_hz: float) -> RawFlags:
    """Faults in raw samples of the independent leads.

    A limb electrode that is off takes Wilson's terminal away from every lead, so a flat or
    saturated limb row (the first two) marks all rows.

    Args:
        uv: finite microvolts, shape ``(n_leads, n_samples)``; rows 0 and 1 are I and II.
        rail: samples at the converter's limit, same shape, or None.
        missing: samples that were not finite, same shape, or None.
        fs_hz: samples per second.
    """
    return looked_at(uv, rail, missing, fs_hz)


def no_flags(shape: tuple[int, ...], fs_hz: float) -> RawFlags:
    """Flags of a window of this shape without a fault; the masks are one and the same."""
    none = np.zeros((shape[0], max(1, int(np.ceil(shape[1] / fs_hz - 1e-9)))), dtype=np.bool_)
    return RawFlags(none, none, none, none)


def looked_at(uv: Float, rail: Bool | None, missing: Bool | None, fs_hz: float) -> RawFlags:
    """``raw_flags`` by the rules themselves."""
    flat = _seconds(_flat(uv, fs_hz), fs_hz)
    saturated = _seconds(_saturated(uv, rail, fs_hz), fs_hz)
    gone = no_flags(uv.shape, fs_hz).any if missing is None else _seconds(missing, fs_hz)
    flat = flat | flat[:2].any(axis=0)
    saturated = saturated | saturated[:2].any(axis=0)
    return RawFlags(flat, saturated, _seconds(_steps(uv, fs_hz), fs_hz), gone)


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
    if n_beats < 3 and not refusals:
        reject.append(f"FEW_BEATS: {n_beats}")
    if len(lost_chest) > 3:
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
    if n_beats < 6:
        limits.append(f"BEATS: {n_beats}")
    return RecordQuality(Label.LIMITED if limits else Label.GOOD, tuple(limits), leads)


def electrode_lights(segment: EcgSegment) -> dict[str, str]:
    """A light per lead for the crew: ``good``, ``noisy`` or ``off``, from the newest 2 s.

    A lead is *off* when its samples stand still or stand at the converter's limit for half a
    second; *noisy* with more than about 40 µV of muscle noise or hum, or a baseline that moved by
    1.5 mV. Where I or II is off, every other lead is *noisy* at best: its reference is gone, and the
    limb electrode is what has to be fixed first. Derived limb leads follow from I and II.
    """
    n = min(segment.n_samples, round(2 * segment.fs_hz))
    if n < 8:
        return dict.fromkeys(segment.leads, "off")
    adc = segment.adc[:, -n:].astype(np.int32)
    lsb = segment.uv_per_lsb
    quarter = max(2, n // 8)
    pieces = adc[:, : quarter * (n // quarter)].reshape(len(segment.leads), -1, quarter)
    still = (pieces.max(axis=2) - pieces.min(axis=2)) * lsb < FLAT_UV
    at_rail = (np.abs(adc) >= 32767).mean(axis=1) > 0.02
    quiet_half = (still[:, :-1] & still[:, 1:]).mean(axis=1)
    active = (adc.max(axis=1) - adc.min(axis=1)) * lsb
    off = at_rail | (still.mean(axis=1) > 0.7) | ((active < 30.0) & (quiet_half > 0.3))
    step = max(1, round(segment.fs_hz / 250))
    second = np.abs(adc[:, 2 * step :] - 2 * adc[:, step:-step] + adc[:, : -2 * step]) * lsb
    hiss = np.median(second, axis=1)
    levels = np.median(pieces, axis=2) * lsb
    noisy = (hiss > 65.0) | (levels.max(axis=1) - levels.min(axis=1) > 1500.0)
    lights = {
        name: "off" if off[i] else "noisy" if noisy[i] else "good"
        for i, name in enumerate(segment.leads)
    }
    limbs = [lights[n] for n in ("I", "II") if n in lights]
    if "off" in limbs:
        lights = {n: v if v == "off" else "noisy" for n, v in lights.items()}
    if len(limbs) == 2:
        ranked = max(limbs, key=("good", "noisy", "off").index)
        for name in DERIVED_LEADS:
            lights.setdefault(name, ranked)
    return lights
