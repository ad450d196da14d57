"""The compiled twin of ``ecg.beat.fiducials``: acceleration and speed of the beat, and the first calm in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.beat.fiducials import _SECOND
from ecg.kernels.jit import jit
from ecg.values import Float

Bool = npt.NDArray[np.bool_]


@jit
def _acceleration(beat_uv: Float, kernel: Float, out: Float) -> None:
    n_leads, n = beat_uv.shape
    half = kernel.size // 2
    second, inner = np.empty(n - 2 * half), out[half : n - half]
    for i in range(inner.size):
        inner[i] = 0.0
    for lead in range(n_leads):
        centre = beat_uv[lead, half:]
        for i in range(second.size):
            second[i] = kernel[half] * centre[i]
        for k in range(1, half + 1):
            before, after = beat_uv[lead, half - k :], beat_uv[lead, half + k :]
            factor = kernel[half + k]
            for i in range(second.size):
                second[i] += factor * (before[i] + after[i])
        for i in range(second.size):
            inner[i] += second[i] * second[i]
    for i in range(inner.size):
        inner[i] = np.sqrt(inner[i])
    for i in range(half):
        out[i], out[n - 1 - i] = out[half], out[n - half - 1]


def acceleration(beat_uv: Float, half: int) -> Float:
    """As ``ecg.beat.fiducials.acceleration``."""
    out = np.empty(beat_uv.shape[1])
    _acceleration(beat_uv, _SECOND[half], out)
    return out


@jit
def _speed(beat_uv: Float, out: Float) -> None:
    n_leads, n = beat_uv.shape
    for i in range(n):
        out[i] = 0.0
    for lead in range(n_leads):
        before, after, inner = beat_uv[lead], beat_uv[lead, 6:], out[3:]
        for i in range(n - 6):
            step = (after[i] - before[i]) / 6
            inner[i] += step * step
    for i in range(n):
        out[i] = np.sqrt(out[i])


def speed_of(beat_uv: Float) -> Float:
    """As ``ecg.beat.fiducials.speed_of``."""
    out = np.empty(beat_uv.shape[1])
    _speed(beat_uv, out)
    return out


@jit
def run_of(a: Float, limit: float, speed: Float, still: float, start: int, stop: int, need: int) -> int:  # fmt: skip
    """As ``ecg.beat.fiducials.run_of``."""
    step = 1 if stop > start else -1
    run = 0
    for i in range(start, stop, step):
        run = run + 1 if a[i] < limit and speed[i] < still else 0
        if run == need:
            return i - step * (need - 1)
    return -1
