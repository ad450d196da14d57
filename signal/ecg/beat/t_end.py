"""The end of T in the representative beat, by the trapezium area.

Source: the trapezium-area method (Zhang et al. 2006; robust to noise, clinical brief §2.9 [S67]): of all
samples after the steepest descent the end is the one that, with that point and a fixed later one, spans the
largest trapezium. The record's T end is the middle of the three latest leads with |T| >= 100 µV.

Deviations:
    * Instead of the tangent at the steepest slope, which on LUDB (732 beats of 87 records) ended T 18 ms before
      the hand marks; the trapezium ends it 2 ms before them (middle distance 6 ms against 16). The spread,
      31 ms, is that of a few records with flat or two-phased T and stays.
"""

from __future__ import annotations

import numpy as np

from ecg.beat.fiducials import Fiducials
from ecg.conditioning.filters import ANALYSIS_FS_HZ
from ecg.hot import kernel
from ecg.values import Float

_MS = ANALYSIS_FS_HZ / 1000.0
_T_UV = 100.0
_SMOOTH = 9
_REACH = round(120 * _MS)
_DESCENT = round(150 * _MS)
_TAIL = round(300 * _MS)
_BEFORE_NEXT = round(200 * _MS)
_T_FROM = round(80 * _MS)
_T_WITHIN_RR, _T_WITHIN = 0.62, 480 * _MS
"""The peak of T lies between J+80 ms and the earlier of these, share of RR and samples after J; no published source."""
_SHORTEST = round(60 * _MS)
"""Samples of that stretch below which no T is looked for."""
_EDGE = 8  # samples kept clear of the end of the beat
FEWEST_AFTER = 12
"""Samples (24 ms) that must follow the peak of T within the stretch, and within what is left of the beat."""


def find_t_end(beat_uv: Float, f: Fiducials, rr_samples: float) -> int | None:
    """Latest credible end of T, a sample of the beat; None where no lead shows a T wave.

    Args:
        beat_uv: leads on their PQ baseline, shape ``(n_leads, n_samples)``.
        f: onset and J of the beat.
        rr_samples: mean RR in samples, limits the search.
    """
    low = f.j + _T_FROM
    high = min(beat_uv.shape[1] - _EDGE, f.j + round(min(_T_WITHIN_RR * rr_samples, _T_WITHIN)))
    if high - low < _SHORTEST:
        return None
    last = min(beat_uv.shape[1] - 1, max(high, f.onset + round(rr_samples) - _BEFORE_NEXT))
    ends = ends_by_lead(beat_uv, low, high, last)
    if not ends:
        return None
    latest = sorted(ends)[-3:]
    return latest[1] if len(latest) == 3 else latest[0]


@kernel("t_end")
def ends_by_lead(beat_uv: Float, low: int, high: int, last: int) -> list[int]:
    """End of T in each lead whose T reaches 100 µV between ``low`` and ``high``; none after ``last``."""
    smooth = _smoothed(beat_uv)
    peaks = np.abs(smooth[:, low:high]).argmax(axis=1).tolist()
    ends: list[int] = []
    for row, peak in zip(smooth, peaks, strict=True):
        if abs(float(row[low + peak])) >= _T_UV and peak <= high - low - FEWEST_AFTER:
            end = _trapezium_end(row[low + peak : min(last, low + peak + _TAIL)])
            ends += [] if end is None else [low + peak + end]
    return ends


def _smoothed(uv: Float) -> Float:
    """Centred moving average, zeros beyond the ends."""
    half = _SMOOTH // 2
    total = np.cumsum(np.pad(uv, ((0, 0), (half + 1, half))), axis=1)
    return np.asarray((total[:, _SMOOTH:] - total[:, :-_SMOOTH]) / _SMOOTH)


def _trapezium_end(tail: Float) -> int | None:
    """End of T in what follows its peak (the first sample), None where it does not fall."""
    if tail.size < FEWEST_AFTER:
        return None
    fall = np.diff(tail) * -np.sign(tail[0])
    steepest = int(fall[:_DESCENT].argmax())
    if fall[steepest] <= 0:
        return None
    far = min(tail.size - 1, steepest + _REACH)
    x = np.arange(steepest, far + 1)
    area = np.abs(tail[steepest] - tail[steepest : far + 1]) * (2 * far - x - steepest)
    return steepest + int(area.argmax())
