"""The compiled twin of ``ecg.beat.representative``: beats cut, compared, weighed and averaged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.beat.representative import _QRS_ST, POST, PRE, SLOW_WIDTH
from ecg.kernels.jit import jit
from ecg.values import Float

Int = npt.NDArray[np.intp]


@jit
def _weighted_slope(uv: Float, weights: Float, pad: int, out: Float) -> None:
    for lead in range(uv.shape[0]):
        before, after, slope = uv[lead], uv[lead, 4:], out[lead, pad + 2 :]
        for i in range(after.size):
            slope[i] = (after[i] - before[i]) * weights[lead]


def weighted_slope(uv: Float, weights: Float, pad: int) -> Float:
    """As ``ecg.beat.representative.weighted_slope``."""
    out = np.zeros((uv.shape[0], uv.shape[1] + 2 * pad))
    _weighted_slope(uv, weights, pad, out)
    return out


@jit
def _cut(uv: Float, positions: Int, out: Float) -> None:
    last = uv.shape[1] - 1
    for k in range(positions.size):
        start = positions[k] - PRE
        inside = start >= 0 and positions[k] + POST <= last + 1
        for lead in range(uv.shape[0]):
            if inside:
                part, row = uv[lead, start : start + PRE + POST], out[k, lead]
                for i in range(row.size):
                    row[i] = part[i]
            else:
                for i in range(PRE + POST):
                    out[k, lead, i] = uv[lead, min(max(start + i, 0), last)]


def cut_beats(uv: Float, positions: Int) -> Float:
    """As ``ecg.beat.representative.cut_beats``."""
    out = np.empty((positions.size, uv.shape[0], PRE + POST))
    _cut(uv, positions, out)
    return out


@jit
def _levelled(beats: Float, low: int, high: int) -> None:
    for k in range(beats.shape[0]):
        for lead in range(beats.shape[1]):
            row, level = beats[k, lead], 0.0
            for i in range(low, high):
                level += row[i]
            level /= high - low
            for i in range(row.size):
                row[i] -= level


def levelled(beats_uv: Float, low: int, high: int) -> Float:
    """As ``ecg.beat.representative.levelled``."""
    _levelled(beats_uv, low, high)
    return beats_uv


@jit
def _slow_rms(beats: Float, centre: Float, first: int, out: Float) -> None:
    n = centre.shape[1]
    total = np.empty(n)
    for k in range(beats.shape[0]):
        for lead in range(beats.shape[1]):
            running, row, usual = 0.0, beats[k, lead, first:], centre[lead]
            for i in range(n):
                running += row[i] - usual[i]
                total[i] = running
            power = 0.0
            for i in range(n - SLOW_WIDTH):
                smooth = (total[i + SLOW_WIDTH] - total[i]) / SLOW_WIDTH
                power += smooth * smooth
            out[k, lead] = np.sqrt(power / (n - SLOW_WIDTH))


def slow_rms(beats_uv: Float, centre: Float) -> Float:
    """As ``ecg.beat.representative.slow_rms``."""
    out = np.empty(beats_uv.shape[:2])
    _slow_rms(beats_uv, centre, _QRS_ST.start, out)
    return out


@jit
def _weighted_sum(beats: Float, weights: Float, out: Float) -> None:
    for lead in range(out.shape[0]):
        total = out[lead]
        for i in range(total.size):
            total[i] = 0.0
        for k in range(beats.shape[0]):
            weight, row = weights[k, lead], beats[k, lead]
            for i in range(total.size):
                total[i] += row[i] * weight


def weighted_sum(beats_uv: Float, weights: Float) -> Float:
    """As ``ecg.beat.representative.weighted_sum``."""
    out = np.empty(beats_uv.shape[1:])
    _weighted_sum(beats_uv, weights, out)
    return out


@jit
def _spreads(uv: Float, width: int, every: int, spread: Float) -> None:
    """Squared span of each stretch, summed over the leads."""
    for k in range(spread.size):
        spread[k] = 0.0
    for lead in range(uv.shape[0]):
        row = uv[lead]
        for k in range(spread.size):
            foot = top = row[k * every]
            for i in range(k * every + 1, k * every + width):
                foot, top = min(foot, row[i]), max(top, row[i])
            spread[k] += (top - foot) * (top - foot)


def calmest_stretch(uv: Float, width: int, every: int) -> tuple[int, float]:
    """As ``ecg.beat.representative.calmest_stretch``."""
    spread = np.empty(uv.shape[1] // every - width // every + 1)
    _spreads(uv, width, every, spread)
    calmest = int(spread.argmin())
    return every * calmest, float(np.sqrt(spread[calmest]))
