"""The compiled twin of ``ecg.detecting.second_detector``: two moving means in each lead, and who agrees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.detecting.second_detector import _APART, _BEAT, _EVERY, _LEAST_WIDTH, _MATCH, _OFFSET, _QRS
from ecg.kernels.jit import jit
from ecg.values import Float

Int = npt.NDArray[np.intp]


@jit
def _running_power(velocity: Float, lead: int, total: Float) -> float:
    """Running sum of a lead's power with half a beat of room on both sides; the mean power."""
    half, n = _BEAT // 2, total.size - _BEAT
    for i in range(half + 1):
        total[i] = 0.0
    for i in range(n):
        value = velocity[lead, _EVERY * i]
        total[half + 1 + i] = total[half + i] + value * value
    for i in range(half + 1 + n, total.size):
        total[i] = total[half + n]
    return float(total[half + n] / n)


@jit
def _beats_of(total: Float, offset: float, found: Int) -> int:
    """As ``ecg.detecting.second_detector.beats_of_one_lead``, into ``found``; how many."""
    n, first = total.size - _BEAT, _BEAT // 2 - _QRS // 2
    count, start, peak, top = 0, -1, 0, 0.0
    for i in range(n + 1):
        short, above = 0.0, False
        if i < n:
            short = (total[first + _QRS + i] - total[first + i]) / _QRS
            above = short > (total[_BEAT + i] - total[i]) / _BEAT + offset
        if above:
            if start < 0:
                start, peak, top = i, i, short
            elif short > top:
                peak, top = i, short
            continue
        if start >= 0 and i - start >= _LEAST_WIDTH:
            count = _taken(found, count, peak, top, total)
        start = -1
    return count


@jit
def _taken(found: Int, count: int, peak: int, top: float, total: Float) -> int:
    """The peak appended, or put for the last one where it is higher and too near."""
    if count and peak - found[count - 1] < _APART:
        first, last = _BEAT // 2 - _QRS // 2, found[count - 1]
        if top > (total[first + _QRS + last] - total[first + last]) / _QRS:
            found[count - 1] = peak
        return count
    found[count] = peak
    return count + 1


@jit
def _agreement(velocity: Float, positions: Int, out: Float) -> None:
    n = -(-velocity.shape[1] // _EVERY)
    total, found = np.empty(n + _BEAT), np.empty(n, np.intp)
    for lead in range(out.size):
        mean = _running_power(velocity, lead, total)
        count, both = _beats_of(total, _OFFSET * mean, found), 0
        for k in range(positions.size):
            at = positions[k] // _EVERY
            for i in range(count):
                if abs(at - found[i]) <= _MATCH:
                    both += 1
                    break
        either = max(1, positions.size + count - both)
        out[lead] = min(both / either, 1.0) if count else 0.0


def agreement_by_lead(velocity: Float, positions: Int) -> Float:
    """As ``ecg.detecting.second_detector.agreement_by_lead``."""
    out = np.empty(velocity.shape[0])
    _agreement(velocity, positions, out)
    return out
