"""The one pipeline: a window of ECG in, ``Measurements`` out. Never an exception, never a guess.

Order (clinical brief §0): faults in the raw samples → Einthoven → one FFT for low-pass and detection
band → beats → hum → alignment → PQ spline → representative beat → onset and J by acceleration →
quantities per lead → quality → electrode exchange.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecg import quality as q
from ecg.beats import NO_BEATS, Beats, find_beats
from ecg.fiducials import find_t_end
from ecg.filters import (
    ANALYSIS_FS_HZ,
    DETECTION_FS_HZ,
    band_gain,
    low_pass_gain,
    spectrum_of,
    synthesise,
)
from ecg.leads import EXTRA_LEADS, INDEPENDENT_LEADS, STANDARD_12
from ecg.mains import NO_MAINS, Mains, remove_mains
from ecg.measurements import LeadMeasurement, Measurements, RepresentativeBeat
from ecg.quantities import measure_leads, pq_motion, tp_levels, with_derived
from ecg.representative import Averaged, aligned_positions, average
from ecg.reversal import find_reversal
from ecg.values import EcgWindow, Float

__all__ = ["LeadMeasurement", "Measurements", "measure"]

LONGEST_S = 12.0
"""Longer windows are measured over their newest ``WINDOW_S`` seconds."""

WINDOW_S = 10.0
SHORTEST_S = 2.0
LOWEST_FS_HZ = 90.0
_DERIVED_FROM = {"III": ("I", "II"), "aVR": ("I", "II"), "aVL": ("I", "II"), "aVF": ("I", "II")}
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Independent leads in a fixed order, finite, with their raw faults."""

    names: tuple[str, ...]
    uv: Float
    flags: q.RawFlags


@dataclass(frozen=True, slots=True, eq=False)
class _Processed:
    uv: Float
    beats: Beats
    mains: Mains
    hf_uv: Float
    trusted: Bool


def _newest(window: EcgWindow) -> EcgWindow:
    """The window, or its newest ten seconds when it is longer than twelve; infinities become NaN."""
    n = window.n_samples
    start = 0
    if np.isfinite(window.fs_hz) and n > LONGEST_S * window.fs_hz > 0:
        start = n - round(WINDOW_S * window.fs_hz)
    uv = window.uv[:, start:]
    if np.isinf(uv).any():
        uv = np.where(np.isinf(uv), np.nan, uv)
    rail = None if window.rail is None else window.rail[:, start:]
    return EcgWindow(uv, window.leads, window.fs_hz, window.first_sample + start, rail)


def _refused(window: EcgWindow, *reasons: str) -> Measurements:
    leads = {n: q.LeadQuality(q.Grade.BAD, ("REFUSED",)) for n in window.leads}
    return Measurements(
        first_sample=window.first_sample,
        n_samples=window.n_samples,
        fs_hz=window.fs_hz,
        quality=q.RecordQuality(q.Label.REJECT, reasons, leads),
    )


def _refusal(window: EcgWindow) -> tuple[str, ...]:
    """Reasons for which a window is not even looked at."""
    if not np.isfinite(window.fs_hz) or window.fs_hz < LOWEST_FS_HZ:
        return ("SAMPLE_RATE: below 90 Hz",)
    if window.n_samples < SHORTEST_S * window.fs_hz:
        return ("TOO_SHORT: less than 2 s",)
    missing = [n for n in ("I", "II") if n not in window.leads]
    if missing:
        return ("LEADS_MISSING: " + ",".join(missing),)
    wrong = q.einthoven_mismatch(window)
    if wrong:
        return ("EINTHOVEN: " + ",".join(wrong),)
    return ()


def _rows(window: EcgWindow) -> _Rows:
    names = tuple(n for n in (*INDEPENDENT_LEADS, *EXTRA_LEADS) if n in window.leads)
    index = [window.leads.index(n) for n in names]
    uv = window.uv[index].astype(np.float64)
    missing = ~np.isfinite(uv)
    if missing.any():
        grid = np.arange(uv.shape[1])
        for row, gone in zip(uv, missing, strict=True):
            if gone.all():
                row[:] = 0.0
            elif gone.any():
                row[gone] = np.interp(grid[gone], grid[~gone], row[~gone])
    rail = None if window.rail is None else window.rail[index]
    return _Rows(names, uv, q.raw_flags(uv, rail, missing, window.fs_hz))


