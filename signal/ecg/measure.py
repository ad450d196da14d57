"""The one pipeline: a window of ECG in, ``Measurements`` out. Never an exception, never a guess.

Order (clinical brief §0): faults in the raw samples → Einthoven → one FFT for low-pass and detection
band → beats → hum → alignment → PQ spline → representative beat → onset and J by acceleration →
quantities per lead → quality → electrode exchange.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ecg.beat.fiducials import Fiducials
from ecg.beat.lead_grades import (
    DERIVED_FROM,
    LOST_SHARE,
    Processed,
    Rows,
    lead_qualities,
    noise_se,
    raw_grade,
    with_seconds,
)
from ecg.beat.measurements import LeadMeasurement, Measurements, RepresentativeBeat
from ecg.beat.placement import placement_doubts
from ecg.beat.quantities import BeatLevels, measure_leads, pq_motion, tp_levels, with_derived
from ecg.beat.representative import Averaged, aligned_positions, average
from ecg.beat.reversal import Placement, Reversal, find_reversal
from ecg.beat.source_filter import find_source_filter
from ecg.beat.t_end import find_t_end
from ecg.conditioning import quality as q
from ecg.conditioning.filters import (
    ANALYSIS_FS_HZ,
    DETECTION_FS_HZ,
    analysis_gain,
    detection_gain,
    spectrum_of,
    synthesise,
)
from ecg.conditioning.mains import NO_MAINS, remove_mains
from ecg.conditioning.noisy_seconds import hf_rms
from ecg.conditioning.pacing import find_spikes, without_spikes
from ecg.conditioning.raw_faults import finite, raw_flags
from ecg.detecting.beats import NO_BEATS, find_beats
from ecg.detecting.second_detector import agreement_by_lead
from ecg.leads import EXTRA_LEADS, INDEPENDENT_LEADS, STANDARD_12
from ecg.robust import at_share
from ecg.values import EcgWindow, Float, bridged

__all__ = ["LeadMeasurement", "Measurements", "measure"]

LONGEST_S = 12.0
"""Longer windows are measured over their newest ``WINDOW_S`` seconds."""

WINDOW_S = 10.0
SHORTEST_S = 2.0
LOWEST_FS_HZ = 90.0
"""Lowest sample rate that is measured; no published source."""
ANALYSIS_CUT_HZ, CUT_SHARE = 150.0, 0.8
"""Low-pass of the measured signal (clinical brief §2.2), and at most this share of half the sample rate."""
HUM_FROM_CUT_HZ = 90.0
"""Low-pass up to which no hum is looked for; no published source."""
QUIET_SHARE = 0.55
"""Share of the samples, by activity, that lie between the QRS (clinical brief §2.3)."""
_T_WITHOUT_END, _BEFORE_QRS = 150, 100
"""Samples (300 and 200 ms) of a beat after J, where T has no end, and before the QRS, by which exchanged electrodes
are recognised."""
Bool = npt.NDArray[np.bool_]


def _newest(window: EcgWindow) -> EcgWindow:
    """The window, or its newest ten seconds when it is longer than twelve; infinities become NaN."""
    n = window.n_samples
    start = 0
    if np.isfinite(window.fs_hz) and n > LONGEST_S * window.fs_hz > 0:
        start = n - round(WINDOW_S * window.fs_hz)
    uv = np.ascontiguousarray(window.uv[:, start:], dtype=np.float64)
    if not finite(uv):
        uv = np.where(np.isinf(uv), np.nan, uv)
    rail = None if window.rail is None else window.rail[:, start:]
    first = window.first_sample + start
    return EcgWindow(uv, window.leads, window.fs_hz, first, rail, window.derived)


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


def _rows(window: EcgWindow) -> Rows:
    names = tuple(n for n in (*INDEPENDENT_LEADS, *EXTRA_LEADS) if n in window.leads)
    index = [window.leads.index(n) for n in names]
    uv = window.uv[index]
    missing = None if finite(uv) else bridged(uv)
    rail = None if window.rail is None else window.rail[index]
    flags = raw_flags(uv, rail, missing, window.fs_hz)
    spikes = find_spikes(uv, window.fs_hz)
    return Rows(names, without_spikes(uv, spikes), flags, spikes)


def _process(rows: Rows, fs_hz: float) -> Processed:
    spectrum = spectrum_of(rows.uv, fs_hz)
    nyquist = fs_hz / 2
    cut_hz = min(ANALYSIS_CUT_HZ, CUT_SHARE * nyquist)
    uv = synthesise(spectrum, analysis_gain(spectrum.n_padded, fs_hz, cut_hz), ANALYSIS_FS_HZ)
    velocity = synthesise(spectrum, detection_gain(spectrum.n_padded, fs_hz), DETECTION_FS_HZ)
    usable = rows.flags.any.mean(axis=1) < LOST_SHARE
    beats = find_beats(velocity, usable)
    if beats.positions.size == 0:
        zeros = np.zeros(len(rows.names))
        return Processed(uv, NO_BEATS, NO_MAINS, zeros, usable, zeros[:, None])
    quiet = np.repeat(beats.activity <= at_share(beats.activity, QUIET_SHARE), 2)
    quiet = np.pad(quiet, (0, max(0, uv.shape[1] - quiet.size)), mode="edge")[: uv.shape[1]]
    mains = NO_MAINS
    if cut_hz > HUM_FROM_CUT_HZ:
        uv, mains = remove_mains(uv, quiet, ANALYSIS_FS_HZ)
    hf_uv, hf_by_second_uv = hf_rms(uv, quiet)
    trusted = usable & (beats.weights > 0) & (hf_uv < q.HF_LIMITS_UV[2])
    if not trusted.any():
        trusted = usable & (beats.weights > 0)
    agreement = agreement_by_lead(velocity, beats.positions)
    return Processed(uv, beats, mains, hf_uv, trusted, hf_by_second_uv, agreement)


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


def _beats_used(names: tuple[str, ...], valid: Bool, leads: dict[str, q.LeadQuality]) -> int:
    """Beats that every limb lead can use; where noise hides these, the fewest of any readable lead."""
    if leads["I"].readable and leads["II"].readable:
        return int(valid[:, [names.index("I"), names.index("II")]].all(axis=1).sum())
    counts = [int(valid[:, i].sum()) for i, n in enumerate(names) if leads[n].readable]
    return min(counts, default=0)


def _unmeasured(window: EcgWindow, rows: Rows, done: Processed) -> Measurements:
    leads = {}
    for i, name in enumerate(rows.names):
        grade, flags = raw_grade(rows, i)
        leads[name] = q.LeadQuality(q.worst(grade, q.Grade.BAD), (*flags, "NO_BEATS"))
    for name, parents in DERIVED_FROM.items():
        leads[name] = q.LeadQuality(q.worst(*(leads[p].grade for p in parents)), ("NO_BEATS",))
    leads = with_seconds(leads, rows, done)
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


def _electrodes(
    beat: dict[str, Float],
    f: Fiducials,
    t_end: int | None,
    measured: dict[str, LeadMeasurement],
    leads: dict[str, q.LeadQuality],
) -> tuple[Reversal | None, tuple[Placement, ...]]:
    """Exchanged or misplaced electrodes; limb leads that noise hides accuse nobody."""
    last = t_end if t_end is not None else min(beat["I"].size, f.j + _T_WITHOUT_END)
    seen = [n for n in STANDARD_12 if n in beat]
    reversal = None
    if all(leads[n].readable for n in seen if not n.startswith("V")):
        reversal = find_reversal(
            {n: beat[n][f.onset : f.j + 1] for n in seen},
            {n: beat[n][max(0, f.onset - _BEFORE_QRS) : last] for n in seen},
            {n: m.p_uv for n, m in measured.items()},
        )
    clear = {n: measured[n] for n in seen if leads[n].readable}
    doubts = placement_doubts({n: beat[n][f.onset : f.j + 1] for n in clear}, clear)
    return reversal, doubts


def _variation(rr: list[int]) -> float:
    """Standard deviation of the intervals over their mean."""
    mean = sum(rr) / len(rr)
    return math.sqrt(sum((x - mean) ** 2 for x in rr) / len(rr)) / mean


def _assemble(window: EcgWindow, rows: Rows, done: Processed, averaged: Averaged) -> Measurements:
    names, mean, beat_j_uv, valid = with_derived(rows.names, averaged)
    f = averaged.fiducials
    rr = [2 * (b - a) for a, b in pairwise(done.beats.positions.tolist())]
    rr_mean = sum(rr) / len(rr) if rr else ANALYSIS_FS_HZ
    trusted = [names.index(n) for n, ok in zip(rows.names, done.trusted, strict=True) if ok]
    t_end = find_t_end(mean[trusted], f, rr_mean)
    tp_uv = tp_levels(mean, f, rr_mean)
    measured, beat_j = measure_leads(
        names,
        mean,
        BeatLevels(beat_j_uv, valid),
        f,
        t_end,
        np.zeros(len(names)) if tp_uv is None else tp_uv,
        noise_se(rows.names, names, averaged.motion_uv, done.hf_uv),
    )
    leads = lead_qualities(rows, done, averaged, measured)
    n_used = _beats_used(names, valid, leads)
    ms = 1000.0 / ANALYSIS_FS_HZ
    beat = RepresentativeBeat(mean, names, ANALYSIS_FS_HZ, f.onset, f.j, t_end, f.j_before_notch)
    reversal, placement = _electrodes(
        dict(zip(names, mean, strict=True)), f, t_end, measured, leads
    )
    scale = window.fs_hz / ANALYSIS_FS_HZ
    independent = [names.index(n) for n in INDEPENDENT_LEADS if n in names]
    independent_ok = [names.index(n) for n in INDEPENDENT_LEADS if n in names and leads[n].readable]
    refusals = (
        ("NO_BASELINE: the line before the QRS is not still",)
        if pq_motion(mean[independent], f) > q.PQ_MOTION
        else ()
    )
    if averaged.end_unknown:
        refusals = (*refusals, "QRS_UNCLEAR: the beats disagree on where the QRS ends")
    return Measurements(
        first_sample=window.first_sample,
        n_samples=window.n_samples,
        fs_hz=window.fs_hz,
        quality=q.label_record(leads, n_used, refusals),
        leads=measured,
        beat_j_uv=beat_j,
        r_samples=tuple(window.first_sample + round(p * scale) for p in averaged.positions),
        n_beats_all=int(done.beats.positions.size),
        hr_bpm=60.0 * ANALYSIS_FS_HZ / rr_mean if rr else None,
        rr_cv=_variation(rr) if len(rr) >= 3 else None,
        qrs_ms=((f.j_before_notch or f.j) - f.onset) * ms,
        qt_ms=(t_end - f.onset) * ms if t_end is not None else None,
        beat=beat,
        reversal=reversal,
        placement=placement,
        mains=done.mains,
        tp_measured=tp_uv is not None,
        wide_confirmed=averaged.wide_confirmed,
        pacing_spikes=int(rows.spikes.samples.size),
        paced=rows.spikes.before(averaged.positions.astype(np.float64), ANALYSIS_FS_HZ),
        source_filter=find_source_filter(mean[independent_ok], f, t_end, rr_mean),
    )
