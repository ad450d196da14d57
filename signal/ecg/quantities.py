"""Amplitudes, widths and shapes of each lead, read from the representative beat (brief §2.8)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ecg.fiducials import Fiducials
from ecg.filters import ANALYSIS_FS_HZ
from ecg.leads import STANDARD_12, derive_limb_leads
from ecg.measurements import J_OFFSETS_MS, LeadMeasurement, StShape
from ecg.representative import Averaged
from ecg.values import Float

Bool = npt.NDArray[np.bool_]
_MS = ANALYSIS_FS_HZ / 1000.0
FIDUCIAL_UV = 10.0
"""Added in quadrature to every standard error: what the placement of J itself is uncertain by."""

_SMALLEST_WAVE_UV = 20.0
_TP_STILL = 0.03


def with_derived(
    names: tuple[str, ...], averaged: Averaged
) -> tuple[tuple[str, ...], Float, Float, Bool]:
    """Representative beat, J of each beat and validity with the four derived limb leads added.

    Returns:
        names in standard order, mean ``(n_leads, n)``, J of the beats ``(n_beats, n_leads)``, valid
        ``(n_beats, n_leads)``. Deriving before measuring keeps III = II - I exact in every number.
    """
    one, two = names.index("I"), names.index("II")
    derived = derive_limb_leads(averaged.mean_uv[one], averaged.mean_uv[two])
    at = np.array([averaged.fiducials.j])
    beat_j = _around(averaged.beats_uv, at)[:, :, 0]
    beats = derive_limb_leads(beat_j[:, one], beat_j[:, two])
    both = averaged.valid[:, one] & averaged.valid[:, two]
    extra = tuple(derived)
    all_names = (*names, *extra)
    mean = np.concatenate([averaged.mean_uv, np.stack([derived[n] for n in extra])])
    levels = np.concatenate([beat_j, np.stack([beats[n] for n in extra], axis=1)], axis=1)
    valid = np.concatenate([averaged.valid, np.repeat(both[:, None], len(extra), axis=1)], axis=1)
    order = [n for n in STANDARD_12 if n in all_names]
    order += [n for n in all_names if n not in order]
    index = [all_names.index(n) for n in order]
    return tuple(order), mean[index], levels[:, index], valid[:, index]


def measure_leads(
    names: tuple[str, ...],
    mean_uv: Float,
    beat_j_uv: Float,
    valid: Bool,
    fiducials: Fiducials,
    t_end: int | None,
    tp_uv: Float,
) -> tuple[dict[str, LeadMeasurement], dict[str, Float]]:
    """Quantities by lead, and J of every usable beat by lead.

    Args:
        names: one a row of ``mean_uv``, shape ``(n_leads, n)``.
        mean_uv: the representative beat on its PQ level.
        beat_j_uv: J of each beat, shape ``(n_beats, n_leads)``.
        valid: which beat each lead may use, shape ``(n_beats, n_leads)``.
        fiducials: onset and J.
        t_end: end of T or None.
        tp_uv: level of TP by lead, shape ``(n_leads,)``.
    """
    f, last = fiducials, mean_uv.shape[1] - 1
    at = np.minimum(f.j + np.round(np.array(J_OFFSETS_MS) * _MS).astype(int), last)
    level = _around(mean_uv, at)
    qrs = mean_uv[:, f.onset : f.j + 1]
    top = qrs.argmax(axis=1)
    before_top = np.where(np.arange(qrs.shape[1]) <= top[:, None], qrs, np.inf)
    r_uv = np.maximum(0.0, qrs.max(axis=1))
    q_uv = np.maximum(0.0, -before_top.min(axis=1))
    s_uv = np.maximum(0.0, -qrs.min(axis=1))
    area = qrs.sum(axis=1) / _MS
    r_width = (qrs > 0.5 * r_uv[:, None]).sum(axis=1) / _MS
    terminal = mean_uv[:, max(f.onset, f.j - 20) : f.j].mean(axis=1)
    p_uv = _p(mean_uv, f)
    st_t_area = mean_uv[:, f.j : _t_limit(mean_uv, f, t_end)].sum(axis=1) / _MS
    leads, per_beat = {}, {}
    for i, name in enumerate(names):
        own = beat_j_uv[valid[:, i], i]
        per_beat[name] = own
        t_uv, t_peak_ms, t_width_ms, shape = _st_t(mean_uv[i], f, t_end)
        has_r = bool(r_uv[i] >= _SMALLEST_WAVE_UV)
        leads[name] = LeadMeasurement(
            st_uv=tuple(level[i].tolist()),
            st_se_uv=_standard_error(own),
            q_uv=float(q_uv[i]) if has_r and q_uv[i] >= _SMALLEST_WAVE_UV else 0.0,
            r_uv=float(r_uv[i]) if has_r else 0.0,
            s_uv=float(s_uv[i]),
            qrs_area_uv_ms=float(area[i]),
            r_peak_ms=float(top[i]) / _MS,
            r_width_ms=float(r_width[i]) if has_r else 0.0,
            terminal_uv=float(terminal[i]),
            st_shape=shape,
            t_uv=t_uv,
            p_uv=float(p_uv[i]),
            t_peak_ms=t_peak_ms,
            t_width_ms=t_width_ms,
            st_t_area_uv_ms=float(st_t_area[i]),
            tp_uv=float(tp_uv[i]),
            n_beats=int(own.size),
        )
    return leads, per_beat


def _standard_error(j_uv: Float) -> float:
    """Spread of J over the beats, and what the fiducials themselves are uncertain by."""
    n = j_uv.size
    if n < 2:
        return FIDUCIAL_UV
    off = j_uv - j_uv.sum() / n
    return math.sqrt(float(off @ off) / (n - 1) / n + FIDUCIAL_UV**2)


def pq_motion(mean_uv: Float, fiducials: Fiducials) -> float:
    """How far the 16 ms before the QRS move, as a share of the size of the QRS (both over leads).

    In 160 real records it is below 0.03, in ventricular tachycardia, where no line stands still,
    0.06-0.12; ST above a moving PQ level means nothing.

    Args:
        mean_uv: independent leads of the representative beat, shape ``(n_leads, n)``.
        fiducials: its onset and J.
    """
    o = fiducials.onset
    if o < 12:
        return 0.0
    moved = mean_uv[:, o - 4 : o - 1].mean(axis=1) - mean_uv[:, o - 12 : o - 9].mean(axis=1)
    size = np.ptp(mean_uv[:, o : fiducials.j + 1], axis=1)
    return float(np.sqrt((moved**2).sum()) / max(float(np.sqrt((size**2).sum())), 1e-9))


def _around(uv: Float, at: npt.NDArray[np.intp]) -> Float:
    """Level at samples ``at``, from them and the next two (none before: J must not see QRS)."""
    last = uv.shape[-1] - 1
    parts = [uv[..., np.minimum(at + k, last)] for k in (0, 1)]
    return np.asarray(sum(parts) / len(parts))


def _t_limit(mean_uv: Float, f: Fiducials, t_end: int | None) -> int:
    """Column up to which T is looked for."""
    return t_end if t_end is not None else min(mean_uv.shape[-1], f.j + round(320 * _MS))


def _st_t(row: Float, f: Fiducials, t_end: int | None) -> tuple[float, float, float, StShape]:
    """Peak of T, its time from J, its width at half height, and ST against the chord from J to it."""
    low = f.j + round(60 * _MS)
    part = row[low : max(_t_limit(row, f, t_end), low + 2)]
    peak = int(np.abs(part).argmax())
    j_uv, t_uv = float(row[f.j]), float(part[peak])
    # the early half: the late half of a normal T is convex in everyone
    early = f.j + (low + peak - f.j) // 3
    chord = j_uv + (t_uv - j_uv) / 3
    above = float(row[early]) - chord
    band = 0.05 * max(abs(t_uv - j_uv), 50.0)
    shape: StShape = "straight" if abs(above) <= band else "convex" if above > 0 else "concave"
    half = (row[f.j : low + part.size] * np.sign(t_uv)) > 0.5 * abs(t_uv)
    return t_uv, (low + peak - f.j) / _MS, float(half.sum() / _MS), shape


def tp_levels(mean_uv: Float, fiducials: Fiducials, rr_samples: float) -> Float | None:
    """Level of the TP segment above PQ by lead, shape ``(n_leads,)``; None where there is none.

    The calmest 40 ms, over all leads together, between 240 and 170 ms before the QRS (earlier lies the
    U wave, later P). Only where the rate leaves a TP segment (RR of 700 ms and more) and
    those 40 ms stand as still as a baseline does.

    Source: clinical brief §2.7.
    """
    width = round(40 * _MS)
    last = fiducials.onset - round(170 * _MS)
    if rr_samples < 700 * _MS or last < width + 2:
        return None
    part = mean_uv[:, max(0, fiducials.onset - round(240 * _MS)) : last]
    windows = np.lib.stride_tricks.sliding_window_view(part, width, axis=1)[:, ::2]
    size = np.ptp(windows, axis=2)
    spread = np.sqrt((size * size).sum(axis=0))
    k = int(spread.argmin())
    qrs = np.ptp(mean_uv[:, fiducials.onset : fiducials.j + 1], axis=1)
    if spread[k] > _TP_STILL * float(np.sqrt((qrs * qrs).sum())):
        return None
    return np.asarray(windows[:, k].mean(axis=1))


def _p(mean_uv: Float, f: Fiducials) -> Float:
    """Signed peak of P in the 220 to 30 ms before the QRS, against the line under it, by lead."""
    low, high = max(0, f.onset - round(220 * _MS)), f.onset - round(30 * _MS)
    n_leads, n = mean_uv.shape[0], high - low
    if n < 30:
        return np.zeros(n_leads)
    part = mean_uv[:, low:high]
    left = part[:, :8].mean(axis=1, keepdims=True)
    right = part[:, -8:].mean(axis=1, keepdims=True)
    under = part - (left + (right - left) * np.linspace(0.0, 1.0, n))
    total = np.cumsum(np.pad(under, ((0, 0), (4, 3))), axis=1)
    smooth = (total[:, 7:] - total[:, :-7]) / 7
    return np.asarray(smooth[np.arange(n_leads), np.abs(smooth).argmax(axis=1)])
