"""Amplitudes, widths and shapes of each lead, read from the representative beat (brief §2.8)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecg.beat.fiducials import Fiducials
from ecg.beat.measurements import J_OFFSETS_MS, LeadMeasurement, StShape
from ecg.beat.representative import Averaged, calmest_stretch
from ecg.conditioning.filters import ANALYSIS_FS_HZ
from ecg.hot import kernel
from ecg.leads import DERIVED_LEADS, STANDARD_12, derive_limb_leads
from ecg.values import Float

Bool = npt.NDArray[np.bool_]
Int = npt.NDArray[np.intp]
_MS = ANALYSIS_FS_HZ / 1000.0
FIDUCIAL_UV = 10.0
"""Added in quadrature to every standard error: what the placement of J itself is uncertain by."""

_SMALLEST_WAVE_UV = 20.0
_J_OFFSETS = np.round(np.array(J_OFFSETS_MS) * _MS).astype(np.intp)
NUMBERS = (
    *(f"j{ms}_uv" for ms in J_OFFSETS_MS),
    "r_uv", "q_uv", "s_uv", "qrs_area", "r_at", "r_width", "r_duration", "q_width", "terminal_uv",
    "st_t_area", "t_uv", "t_at", "t_width", "above_chord_uv", "p_uv", "steepness", "j_uv",
)  # fmt: skip
"""What is read of every lead, in this order."""

# Where no other source is named, a value has none that is published.
_P_MS, P_SHORTEST, P_EDGE, P_SMOOTH = (220, 30), 30, 8, 7
"""P is looked for between these before the QRS; samples below which nothing is; samples on either side that make the
line under it; samples of the mean over it."""
T_FROM, _T_WITHOUT_END = round(60 * _MS), round(320 * _MS)
"""The peak of T is looked for from so many samples after J, and up to so many where its end is unknown."""
_STRAIGHT, _SMALLEST_T_UV = 0.05, 50.0
"""ST is straight within this share of what lies between J and the peak of T (clinical brief §2.8), taken as so much at
least."""
TERMINAL = round(40 * _MS)
"""Samples of the end of the QRS whose level tells the bundle branches apart."""
STEEP = round(8 * _MS)
"""Samples before and after J over which its steepness is taken."""
_LAST_PQ, _EARLIER_PQ = (4, 1), (12, 9)
"""Samples before the onset, from and to, of the two levels whose difference is the motion of PQ."""
_TP_MS, _TP_WIDTH_MS, _TP_RR_MS = (240, 170), 40, 700
"""TP lies between these before the QRS, over so long (clinical brief §2.7), where RR leaves one (ADR 0015)."""
_TP_STILL = 0.03
"""Share of the size of the QRS that TP may move by: as a baseline does (``pq_motion``)."""


@dataclass(frozen=True, slots=True, eq=False)
class BeatLevels:
    """J of every beat, and which beat each lead may use; both ``(n_beats, n_leads)``."""

    j_uv: Float
    valid: Bool


def with_derived(
    names: tuple[str, ...], averaged: Averaged
) -> tuple[tuple[str, ...], Float, Float, Bool]:
    """Representative beat, J of each beat and validity with the four derived limb leads added.

    Returns:
        names in standard order, mean ``(n_leads, n)``, J of the beats ``(n_beats, n_leads)``, valid
        ``(n_beats, n_leads)``. Deriving before measuring keeps III = II - I exact in every number.
    """
    one, two, n_beats = names.index("I"), names.index("II"), averaged.valid.shape[0]
    order, own, extra = _places(names)
    beats, j = averaged.beats_uv, averaged.fiducials.j
    beat_j = (beats[:, :, j] + beats[:, :, min(j + 1, beats.shape[2] - 1)]) / 2
    mean = np.empty((len(order), averaged.mean_uv.shape[1]))
    levels, valid = np.empty((n_beats, len(order))), np.empty((n_beats, len(order)), np.bool_)
    mean[own], levels[:, own], valid[:, own] = averaged.mean_uv, beat_j, averaged.valid
    derived = derive_limb_leads(averaged.mean_uv[one], averaged.mean_uv[two])
    for_beats = derive_limb_leads(beat_j[:, one], beat_j[:, two])
    both = averaged.valid[:, one] & averaged.valid[:, two]
    for name, row in extra.items():
        mean[row], levels[:, row], valid[:, row] = derived[name], for_beats[name], both
    return order, mean, levels, valid


@lru_cache(maxsize=32)
def _places(names: tuple[str, ...]) -> tuple[tuple[str, ...], list[int], dict[str, int]]:
    """All leads in standard order, the rows among them of the own ones, and those of the derived ones."""
    every = {*names, *DERIVED_LEADS}
    order = [n for n in STANDARD_12 if n in every] + [n for n in names if n not in STANDARD_12]
    return tuple(order), [order.index(n) for n in names], {n: order.index(n) for n in DERIVED_LEADS}


def measure_leads(
    names: tuple[str, ...],
    mean_uv: Float,
    beats: BeatLevels,
    fiducials: Fiducials,
    t_end: int | None,
    tp_uv: Float,
    noise_se_uv: Float,
) -> tuple[dict[str, LeadMeasurement], dict[str, Float]]:
    """Quantities by lead, and J of every usable beat by lead.

    Args:
        names: one a row of ``mean_uv``, shape ``(n_leads, n)``.
        mean_uv: the representative beat on its PQ level.
        beats: J of each beat.
        fiducials: onset and J.
        t_end: end of T or None.
        tp_uv: level of TP by lead, shape ``(n_leads,)``.
        noise_se_uv: what noise adds to the standard error beyond the spread of J, shape ``(n_leads,)``.
    """
    f = fiducials
    at = f.j + _J_OFFSETS
    p = (max(0, f.onset - round(_P_MS[0] * _MS)), f.onset - round(_P_MS[1] * _MS))
    numbers = lead_numbers(mean_uv, f.onset, f.j, _t_limit(mean_uv, f, t_end), p, at)
    doubt = np.hypot(f.doubt_ms * numbers[:, NUMBERS.index("steepness")], noise_se_uv).tolist()
    leads, per_beat = {}, {}
    for i, (name, row) in enumerate(zip(names, numbers.tolist(), strict=True)):
        own = beats.j_uv[:, i]
        if not beats.valid[:, i].all():
            own = own[beats.valid[:, i]]
        per_beat[name] = own
        se_uv = math.hypot(_standard_error(own), doubt[i])
        leads[name] = _measurement(row, se_uv, float(tp_uv[i]), int(own.size))
    return leads, per_beat


def _measurement(row: list[float], se_uv: float, tp_uv: float, n_beats: int) -> LeadMeasurement:
    """One lead's ``NUMBERS`` as a value."""
    *st_uv, r, q, s, area, r_at, r_width, r_duration, q_width, terminal = row[
        : NUMBERS.index("st_t_area")
    ]
    st_t_area, t, t_at, t_width, above, p, _steepness, j = row[NUMBERS.index("st_t_area") :]
    has_r = r >= _SMALLEST_WAVE_UV
    limit = _STRAIGHT * max(abs(t - j), _SMALLEST_T_UV)
    shape: StShape = "straight" if abs(above) <= limit else "convex" if above > 0 else "concave"
    return LeadMeasurement(
        st_uv=tuple(st_uv),
        st_se_uv=se_uv,
        q_uv=q if has_r and q >= _SMALLEST_WAVE_UV else 0.0,
        r_uv=r if has_r else 0.0,
        s_uv=s,
        qrs_area_uv_ms=area / _MS,
        r_peak_ms=r_at / _MS,
        r_width_ms=r_width / _MS if has_r else 0.0,
        r_duration_ms=r_duration / _MS if has_r else 0.0,
        q_ms=q_width / _MS if has_r else 0.0,
        terminal_uv=terminal,
        st_shape=shape,
        t_uv=t,
        p_uv=p,
        t_peak_ms=t_at / _MS,
        t_width_ms=t_width / _MS,
        st_t_area_uv_ms=st_t_area / _MS,
        tp_uv=tp_uv,
        n_beats=n_beats,
    )


