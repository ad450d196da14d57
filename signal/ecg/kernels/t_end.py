"""The compiled twin of ``ecg.beat.t_end``: where T ends in each lead."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.beat.t_end import _DESCENT, _REACH, _SMOOTH, _T_UV, _TAIL, FEWEST_AFTER
from ecg.kernels.jit import jit
from ecg.values import Float

Int = npt.NDArray[np.intp]


@jit
def _smoothed(row: Float, total: Float, out: Float) -> None:
    """Centred moving average, zeros beyond the ends."""
    running, half, n = 0.0, _SMOOTH // 2, row.size
    for i in range(n + _SMOOTH):
        k = i - half - 1
        if 0 <= k < n:
            running += row[k]
        total[i] = running
    for i in range(n):
        out[i] = (total[i + _SMOOTH] - total[i]) / _SMOOTH


@jit
def _trapezium_end(row: Float, start: int, stop: int) -> int:
    """End of T that peaks at ``start``, -1 where it does not fall."""
    n = stop - start
    if n < FEWEST_AFTER:
        return -1
    sign, steepest, fall = np.sign(row[start]), 0, 0.0
    for i in range(min(n - 1, _DESCENT)):
        step = (row[start + i + 1] - row[start + i]) * -sign
        if i == 0 or step > fall:
            steepest, fall = i, step
    if fall <= 0:
        return -1
    far, best, largest = min(n - 1, steepest + _REACH), steepest, -1.0
    for i in range(steepest, far + 1):
        area = abs(row[start + steepest] - row[start + i]) * (2 * far - i - steepest)
        if area > largest:
            best, largest = i, area
    return start + best


@jit
def _ends(beat: Float, low: int, high: int, last: int, ends: Int) -> None:
    n = beat.shape[1]
    smooth, total = np.empty(n), np.empty(n + _SMOOTH)
    for lead in range(beat.shape[0]):
        _smoothed(beat[lead], total, smooth)
        peak = low
        for i in range(low, high):
            if abs(smooth[i]) > abs(smooth[peak]):
                peak = i
        ends[lead] = -1
        if abs(smooth[peak]) >= _T_UV and peak <= high - FEWEST_AFTER:
            ends[lead] = _trapezium_end(smooth, peak, min(last, peak + _TAIL))


def ends_by_lead(beat_uv: Float, low: int, high: int, last: int) -> list[int]:
    """As ``ecg.beat.t_end.ends_by_lead``."""
    ends = np.empty(beat_uv.shape[0], np.intp)
    _ends(beat_uv, low, high, last, ends)
    return [end for end in ends.tolist() if end >= 0]
