"""What is read between the beats: muscle noise by lead and second, and the level of every half second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.conditioning.noisy_seconds import _HALF_SECOND, _SECOND
from ecg.kernels.jit import jit
from ecg.kernels.sums import add_pairs, dot
from ecg.values import Float

Bool = npt.NDArray[np.bool_]


@jit
def _hf_power(uv: Float, quiet: Bool, power: Float, count: Float) -> None:
    """Power of what a 9-point mean leaves, and the quiet samples, by second."""
    n_leads, n = uv.shape
    high, calm = np.empty(n - 9), np.empty(n - 9)
    two, four, eight = np.empty(n - 1), np.empty(n - 3), np.empty(n - 7)
    for i in range(n - 9):
        calm[i] = 1.0 if quiet[i + 5] else 0.0
        count[i // _SECOND] += calm[i]
    for lead in range(n_leads):
        row = uv[lead]
        add_pairs(row, row[1:], two)
        add_pairs(two, two[2:], four)
        add_pairs(four, four[4:], eight)
        middle, last = row[5:], row[9:]
        ahead = eight[1:]
        for i in range(n - 9):
            high[i] = (middle[i] - (ahead[i] + last[i]) / 9) * calm[i]
        for second in range(count.size):
            part = high[second * _SECOND : min(n - 9, (second + 1) * _SECOND)]
            power[lead, second] = dot(part, part)


def hf_power(uv: Float, quiet: Bool) -> tuple[Float, Float]:
    """As ``ecg.conditioning.noisy_seconds.hf_power``."""
    n_seconds = -(-(uv.shape[1] - 9) // _SECOND)
    power, count = np.empty((uv.shape[0], n_seconds)), np.zeros(n_seconds)
    _hf_power(uv, quiet, power, count)
    return power, count


@jit
def _half_means(uv: Float, out: Float) -> None:
    for lead in range(out.shape[0]):
        for k in range(out.shape[1]):
            a, b, start = 0.0, 0.0, k * _HALF_SECOND
            for i in range(start, start + _HALF_SECOND, 2):
                a += uv[lead, i]
                b += uv[lead, i + 1]
            out[lead, k] = (a + b) / _HALF_SECOND


def half_means(uv: Float) -> Float:
    """As ``ecg.conditioning.noisy_seconds.half_means``."""
    out = np.empty((uv.shape[0], uv.shape[1] // _HALF_SECOND))
    _half_means(uv, out)
    return out