@kernel("quantities")
def lead_numbers(
    mean_uv: Float, onset: int, j: int, limit: int, p: tuple[int, int], at: Int
) -> Float:
    """Each lead's ``NUMBERS``, shape ``(n_leads, len(NUMBERS))``; times in samples, areas in µV times samples.

    Args:
        mean_uv: the representative beat on its PQ level.
        onset: of the QRS.
        j: its end.
        limit: sample up to which T is looked for.
        p: first sample of the stretch in which P is looked for, and the one after its last.
        at: samples of J+0 to J+80 ms.
    """
    level = _around(mean_uv, np.minimum(at, mean_uv.shape[1] - 1))
    qrs = mean_uv[:, onset : j + 1]
    top = qrs.argmax(axis=1)
    before_top = np.where(np.arange(qrs.shape[1]) <= top[:, None], qrs, np.inf)
    r_uv = np.maximum(0.0, qrs.max(axis=1))
    q_uv = np.maximum(0.0, -before_top.min(axis=1))
    s_uv = np.maximum(0.0, -qrs.min(axis=1))
    r_width = (qrs > 0.5 * r_uv[:, None]).sum(axis=1)
    r_duration = (qrs > _SMALLEST_WAVE_UV).sum(axis=1)
    q_width = (before_top < -_SMALLEST_WAVE_UV).sum(axis=1)
    terminal = mean_uv[:, max(onset, j - TERMINAL) : j].mean(axis=1)
    st_t_area = mean_uv[:, j:limit].sum(axis=1)
    of_qrs = (r_uv, q_uv, s_uv, qrs.sum(axis=1), top, r_width, r_duration, q_width, terminal)
    of_t = (st_t_area, *_st_t(mean_uv, j, limit))
    rest = (_p(mean_uv, *p), _steepness(mean_uv, j), mean_uv[:, j])
    return np.column_stack([level, *of_qrs, *of_t, *rest]).astype(np.float64)


