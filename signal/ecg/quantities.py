"""Amplitudes, widths and shapes of each lead, read from the representative beat (brief §2.8)."""

from __future__ import annotations

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


def with_derived(
    names: tuple[str, ...], averaged: Averaged
) -> tuple[tuple[str, ...], Float, Float, Bool]:
    """Representative beat, beats and validity with the four derived limb leads added.

    Returns:
        names in standard order, mean ``(n_leads, n)``, beats ``(n_beats, n_leads, n)``, valid
        ``(n_beats, n_leads)``. Measuring the derived leads on derived beats keeps III = II - I
        exact in every number.
    """
    one, two = names.index("I"), names.index("II")
    derived = derive_limb_leads(averaged.mean_uv[one], averaged.mean_uv[two])
    beats = derive_limb_leads(averaged.beats_uv[:, one], averaged.beats_uv[:, two])
    both = averaged.valid[:, one] & averaged.valid[:, two]
    extra = tuple(derived)
    all_names = (*names, *extra)
    mean = np.concatenate([averaged.mean_uv, np.stack([derived[n] for n in extra])])
    cube = np.concatenate([averaged.beats_uv, np.stack([beats[n] for n in extra], axis=1)], axis=1)
    valid = np.concatenate([averaged.valid, np.repeat(both[:, None], len(extra), axis=1)], axis=1)
    order = [n for n in STANDARD_12 if n in all_names]
    order += [n for n in all_names if n not in order]
    index = [all_names.index(n) for n in order]
    return tuple(order), mean[index], cube[:, index], valid[:, index]


def measure_leads(
    names: tuple[str, ...],
    mean_uv: Float,
    beats_uv: Float,
    valid: Bool,
    fiducials: Fiducials,
    t_end: int | None,
) -> tuple[dict[str, LeadMeasurement], dict[str, Float]]:
    """Quantities by lead, and J of every usable beat by lead.

    Args:
        names: one a row of ``mean_uv``, shape ``(n_leads, n)``.
        mean_uv: the representative beat on its PQ level.
        beats_uv: shape ``(n_beats, n_leads, n)``.
        valid: which beat each lead may use, shape ``(n_beats, n_leads)``.
        fiducials: onset and J.
        t_end: end of T or None.
    """
    j = fiducials.j
    at = np.minimum(j + np.round(np.array(J_OFFSETS_MS) * _MS).astype(int), mean_uv.shape[1] - 1)
    # three samples (6 ms) around each instant: less noise, and on a straight ST no bias
    level = _around(mean_uv, at)
    beat_j = _around(beats_uv, at[:1])[:, :, 0]
    leads, per_beat = {}, {}
    for i, name in enumerate(names):
        own = beat_j[valid[:, i], i]
        per_beat[name] = own
        n = int(own.size)
        spread = float(own.std(ddof=1) / np.sqrt(n)) if n >= 2 else 0.0
        leads[name] = _lead(
            mean_uv[i], level[i], float(np.hypot(spread, FIDUCIAL_UV)), n, fiducials, t_end
        )
    return leads, per_beat


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


def _lead(
    row: Float, level: Float, se_uv: float, n_beats: int, f: Fiducials, t_end: int | None
) -> LeadMeasurement:
    qrs = row[f.onset : f.j + 1]
    top = int(qrs.argmax())
    r_uv = max(0.0, float(qrs[top]))
    q_uv = max(0.0, -float(qrs[: top + 1].min())) if r_uv >= _SMALLEST_WAVE_UV else 0.0
    t_uv, shape = _st_t(row, f, t_end)
    return LeadMeasurement(
        st_uv=tuple(float(v) for v in level),
        st_se_uv=se_uv,
        q_uv=q_uv if q_uv >= _SMALLEST_WAVE_UV else 0.0,
        r_uv=r_uv if r_uv >= _SMALLEST_WAVE_UV else 0.0,
        s_uv=max(0.0, -float(qrs.min())),
        qrs_area_uv_ms=float(qrs.sum() / _MS),
        r_peak_ms=top / _MS,
        r_width_ms=float((qrs > 0.5 * r_uv).sum() / _MS) if r_uv >= _SMALLEST_WAVE_UV else 0.0,
        terminal_uv=float(row[max(f.onset, f.j - 20) : f.j].mean()),
        st_shape=shape,
        t_uv=t_uv,
        p_uv=_p(row, f),
        n_beats=n_beats,
    )


def _st_t(row: Float, f: Fiducials, t_end: int | None) -> tuple[float, StShape]:
    """Signed peak of T and the shape of ST against the chord from J to that peak."""
    low = f.j + round(60 * _MS)
    high = t_end if t_end is not None else min(row.size, f.j + round(320 * _MS))
    part = row[low : max(high, low + 2)]
    peak = int(np.abs(part).argmax())
    j_uv, t_uv = float(row[f.j]), float(part[peak])
    # the early half: the late half of a normal T is convex in everyone
    early = f.j + (low + peak - f.j) // 3
    chord = j_uv + (t_uv - j_uv) / 3
    above = float(row[early]) - chord
    band = 0.05 * max(abs(t_uv - j_uv), 50.0)
    if abs(above) <= band:
        return t_uv, "straight"
    return t_uv, "convex" if above > 0 else "concave"


def _p(row: Float, f: Fiducials) -> float:
    """Signed peak of P in the 220 to 30 ms before the QRS, against the line under it."""
    low, high = f.onset - round(220 * _MS), f.onset - round(30 * _MS)
    low = max(0, low)
    if high - low < 30:
        return 0.0
    part = row[low:high]
    left, right = float(part[:8].mean()), float(part[-8:].mean())
    under = part - np.linspace(left, right, part.size)
    smooth = np.convolve(under, np.ones(7) / 7, mode="same")
    return float(smooth[np.abs(smooth).argmax()])
