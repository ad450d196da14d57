"""The compiled twin of ``ecg.detecting.beats``: lead weights, activity, its local size and its peaks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.detecting.beats import (
    _FS,
    _MA,
    _QUIET_S,
    _REFRACTORY,
    _SECOND_EITHER_WAY,
    _SIZE_CAP,
    _TENTH,
)
from ecg.kernels.jit import jit
from ecg.kernels.order import at_share, select
from ecg.values import Float

Int = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]
_BLOCK = round(_QUIET_S * _FS)


@jit
def _spread(velocity: Float, high_at: int, low_at: int, high: Float, low: Float) -> None:
    """Two order statistics of the rms of each lead's stretches of 100 ms."""
    rms = np.empty(velocity.shape[1] // _BLOCK)
    for lead in range(velocity.shape[0]):
        for k in range(rms.size):
            total = 0.0
            for i in range(k * _BLOCK, (k + 1) * _BLOCK):
                total += velocity[lead, i] * velocity[lead, i]
            rms[k] = np.sqrt(total / _BLOCK)
        high[lead] = select(rms, high_at)
        low[lead] = select(rms, low_at)


def spread(velocity: Float, high_at: int, low_at: int) -> tuple[Float, Float]:
    """As ``ecg.detecting.beats.spread``."""
    high, low = np.empty(velocity.shape[0]), np.empty(velocity.shape[0])
    _spread(velocity, high_at, low_at, high, low)
    return high, low


@jit
def _weighted(velocity: Float, weights: Float, pad: int, padded: Float, activity: Float) -> None:
    n_leads, n = velocity.shape
    half = _MA // 2
    size = np.zeros(n)
    for lead in range(n_leads):
        row, inner, weight = velocity[lead], padded[lead, pad:], weights[lead]
        for i in range(n):
            inner[i] = row[i] * weight
            size[i] += inner[i] * inner[i]
    total = np.zeros(n + _MA)
    for i in range(n + _MA - 1):
        add = 0.0
        if half <= i < half + n:
            add = np.sqrt(size[i - half])
        total[i + 1] = total[i] + add
    for i in range(n):
        activity[i] = (total[i + _MA] - total[i]) / _MA


def weighted(velocity: Float, weights: Float, pad: int) -> tuple[Float, Float]:
    """As ``ecg.detecting.beats.weighted``."""
    padded = np.zeros((velocity.shape[0], velocity.shape[1] + 2 * pad))
    activity = np.empty(velocity.shape[1])
    _weighted(velocity, weights, pad, padded, activity)
    return padded, activity


@jit
def _running_top(activity: Float, running: Float) -> None:
    """Largest activity within a second of each stretch of 100 ms, zero beyond the ends."""
    n, n_blocks = activity.size, running.size
    peaks = np.zeros(n_blocks + 2 * _SECOND_EITHER_WAY)
    for k in range(n_blocks):
        top = activity[k * _TENTH] if (k + 1) * _TENTH <= n else 0.0
        for i in range(k * _TENTH, min(n, (k + 1) * _TENTH)):
            top = max(top, activity[i])
        peaks[k + _SECOND_EITHER_WAY] = top
    for k in range(n_blocks):
        top = peaks[k]
        for i in range(k + 1, k + 2 * _SECOND_EITHER_WAY + 1):
            top = max(top, peaks[i])
        running[k] = top


@jit
def _size(activity: Float, out: Float) -> None:
    running = np.empty(-(-activity.size // _TENTH))
    _running_top(activity, running)
    cap, last = _SIZE_CAP * at_share(running, 0.5), running.size - 1
    for k in range(running.size):
        running[k] = min(running[k], cap)
    for i in range(out.size):
        k = (2 * i - _TENTH) // (2 * _TENTH)
        if k < 0 or k >= last:
            out[i] = running[0 if k < 0 else last]
        else:
            first, second = (k + 0.5) * _TENTH, (k + 1.5) * _TENTH
            slope = (running[k + 1] - running[k]) / (second - first)
            out[i] = slope * (i - first) + running[k]


def local_size(activity: Float) -> Float:
    """As ``ecg.detecting.beats.local_size``."""
    out = np.empty(activity.size)
    _size(activity, out)
    return out


@jit
def _peaks(activity: Float, floor: Float, share: float, found: Int) -> int:
    """Local maxima above a share of the floor into ``found``, at least 200 ms apart, ascending; how many."""
    n = activity.size
    where = np.empty(n, np.intp)
    count = 0
    for i in range(1, n - 1):
        here = activity[i]
        if here > share * floor[i] and here > activity[i - 1] and here >= activity[i + 1]:
            k = count
            while k > 0 and activity[where[k - 1]] < here:
                where[k] = where[k - 1]
                k -= 1
            where[k] = i
            count += 1
    taken = 0
    for k in range(count):
        i = where[k]
        free = True
        for j in range(taken):
            free &= abs(i - found[j]) >= _REFRACTORY
        if free:
            j = taken
            while j > 0 and found[j - 1] > i:
                found[j] = found[j - 1]
                j -= 1
            found[j] = i
            taken += 1
    return taken


def peaks(activity: Float, floor: Float, share: float) -> Int:
    """As ``ecg.detecting.beats.peaks``."""
    found = np.empty(activity.size, np.intp)
    count = _peaks(activity, floor, share, found)
    return found[:count]