def _steepness(mean_uv: Float, j: int) -> Float:
    """How fast each lead moves around J, µV/ms over 16 ms, shape ``(n_leads,)``."""
    low, high = max(0, j - STEEP), min(mean_uv.shape[1] - 1, j + STEEP)
    return np.asarray(np.abs(mean_uv[:, high] - mean_uv[:, low]) * _MS / (high - low))


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
    if o < _EARLIER_PQ[0]:
        return 0.0
    last, earlier = (mean_uv[:, o - a : o - b].mean(axis=1) for a, b in (_LAST_PQ, _EARLIER_PQ))
    moved = last - earlier
    size = np.ptp(mean_uv[:, o : fiducials.j + 1], axis=1)
    return float(np.sqrt((moved**2).sum()) / max(float(np.sqrt((size**2).sum())), 1e-9))


def _around(uv: Float, at: npt.NDArray[np.intp]) -> Float:
    """Level at samples ``at``, from them and the next two (none before: J must not see QRS)."""
    last = uv.shape[-1] - 1
    parts = [uv[..., np.minimum(at + k, last)] for k in (0, 1)]
    return np.asarray(sum(parts) / len(parts))


def _t_limit(mean_uv: Float, f: Fiducials, t_end: int | None) -> int:
    """Column up to which T is looked for."""
    return t_end if t_end is not None else min(mean_uv.shape[-1], f.j + _T_WITHOUT_END)


def _st_t(mean_uv: Float, j: int, limit: int) -> tuple[Float, Int, Int, Float]:
    """By lead: peak of T, its samples from J, the samples beyond half of it, and ST against its chord."""
    low = j + T_FROM
    high = max(limit, low + 2)
    part = mean_uv[:, low:high]
    lead = np.arange(mean_uv.shape[0])
    peak = np.abs(part).argmax(axis=1)
    j_uv, t_uv = mean_uv[:, j], part[lead, peak]
    # the early half: the late half of a normal T is convex in everyone
    early = j + (low + peak - j) // 3
    above = mean_uv[lead, early] - (j_uv + (t_uv - j_uv) / 3)
    upright = mean_uv[:, j:high] * np.sign(t_uv)[:, None]
    half = np.count_nonzero(upright > 0.5 * np.abs(t_uv)[:, None], axis=1)
    return t_uv, low + peak - j, half, above


def tp_levels(mean_uv: Float, fiducials: Fiducials, rr_samples: float) -> Float | None:
    """Level of the TP segment above PQ by lead, shape ``(n_leads,)``; None where there is none.

    The calmest 40 ms, over all leads together, between 240 and 170 ms before the QRS (earlier lies the
    U wave, later P). Only where the rate leaves a TP segment (RR of 700 ms and more) and
    those 40 ms stand as still as a baseline does.

    Source: clinical brief §2.7.
    """
    width = round(_TP_WIDTH_MS * _MS)
    last = fiducials.onset - round(_TP_MS[1] * _MS)
    if rr_samples < _TP_RR_MS * _MS or last < width + 2:
        return None
    part = np.ascontiguousarray(mean_uv[:, max(0, fiducials.onset - round(_TP_MS[0] * _MS)) : last])
    start, spread = calmest_stretch(part, width, 2)
    qrs = np.ptp(mean_uv[:, fiducials.onset : fiducials.j + 1], axis=1)
    if spread > _TP_STILL * float(np.sqrt((qrs * qrs).sum())):
        return None
    return np.asarray(part[:, start : start + width].mean(axis=1))


def _p(mean_uv: Float, low: int, high: int) -> Float:
    """Signed peak of P from ``low`` to ``high``, against the line under it, by lead."""
    n_leads, n = mean_uv.shape[0], high - low
    if n < P_SHORTEST:
        return np.zeros(n_leads)
    part = mean_uv[:, low:high]
    left = part[:, :P_EDGE].mean(axis=1, keepdims=True)
    right = part[:, -P_EDGE:].mean(axis=1, keepdims=True)
    under = part - (left + (right - left) * np.linspace(0.0, 1.0, n))
    total = np.cumsum(np.pad(under, ((0, 0), (P_SMOOTH // 2 + 1, P_SMOOTH // 2))), axis=1)
    smooth = (total[:, P_SMOOTH:] - total[:, :-P_SMOOTH]) / P_SMOOTH
    return np.asarray(smooth[np.arange(n_leads), np.abs(smooth).argmax(axis=1)])