def _process(rows: _Rows, fs_hz: float) -> _Processed:
    spectrum = spectrum_of(rows.uv, fs_hz)
    nyquist = fs_hz / 2
    cut_hz = min(150.0, 0.8 * nyquist)
    uv = synthesise(spectrum, low_pass_gain(spectrum.freq_hz, cut_hz), ANALYSIS_FS_HZ)
    band = np.asarray(
        band_gain(spectrum.freq_hz, 8.0, 25.0, 6.0) * 2j * np.pi * spectrum.freq_hz,
        dtype=np.complex128,
    )
    velocity = synthesise(spectrum, band, DETECTION_FS_HZ)
    usable = rows.flags.any.mean(axis=1) < 0.5
    beats = find_beats(velocity, usable)
    if beats.positions.size == 0:
        zeros = np.zeros(len(rows.names))
        return _Processed(uv, NO_BEATS, NO_MAINS, zeros, usable)
    quiet = np.repeat(beats.activity <= np.percentile(beats.activity, 55), 2)
    quiet = np.pad(quiet, (0, max(0, uv.shape[1] - quiet.size)), mode="edge")[: uv.shape[1]]
    mains = NO_MAINS
    if cut_hz > 90.0:
        uv, mains = remove_mains(uv, quiet, ANALYSIS_FS_HZ)
    hf_uv = _hf_rms(uv, quiet)
    trusted = usable & (beats.weights > 0) & (hf_uv < q.HF_LIMITS_UV[2])
    if not trusted.any():
        trusted = usable & (beats.weights > 0)
    return _Processed(uv, beats, mains, hf_uv, trusted)


def _hf_rms(uv: Float, quiet: Bool) -> Float:
    """Rms above about 40 Hz between the beats, microvolts, shape ``(n_leads,)``.

    A 9-point (18 ms) mean is taken off; what is left of white noise in 40-150 Hz passes with a gain
    near one.
    """
    total = np.cumsum(uv, axis=1)
    smooth = (total[:, 9:] - total[:, :-9]) / 9
    high = uv[:, 5:-4] - smooth
    calm = quiet[5:-4].astype(np.float64)
    return np.asarray(np.sqrt((high * high) @ calm / max(1.0, float(calm.sum()))))


def measure(window: EcgWindow) -> Measurements:
    """Everything that can be read from a window, with the quality of each part.

    Args:
        window: from ``ecg.values.window_of_segment``; 10 s are intended, any length is answered.
            Of more than 12 s the newest 10 s are measured.

    Returns:
        ``Measurements``; ``rejected`` is True and ``quality.reasons`` says why where nothing may be
        concluded.
    """
    window = _newest(window)
    reasons = _refusal(window)
    if reasons:
        return _refused(window, *reasons)
    rows = _rows(window)
    done = _process(rows, window.fs_hz)
    averaged = None
    if done.beats.positions.size:
        positions = aligned_positions(done.uv, done.beats)
        bad = rows.flags.any
        averaged = average(done.uv, positions, bad, done.trusted)
    if averaged is None:
        return _unmeasured(window, rows, done)
    return _assemble(window, rows, done, averaged)


def _raw_grade(rows: _Rows, i: int) -> tuple[q.Grade, tuple[str, ...]]:
    """Grade from raw faults alone: by the share of seconds that are lost."""
    flags = rows.flags
    out: list[str] = []
    grade = q.Grade.GOOD
    for name, mask in (
        ("FLAT", flags.flat),
        ("SAT", flags.saturated),
        ("STEP", flags.step),
        ("MISSING", flags.missing),
    ):
        share = float(mask[i].mean())
        if share > 0:
            out.append(name)
        if share >= 0.5:
            grade = q.worst(grade, q.Grade.OFF if name == "FLAT" else q.Grade.BAD)
        elif share > 0:
            grade = q.worst(grade, q.Grade.FAIR)
    return grade, tuple(out)


def _unmeasured(window: EcgWindow, rows: _Rows, done: _Processed) -> Measurements:
    leads = {}
    for i, name in enumerate(rows.names):
        grade, flags = _raw_grade(rows, i)
        leads[name] = q.LeadQuality(q.worst(grade, q.Grade.BAD), (*flags, "NO_BEATS"))
    for name, parents in _DERIVED_FROM.items():
        leads[name] = q.LeadQuality(q.worst(*(leads[p].grade for p in parents)), ("NO_BEATS",))
    found = int(done.beats.positions.size)
    reason = (
        "NO_QRS: no heart beat could be told from the signal"
        if found == 0
        else "QRS_UNCLEAR: the beats could not be measured"
    )
    off = sorted({n for n in rows.names if leads[n].grade is q.Grade.OFF})
    reasons = (reason, *(("LEAD_OFF: " + ",".join(off),) if off else ()))
    return Measurements(
        first_sample=window.first_sample,
        n_samples=window.n_samples,
        fs_hz=window.fs_hz,
        quality=q.RecordQuality(q.Label.REJECT, reasons, leads),
        n_beats_all=found,
        mains=done.mains,
    )


