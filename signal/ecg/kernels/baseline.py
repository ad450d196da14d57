"""The compiled twin of ``ecg.conditioning.baseline``: levels at the knots, and the spline through them taken off."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.conditioning.baseline import _OUTLIER_MOST_UV, _OUTLIER_TIMES, _OUTLIER_UV
from ecg.kernels.jit import jit
from ecg.kernels.order import median_of
from ecg.values import Float

Int = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]


@jit
def _means_from(uv: Float, starts: Int, width: int, out: Float) -> None:
    for lead in range(uv.shape[0]):
        for k in range(starts.size):
            level = 0.0
            for i in range(starts[k], starts[k] + width):
                level += uv[lead, i]
            out[lead, k] = level / width


def means_from(uv: Float, starts: Int, width: int) -> Float:
    """As ``ecg.conditioning.baseline.means_from``."""
    out = np.empty((uv.shape[0], starts.size))
    _means_from(uv, starts, width, out)
    return out


@jit
def _bend(levels: Float, h: Float, lead: int, bend: Float, upper: Float) -> None:
    """Second derivatives of the natural cubic spline of one lead, by elimination down and up the three diagonals."""
    n = bend.size
    bend[0] = bend[n - 1] = upper[0] = 0.0
    for k in range(1, n - 1):
        rise = (levels[lead, k + 1] - levels[lead, k]) / h[k]
        before = (levels[lead, k] - levels[lead, k - 1]) / h[k - 1]
        pivot = 2 * (h[k - 1] + h[k]) - h[k - 1] * upper[k - 1]
        upper[k] = h[k] / pivot
        bend[k] = (6 * (rise - before) - h[k - 1] * bend[k - 1]) / pivot
    for k in range(n - 2, 0, -1):
        bend[k] -= upper[k] * bend[k + 1]


@jit
def _less_spline(uv: Float, levels: Float, knots: Int, out: Float) -> None:
    n_knots = knots.size
    h, bend, upper = np.empty(n_knots), np.zeros(n_knots), np.empty(n_knots)
    for k in range(n_knots - 1):
        h[k] = float(knots[k + 1] - knots[k])
    for lead in range(uv.shape[0]):
        if n_knots >= 3:
            _bend(levels, h, lead, bend, upper)
        for i in range(knots[0]):
            out[lead, i] = uv[lead, i] - levels[lead, 0]
        for k in range(n_knots - 1):
            rise = (levels[lead, k + 1] - levels[lead, k]) / h[k]
            slope = rise - h[k] * (2 * bend[k] + bend[k + 1]) / 6
            half, cubic = bend[k] / 2, (bend[k + 1] - bend[k]) / (6 * h[k])
            row, flat = uv[lead, knots[k] : knots[k + 1]], out[lead, knots[k] : knots[k + 1]]
            level = levels[lead, k]
            for i in range(row.size):
                t = float(i)
                flat[i] = row[i] - (level + t * (slope + t * (half + t * cubic)))
        for i in range(knots[n_knots - 1], uv.shape[1]):
            out[lead, i] = uv[lead, i] - levels[lead, n_knots - 1]


def less_spline(uv: Float, levels: Float, knots: Int) -> Float:
    """As ``ecg.conditioning.baseline.less_spline``."""
    out = np.empty_like(uv)
    _less_spline(uv, np.ascontiguousarray(levels), knots, out)
    return out


@jit
def _suspect(levels: Float, knots: Int, bad: Bool) -> None:
    n = knots.size
    off, sorted_off = np.empty(n - 2), np.empty(n - 2)
    for lead in range(levels.shape[0]):
        row = levels[lead]
        for k in range(n - 2):
            whole = max(float(knots[k + 2] - knots[k]), 1.0)
            line = row[k] + (row[k + 2] - row[k]) * (float(knots[k + 1] - knots[k]) / whole)
            off[k] = sorted_off[k] = abs(row[k + 1] - line)
        limit = _OUTLIER_TIMES * median_of(sorted_off)
        limit = min(max(limit, _OUTLIER_UV), _OUTLIER_MOST_UV)
        for k in range(n - 2):
            bad[lead, k + 1] = off[k] > limit


def suspect_knots(levels: Float, knots: Int) -> Bool:
    """As ``ecg.conditioning.baseline.suspect_knots``."""
    bad = np.zeros(levels.shape, np.bool_)
    if knots.size >= 3:
        _suspect(np.ascontiguousarray(levels), knots, bad)
    return bad
