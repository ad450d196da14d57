"""A second opinion on where the beats are, lead by lead: the agreement index bSQI.

Source: bSQI of Li, Mark and Clifford (2008) as the clinical brief §2.10 asks for it (±75 ms, poor below 0.8); the
second detector follows Elgendi's two moving averages (2013). It decides in one lead, without template, weights
or rhythm; it shares with ``ecg.detecting.beats`` only the 8-25 Hz velocity.

The index says in which leads the beats can be seen. It changes no grade: ADR 0034 has the figures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.conditioning.filters import DETECTION_FS_HZ
from ecg.hot import kernel
from ecg.values import Float

Int = npt.NDArray[np.intp]

_EVERY = 2  # 125 Hz are enough for a match within 75 ms
_FS = DETECTION_FS_HZ / _EVERY
_QRS = round(0.097 * _FS) | 1
_BEAT = round(0.611 * _FS) | 1
_LEAST_WIDTH = round(0.080 * _FS)
_APART = round(0.300 * _FS)
_MATCH = round(0.075 * _FS)
_OFFSET = 0.08
"""Widths and offset are Elgendi's (2013); the match of 75 ms is the brief's."""


def _moving_means(x: Float) -> tuple[Float, Float]:
    """Centred means of each row over a QRS and over a beat, zeros beyond the ends."""
    half, n = _BEAT // 2, x.shape[1]
    total = np.zeros((x.shape[0], n + _BEAT))
    np.cumsum(x, axis=1, out=total[:, half + 1 : half + 1 + n])
    total[:, half + 1 + n :] = total[:, half + n : half + n + 1]
    first = half - _QRS // 2
    short = total[:, first + _QRS : first + _QRS + n] - total[:, first : first + n]
    return short / _QRS, (total[:, _BEAT : _BEAT + n] - total[:, :n]) / _BEAT


def beats_of_one_lead(short: Float, limit: Float) -> Int:
    """Peaks of the stretches in which the short mean exceeds its limit for 80 ms and more.

    Args:
        short: squared velocity averaged over a QRS, shape ``(n_samples,)``.
        limit: same shape.
    """
    above = np.flatnonzero(
        np.diff(np.concatenate([[False], short > limit, [False]]).astype(np.int8))
    )
    found: list[int] = []
    for start, end in zip(above[::2].tolist(), above[1::2].tolist(), strict=True):
        if end - start < _LEAST_WIDTH:
            continue
        peak = start + int(short[start:end].argmax())
        if found and peak - found[-1] < _APART:
            if short[peak] > short[found[-1]]:
                found[-1] = peak
            continue
        found.append(peak)
    return np.array(found, dtype=np.intp)


@kernel("second_detector")
def agreement_by_lead(velocity: Float, positions: Int) -> Float:
    """Share of all beats, found by either, that both found; 0..1, shape ``(n_leads,)``.

    Args:
        velocity: 8-25 Hz derivative, shape ``(n_leads, n_samples)`` at ``DETECTION_FS_HZ``.
        positions: beats of the first detector, ascending; at least one.
    """
    power = velocity[:, ::_EVERY] ** 2
    short, long = _moving_means(power)
    limit = long + _OFFSET * power.mean(axis=1, keepdims=True)
    positions = positions // _EVERY
    out = np.zeros(velocity.shape[0])
    for row in range(velocity.shape[0]):
        other = beats_of_one_lead(short[row], limit[row])
        if other.size:
            both = int((np.abs(positions[:, None] - other).min(axis=1) <= _MATCH).sum())
            out[row] = both / max(1, positions.size + other.size - both)
    return np.minimum(out, 1.0)