def _lead_qualities(
    rows: _Rows, done: _Processed, averaged: Averaged, measured: dict[str, LeadMeasurement]
) -> dict[str, q.LeadQuality]:
    out: dict[str, q.LeadQuality] = {}
    for i, name in enumerate(rows.names):
        grade, flags = _raw_grade(rows, i)
        hf = q.graded(float(done.hf_uv[i]), q.HF_LIMITS_UV)
        motion = q.graded(float(averaged.motion_uv[i]), q.MOTION_LIMITS_UV)
        more = [
            f for f, g in (("HF", hf), ("MOTION", motion)) if g not in {q.Grade.GOOD, q.Grade.FAIR}
        ]
        out[name] = _with_se(q.worst(grade, hf, motion), (*flags, *more), measured[name])
    for name, parents in _DERIVED_FROM.items():
        grade = q.worst(*(out[p].grade for p in parents))
        flags = tuple(dict.fromkeys(f for p in parents for f in out[p].flags if f != "SE"))
        out[name] = _with_se(grade, flags, measured[name])
    order = (*STANDARD_12, *EXTRA_LEADS)
    return {n: out[n] for n in order if n in out}


def _with_se(grade: q.Grade, flags: tuple[str, ...], lead: LeadMeasurement) -> q.LeadQuality:
    if lead.n_beats < 3:
        return q.LeadQuality(q.worst(grade, q.Grade.BAD), (*flags, "FEW_BEATS"), None)
    if lead.st_se_uv > q.READABLE_SE_UV:
        return q.LeadQuality(q.worst(grade, q.Grade.BAD), (*flags, "SE"), lead.st_se_uv)
    if lead.st_se_uv > q.LIMITED_SE_UV:
        return q.LeadQuality(q.worst(grade, q.Grade.POOR), (*flags, "SE"), lead.st_se_uv)
    return q.LeadQuality(grade, flags, lead.st_se_uv)


def _assemble(window: EcgWindow, rows: _Rows, done: _Processed, averaged: Averaged) -> Measurements:
    names, mean, beat_j_uv, valid = with_derived(rows.names, averaged)
    f = averaged.fiducials
    rr = np.diff(2 * done.beats.positions.astype(np.float64))
    rr_mean = float(rr.mean()) if rr.size else ANALYSIS_FS_HZ
    trusted = [names.index(n) for n, ok in zip(rows.names, done.trusted, strict=True) if ok]
    t_end = find_t_end(mean[trusted], f.j, rr_mean, np.zeros(len(trusted)))
    tp_uv = tp_levels(mean, f, rr_mean)
    measured, beat_j = measure_leads(
        names, mean, beat_j_uv, valid, f, t_end, np.zeros(len(names)) if tp_uv is None else tp_uv
    )
    leads = _lead_qualities(rows, done, averaged, measured)
    n_used = int(valid[:, [names.index("I"), names.index("II")]].all(axis=1).sum())
    ms = 1000.0 / ANALYSIS_FS_HZ
    beat = RepresentativeBeat(mean, names, ANALYSIS_FS_HZ, f.onset, f.j, t_end, f.j_before_notch)
    p_uv = {n: m.p_uv for n, m in measured.items()}
    by_name = dict(zip(names, mean, strict=True))
    last = t_end if t_end is not None else min(mean.shape[1], f.j + 150)
    reversal = find_reversal(
        {n: by_name[n][f.onset : f.j + 1] for n in STANDARD_12 if n in by_name},
        {n: by_name[n][max(0, f.onset - 100) : last] for n in STANDARD_12 if n in by_name},
        p_uv,
    )
    scale = window.fs_hz / ANALYSIS_FS_HZ
    independent = [names.index(n) for n in INDEPENDENT_LEADS if n in names]
    refusals = (
        ("NO_BASELINE: the line before the QRS is not still",)
        if pq_motion(mean[independent], f) > q.PQ_MOTION
        else ()
    )
    return Measurements(
        first_sample=window.first_sample,
        n_samples=window.n_samples,
        fs_hz=window.fs_hz,
        quality=q.label_record(leads, n_used, refusals),
        leads=measured,
        beat_j_uv=beat_j,
        r_samples=tuple(window.first_sample + round(p * scale) for p in averaged.positions),
        n_beats_all=int(done.beats.positions.size),
        hr_bpm=60.0 * ANALYSIS_FS_HZ / rr_mean if rr.size else None,
        rr_cv=float(rr.std() / rr.mean()) if rr.size >= 3 else None,
        qrs_ms=((f.j_before_notch or f.j) - f.onset) * ms,
        qt_ms=(t_end - f.onset) * ms if t_end is not None else None,
        beat=beat,
        reversal=reversal,
        mains=done.mains,
        tp_measured=tp_uv is not None,
    )
