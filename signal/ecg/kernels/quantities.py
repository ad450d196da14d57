"""The compiled twin of ``ecg.beat.quantities``: one lead's beat in numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.beat.quantities import (
    _MS,
    _SMALLEST_WAVE_UV,
    NUMBERS,
    P_EDGE,
    P_SHORTEST,
    P_SMOOTH,
    STEEP,
    T_FROM,
    TERMINAL,
)
from ecg.kernels.jit import jit
from ecg.values import Float

Int = npt.NDArray[np.intp]
_QRS, _T, _P, _STEEPNESS, _J = (
    NUMBERS.index(n) for n in ("r_uv", "st_t_area", "p_uv", "steepness", "j_uv")
)
_TERMINAL = NUMBERS.index("terminal_uv")


@jit
def _of_qrs(row: Float, onset: int, j: int, out: Float) -> None:
    """R, Q, S, area, place of R, and the samples above half of R, above and below what counts as a wave."""
    top, high, low, before, area = 0, row[onset], row[onset], row[onset], 0.0
    for i in range(j + 1 - onset):
        value = row[onset + i]
        area += value
        low = min(low, value)
        if value > high:
            top, high, before = i, value, low
    r = max(0.0, high)
    half = tall = deep = 0
    for i in range(j + 1 - onset):
        value = row[onset + i]
        half += value > 0.5 * r
        tall += value > _SMALLEST_WAVE_UV
        deep += i <= top and value < -_SMALLEST_WAVE_UV
    out[0], out[1], out[2], out[3] = r, max(0.0, -before), max(0.0, -low), area
    out[4], out[5], out[6], out[7] = top, half, tall, deep


@jit
def _of_t(row: Float, j: int, low: int, high: int, limit: int, out: Float) -> None:
    """Area from J to the end of T, height and place of T, samples beyond half of it, and ST off its chord."""
    area = 0.0
    for i in range(j, limit):
        area += row[i]
    peak = low
    for i in range(low, high):
        if abs(row[i]) > abs(row[peak]):
            peak = i
    t_uv, half = row[peak], 0
    sign = np.sign(t_uv)
    for i in range(j, high):
        half += row[i] * sign > 0.5 * abs(t_uv)
    early = j + (peak - j) // 3
    out[0], out[1], out[2], out[3] = area, t_uv, peak - j, half
    out[4] = row[early] - (row[j] + (t_uv - row[j]) / 3)


@jit
def _p_of(row: Float, low: int, high: int, total: Float) -> float:
    """Signed peak of the smoothed P above the line under it; ``total`` is room for the running sum."""
    n = high - low
    if n < P_SHORTEST:
        return 0.0
    left = right = 0.0
    for i in range(P_EDGE):
        left += row[low + i]
        right += row[high - P_EDGE + i]
    left, right = left / P_EDGE, right / P_EDGE
    running, best = 0.0, 0.0
    for i in range(n + P_SMOOTH):
        k = i - (P_SMOOTH // 2 + 1)
        if 0 <= k < n:
            share = 1.0 if k == n - 1 else k * (1.0 / (n - 1))
            running += row[low + k] - (left + (right - left) * share)
        total[i] = running
    for i in range(n):
        smooth = (total[i + P_SMOOTH] - total[i]) / P_SMOOTH
        if abs(smooth) > abs(best):
            best = smooth
    return best


@jit
def _lead_numbers(mean: Float, onset: int, j: int, limit: int, p: Int, at: Int, out: Float) -> None:
    total, last = np.empty(mean.shape[1] + P_SMOOTH), mean.shape[1] - 1
    low = j + T_FROM
    before, after = max(0, j - STEEP), min(last, j + STEEP)
    for lead in range(mean.shape[0]):
        row, numbers = mean[lead], out[lead]
        for k in range(at.size):
            numbers[k] = (row[min(at[k], last)] + row[min(at[k] + 1, last)]) / 2
        _of_qrs(row, onset, j, numbers[_QRS:])
        terminal, first = 0.0, max(onset, j - TERMINAL)
        for i in range(first, j):
            terminal += row[i]
        numbers[_TERMINAL] = terminal / (j - first)
        _of_t(row, j, low, max(limit, low + 2), limit, numbers[_T:])
        numbers[_P] = _p_of(row, p[0], p[1], total)
        numbers[_STEEPNESS] = abs(row[after] - row[before]) * _MS / (after - before)
        numbers[_J] = row[j]


def lead_numbers(
    mean_uv: Float, onset: int, j: int, limit: int, p: tuple[int, int], at: Int
) -> Float:
    """As ``ecg.beat.quantities.lead_numbers``."""
    out = np.empty((mean_uv.shape[0], len(NUMBERS)))
    _lead_numbers(mean_uv, onset, j, limit, np.array(p), at, out)
    return out
