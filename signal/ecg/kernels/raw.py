"""What the raw samples look like: extremes of every stretch, and samples that stand out in several leads at once.

A record without a fault is the rule, and it is told by these alone; where one may be, ``ecg.conditioning.raw_faults`` looks itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.conditioning import raw_faults
from ecg.conditioning.pacing import _HEIGHT_UV, _LEADS
from ecg.kernels.jit import jit
from ecg.values import Float

Int = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]


@jit
def finite(uv: Float) -> bool:
    """As ``ecg.conditioning.raw_faults.finite``: what is not finite less itself is not zero."""
    for lead in range(uv.shape[0]):
        row, off = uv[lead], 0
        for i in range(row.size):
            off += row[i] - row[i] != 0.0
        if off:
            return False
    return True


@jit
def _extremes(part: Float) -> tuple[float, float]:
    """Smallest and largest of a row, four running ones each."""
    a = b = c = d = e = f = g = h = part[0]
    whole = part.size // 4
    for k in range(whole):
        i = 4 * k
        w, x, y, z = part[i], part[i + 1], part[i + 2], part[i + 3]
        a, b, c, d = min(a, w), min(b, x), min(c, y), min(d, z)
        e, f, g, h = max(e, w), max(f, x), max(g, y), max(h, z)
    for i in range(4 * whole, part.size):
        a, e = min(a, part[i]), max(e, part[i])
    return min(min(a, b), min(c, d)), max(max(e, f), max(g, h))


@jit
def _unsuspicious(uv: Float, starts: Int, need: int, width: int) -> bool:
    """No stretch stands still, no lead stays at its own extreme, none moves far enough for a step."""
    n_leads, n = uv.shape
    low, high = np.empty(starts.size), np.empty(starts.size)
    for lead in range(n_leads):
        row = uv[lead]
        for k in range(starts.size):
            stop = starts[k + 1] if k + 1 < starts.size else n
            low[k], high[k] = _extremes(row[starts[k] : stop])
        for k in range(starts.size):
            m = min(k + 1, starts.size - 1)
            if max(high[k], high[m]) - min(low[k], low[m]) < raw_faults.FLAT_UV:
                return False
        bottom, top = _extremes(low)[0], _extremes(high)[1]
        at_top = at_bottom = 0
        for i in range(n):
            at_top += row[i] == top
            at_bottom += row[i] == bottom
        if max(at_top, at_bottom) >= need:
            return False
        if top - bottom > raw_faults.STEP_UV and _leaps(row, width):
            return False
    return True


@jit
def _leaps(row: Float, width: int) -> bool:
    """Whether the mean of ``width`` samples differs by more than a step from that of the next."""
    before = 0.0
    for k in range(row.size // width):
        here, part = 0.0, row[k * width : (k + 1) * width]
        for i in range(part.size):
            here += part[i]
        if k and abs(here - before) / width > raw_faults.STEP_UV:
            return True
        before = here
    return False


def raw_flags(
    uv: Float, rail: Bool | None, missing: Bool | None, fs_hz: float
) -> raw_faults.RawFlags:
    """As ``ecg.conditioning.raw_faults.raw_flags``."""
    starts = raw_faults.half_seconds(uv.shape[1], fs_hz)
    need, width = raw_faults.stuck(fs_hz), raw_faults.eight_ms(fs_hz)
    if rail is None and missing is None and _unsuspicious(uv, starts, need, width):
        return raw_faults.no_flags(uv.shape, fs_hz)
    return raw_faults.looked_at(uv, rail, missing, fs_hz)


@jit
def _crowded(uv: Float, beside: int, limit: float, count: npt.NDArray[np.int8], found: Int) -> int:
    """Samples (less ``beside``) that stand far off the line beside them in several leads, into ``found``."""
    n = uv.shape[1] - 2 * beside
    for i in range(n):
        count[i] = 0
    for lead in range(uv.shape[0]):
        before, here, after = uv[lead], uv[lead, beside:], uv[lead, 2 * beside :]
        for i in range(n):
            count[i] += abs(2.0 * here[i] - before[i] - after[i]) > limit
    total = 0
    for i in range(n):
        if count[i] >= _LEADS:
            found[total] = i
            total += 1
    return total


def crowded(uv: Float, beside: int) -> Int:
    """As ``ecg.conditioning.pacing.crowded``."""
    n = uv.shape[1] - 2 * beside
    found = np.empty(n, np.intp)
    total = _crowded(uv, beside, 2.0 * _HEIGHT_UV, np.empty(n, np.int8), found)
    return found[:total]


@jit
def _off_line(uv: Float, beside: int, out: Float) -> None:
    n = out.size
    for i in range(n):
        out[i] = 0.0
    for lead in range(uv.shape[0]):
        before, here, after = uv[lead], uv[lead, beside:], uv[lead, 2 * beside :]
        for i in range(n):
            off = 2.0 * here[i] - before[i] - after[i]
            out[i] += off * off
    for i in range(n):
        out[i] = 0.5 * np.sqrt(out[i])


def off_line(uv: Float, beside: int) -> Float:
    """As ``ecg.conditioning.pacing.off_line``."""
    out = np.empty(uv.shape[1] - 2 * beside)
    _off_line(uv, beside, out)
    return out
