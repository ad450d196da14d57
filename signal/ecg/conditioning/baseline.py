"""The isoelectric line: a cubic spline through the PQ segment of every beat.

Source: clinical brief §2.7; of all baseline methods measured there (§2.2) the PQ-knot spline is the
only one that moves ST by 0 µV. It needs the QRS onset, so it runs after detection.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ecg.hot import kernel
from ecg.values import Float

PQ_START_MS, PQ_END_MS = 24.0, 4.0
"""The PQ level is the mean from 24 to 4 ms before the QRS onset (10 samples at 500 Hz)."""

_OUTLIER_UV, _OUTLIER_TIMES, _OUTLIER_MOST_UV = 300.0, 4.0, 1000.0
"""Distance from the neighbours' line from which a knot is suspect: at least, in median distances, at most (ADR 0015)."""
Int = npt.NDArray[np.intp]


def knot_levels(uv: Float, onsets: Int, fs_hz: float) -> Float:
    """PQ level of each beat and lead, shape ``(n_leads, n_beats)``.

    Args:
        uv: shape ``(n_leads, n_samples)``.
        onsets: samples of the QRS onsets, shape ``(n_beats,)``; the PQ window must lie inside.
        fs_hz: samples per second.
    """
    first, last = round(PQ_START_MS * fs_hz / 1000), round(PQ_END_MS * fs_hz / 1000)
    return means_from(uv, onsets - first, first - last)


@kernel("baseline")
def means_from(uv: Float, starts: Int, width: int) -> Float:
    """Mean of ``width`` samples from each start, shape ``(n_leads, n_starts)``."""
    return np.asarray(uv[:, starts[:, None] + np.arange(width)].mean(axis=2))


@kernel("baseline")
def suspect_knots(levels: Float, knots: Int) -> npt.NDArray[np.bool_]:
    """Knots far off the line through their neighbours, shape of ``levels``.

    The brief's 300 µV, raised to four times the lead's own median distance (at most 1 mV): a
    steady 0.8 mV wander bends more than 300 µV from beat to beat, and the spline follows it.
    """
    bad = np.zeros(levels.shape, dtype=np.bool_)
    if knots.size >= 3:
        x = knots.astype(np.float64)
        part = (x[1:-1] - x[:-2]) / np.maximum(x[2:] - x[:-2], 1.0)
        line = levels[:, :-2] + (levels[:, 2:] - levels[:, :-2]) * part
        off = np.abs(levels[:, 1:-1] - line)
        usual = _OUTLIER_TIMES * np.median(off, axis=1, keepdims=True)
        bad[:, 1:-1] = off > np.clip(usual, _OUTLIER_UV, _OUTLIER_MOST_UV)
    return bad


@kernel("baseline")
def less_spline(uv: Float, levels: Float, knots: Int) -> Float:
    """The leads less the spline through their levels at the knots, shape ``(n_leads, n_samples)``."""
    return np.asarray(uv - spline(levels, knots, uv.shape[1]))


def spline(levels: Float, knots: Int, n_samples: int) -> Float:
    """Natural cubic spline through the knots, flat outside them, shape ``(n_leads, n_samples)``.

    Args:
        levels: shape ``(n_leads, n_knots)``, at least one knot.
        knots: ascending samples, shape ``(n_knots,)``.
        n_samples: length of the result.
    """
    n_knots = knots.size
    if n_knots < 3:
        grid = np.arange(n_samples)
        return np.stack([np.interp(grid, knots, row) for row in levels])
    x = knots.astype(np.float64)
    h = np.diff(x)
    system = np.eye(n_knots)
    inner = np.arange(1, n_knots - 1)
    system[inner, inner - 1] = h[:-1]
    system[inner, inner] = 2 * (h[:-1] + h[1:])
    system[inner, inner + 1] = h[1:]
    rise = np.diff(levels, axis=1) / h
    right = np.zeros((n_knots, levels.shape[0]))
    right[1:-1] = 6 * np.diff(rise, axis=1).T
    bend = np.linalg.solve(system, right).T
    left, right_bend = bend[:, :-1], bend[:, 1:]
    slope = rise - h * (2 * left + right_bend) / 6
    cubic = (right_bend - left) / (6 * h)
    coefs = np.stack([levels[:, :-1], slope, left / 2, cubic], axis=2).transpose(1, 0, 2)
    t = np.arange(float(h.max()))
    powers = np.stack([np.ones_like(t), t, t * t, t * t * t])
    out = np.empty((levels.shape[0], n_samples))
    at = knots.tolist()
    for k, (a, b) in enumerate(pairwise(at)):
        np.matmul(coefs[k], powers[:, : b - a], out=out[:, a:b])
    out[:, : at[0]] = levels[:, :1]
    out[:, at[-1] :] = levels[:, -1:]
    return out
