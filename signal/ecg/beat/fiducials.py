"""QRS onset and J point of the representative beat.

Source: clinical brief §2.6 (spatial *acceleration*: SD of the QRS end 4-5 ms, where a velocity
threshold ran up the ST slope with 26-60 ms).
All leads together decide, so every lead is measured at the same instant.

Deviations:
    * The 26-ms parabola smears the QRS over its own half width; with known truth it found the onset
      4.7 ms early and J 5.2 ms late at every noise level. Both are moved inward by 4 ms (two
      samples at 500 Hz); see ``docs/clinical/accuracy.md``.
    * Where the noise reaches a fifth of the peak acceleration (a smooth wide QRS under muscle noise)
      the beat is read again with a 42-ms parabola, whose noise is a third.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecg.conditioning.filters import ANALYSIS_FS_HZ
from ecg.hot import kernel
from ecg.robust import at_share
from ecg.values import Float

Bool = npt.NDArray[np.bool_]
_MS = ANALYSIS_FS_HZ / 1000.0
_SG_HALF = 6  # 13 points at 500 Hz: 26 ms
_SG_HALF_NOISY = 10  # 21 points: 42 ms
_SMEAR = {_SG_HALF: 2, _SG_HALF_NOISY: 4}
"""Samples by which the parabola widens the QRS on each side."""

_NOISY_SHARE = 0.2
_DOUBT_MS = 6.0
"""SD of J against exact truth where the noise reaches a fifth of the peak acceleration (5-10 ms)."""
_STILL = 0.10  # of the peak velocity
_FALLING, _SETTLED = 0.035, 0.025  # of the peak velocity


def _savgol_second(half: int) -> Float:
    """Coefficients of the second derivative of a least-squares parabola over 2*half+1 points."""
    k = np.arange(-half, half + 1, dtype=np.float64)
    centred = k * k - (k * k).mean()
    return np.asarray(2.0 * centred / (centred * centred).sum())


_SECOND = {half: _savgol_second(half) for half in _SMEAR}


@dataclass(frozen=True, slots=True)
class Fiducials:
    """Instants in the representative beat, in samples at ``ANALYSIS_FS_HZ`` from its first column.

    Attributes:
        onset, j: QRS onset and end (J point).
        j_before_notch: where the QRS ended before a J notch or slur, None without one.
        r: peak of spatial velocity.
        doubt_ms: standard deviation of J where noise made it uncertain, 0.0 else.
    """

    onset: int
    j: int
    j_before_notch: int | None
    r: int
    doubt_ms: float = 0.0


@kernel("fiducials")
def acceleration(beat_uv: Float, half: int) -> Float:
    """Length of the second-derivative vector over leads, shape ``(n_samples,)``.

    Args:
        beat_uv: at least one lead, shape ``(n_leads, n_samples)``.
        half: half width of the parabola in samples.
    """
    # a symmetric kernel: one centre term and a sum of the two samples at each distance
    n = beat_uv.shape[1]
    kernel = _SECOND[half]
    second = kernel[half] * beat_uv[:, half : n - half]
    for k in range(1, half + 1):
        pair = beat_uv[:, half - k : n - half - k] + beat_uv[:, half + k : n - half + k]
        second += kernel[half + k] * pair
    out = np.empty(n)
    out[half : n - half] = np.sqrt(np.einsum("ij,ij->j", second, second))
    out[:half] = out[half]
    out[-half:] = out[-half - 1]
    return out


def _span(a: Float, first: float, last: float) -> Float:
    low = min(max(round(first), 0), a.size - 2)
    return a[low : min(max(round(last), low + 1), a.size)]


@kernel("fiducials")
def run_of(a: Float, limit: float, speed: Float, still: float, start: int, stop: int, need: int) -> int:  # fmt: skip
    """First sample from ``start`` towards ``stop`` from which ``need`` are calm; -1 where there is none.

    Calm is an acceleration below ``limit`` and a speed below ``still``.
    """
    step = 1 if stop > start else -1
    run = 0
    is_calm = ((a < limit) & (speed < still)).tolist()
    for i in range(start, stop, step):
        run = run + 1 if is_calm[i] else 0
        if run == need:
            return i - step * (need - 1)
    return -1


def _still(speed: Float, r: int) -> float:
    """Speed below which the line stands still: a share of the peak, or that of the noise."""
    return max(_STILL * float(speed[r]), 1.6 * _noise_speed(speed, r))


@kernel("fiducials")
def speed_of(beat_uv: Float) -> Float:
    """Length of the velocity vector over leads, µV per sample over 12 ms, shape ``(n_samples,)``."""
    velocity = np.zeros_like(beat_uv)
    velocity[:, 3:-3] = (beat_uv[:, 6:] - beat_uv[:, :-6]) / 6
    return np.asarray(np.sqrt((velocity * velocity).sum(axis=0)))


def _peak_velocity(speed: Float, r0: int) -> int:
    low, high = max(0, r0 - round(60 * _MS)), min(speed.size, r0 + round(60 * _MS))
    return low + int(speed[low:high].argmax())


def _noise_speed(speed: Float, r: int) -> float:
    """Velocity of the calm after the QRS."""
    return at_share(_span(speed, r + 170 * _MS, r + 310 * _MS), 0.5)


def _noise_before(a: Float, r: int) -> float:
    """Acceleration of the calm before the QRS: the lower of two stretches, as after it.

    In a wide QRS the steepest point comes late and the nearer stretch lies inside the QRS.
    """
    near = at_share(_span(a, r - 130 * _MS, r - 76 * _MS), 0.70)
    far = at_share(_span(a, r - 230 * _MS, r - 176 * _MS), 0.70)
    return min(near, far)


def _noise_after(a: Float, r: int, start_ms: float) -> float:
    """Acceleration of the calm after the QRS.

    The lower of two neighbouring stretches: in a very wide QRS the first still lies inside it, and
    its acceleration taken for noise would end the QRS far too early.
    """
    first = at_share(_span(a, r + start_ms * _MS, r + (start_ms + 70) * _MS), 0.5)
    second = at_share(_span(a, r + (start_ms + 70) * _MS, r + (start_ms + 140) * _MS), 0.5)
    return min(first, second)


def _end(
    a: Float, speed: Float, r: int, peak: float, limit_ms: float, *, lull: bool = False
) -> int | None:
    """J point: forward from R, the first 16 ms of calm, with the noise measured twice if wide.

    Of a ``lull`` 8 ms at twice the limit are enough.

    Calm means little acceleration and less than 10 % of the peak velocity (or the velocity of the
    noise, where that is more): the straight middle of a deep, wide S has no acceleration either.
    """
    start_ms, end = 100.0, None
    need_ms = 8 if lull else 16
    still, last = _still(speed, r), min(a.size, r + round(limit_ms * _MS))
    for _ in range(2):
        limit = max((2 if lull else 1) * 0.05 * peak, 2.2 * _noise_after(a, r, start_ms))
        end = run_of(a, limit, speed, still, r, last, round(need_ms * _MS))
        if end < 0:
            return None
        after_ms = (end - r) / _MS + 20
        if after_ms <= 100.0:
            break
        start_ms = after_ms
    return end


def _notch_end(beat_uv: Float, a: Float, j: int, limit: float) -> int | None:
    """End of a J notch that follows a candidate end within 60 ms, None where there is none.

    A notch is a second run of high acceleration and, in some lead, a bump that stands 100 µV off the
    chord across it *and* 50 µV beyond both its ends: the rising ST of a STEMI or a T wave under
    noise bends too, but it does not come back.
    """
    high = np.flatnonzero(a[j : j + round(60 * _MS)] >= limit)
    if high.size < 4:
        return None
    first, last = j + int(high[-1]), min(a.size, j + round(90 * _MS))
    end = run_of(a, limit, a, np.inf, first, last, round(16 * _MS))
    if end <= j + 4:
        return None
    piece = beat_uv[:, j : end + 1]
    chord = piece[:, :1] + (piece[:, -1:] - piece[:, :1]) * np.linspace(0, 1, piece.shape[1])
    ends = piece[:, [0, -1]]
    beyond = np.maximum(piece.max(axis=1) - ends.max(axis=1), ends.min(axis=1) - piece.min(axis=1))
    notched = (np.abs(piece - chord).max(axis=1) > 100.0) & (beyond > 50.0)
    return end if bool(notched.any()) else None


def _j_wave_end(beat_uv: Float, j: int) -> int | None:
    """Foot of a J wave whose falling flank crosses J, None where there is none.

    Where in two leads the level falls by 100 µV within 20 ms of J and then by less than a third of
    that in the next 20 ms, J stood on a J wave (early repolarisation); ST is what follows its foot
    (Macfarlane et al., J Am Coll Cardiol 2015;66:470: amplitude at the J termination). The falling
    ST of an infarction or of Brugada's pattern goes on falling.
    """
    step = round(20 * _MS)
    if j + 3 * step >= beat_uv.shape[1]:
        return None
    at = beat_uv[:, j - 2 : j + 3].max(axis=1)
    fall = at - beat_uv[:, j + step]
    further = beat_uv[:, j + step] - beat_uv[:, j + 2 * step]
    waves = (fall >= 100.0) & (further < fall / 3) & (at >= 100.0)
    if int(waves.sum()) < 2:
        return None
    flank = beat_uv[waves].mean(axis=0)
    four = round(8 * _MS)
    for i in range(j + four, j + round(44 * _MS)):
        if flank[i] - flank[i + four] < 15.0:
            return i
    return j + round(44 * _MS)


def _settled(beat_uv: Float, j: int, peak_speed: float) -> int:
    """J moved forward, by at most 24 ms, out of a QRS whose slurred end still falls there.

    A quiet acceleration is not yet an end: after an R of 3 mV the last flank may run straight at
    15 µV/ms, and in the leads that end last J then reads 1-2 mm of QRS as ST elevation. Only where the
    spatial velocity of the next 8 ms is above 3.5 % of the peak *and* three times that of the ST
    segment itself (median over 24-84 ms after J) does J move, to where it falls to 2.5 % or three times.
    The slope of a STEMI is part of that median, so J does not run up it.
    """
    count = round(84 * _MS)
    piece = beat_uv[:, j : j + count + 8]
    if piece.shape[1] < count + 8:
        return j
    near = (piece[:, :-5] + piece[:, 1:-4]) / 2
    far = (piece[:, 3:-2] + piece[:, 4:-1] + piece[:, 5:]) / 3
    ahead = np.sqrt((((far - near) / 3.5) ** 2).sum(axis=0))
    calm = 3.0 * at_share(ahead[round(24 * _MS) : count], 0.5)
    if ahead[0] <= max(calm, _FALLING * peak_speed):
        return j
    slow = np.flatnonzero(ahead[: round(24 * _MS) + 1] <= max(calm, _SETTLED * peak_speed))
    return j + (int(slow[0]) if slow.size else 0)


def find_fiducials(beat_uv: Float, r0: int, *, lull: bool = False) -> Fiducials | None:
    """Onset and J of a representative beat, or None where no plausible QRS (50-220 ms) is found.

    Args:
        beat_uv: independent leads, shape ``(n_leads, n_samples)`` at ``ANALYSIS_FS_HZ``, at least
            180 ms before and 300 ms after ``r0``.
        r0: alignment point of the beats, a sample near R.
        lull: be content with 8 ms of less calm for J. A wide QRS at a high rate runs into its T wave
            without a full calm; to be asked only where the strict search found nothing.
    """
    if beat_uv.shape[0] == 0:
        return None
    speed = speed_of(beat_uv)
    r = _peak_velocity(speed, r0)
    found, noise_share = _fiducials_at(beat_uv, speed, r, _SG_HALF, lull=lull)
    if found is not None and noise_share < _NOISY_SHARE:
        return found
    calmer, _share = _fiducials_at(beat_uv, speed, r, _SG_HALF_NOISY, lull=lull)
    best = calmer or found
    return None if best is None else replace(best, doubt_ms=_DOUBT_MS)


def _fiducials_at(
    beat_uv: Float, speed: Float, r: int, half: int, *, lull: bool = False
) -> tuple[Fiducials | None, float]:
    """Onset and J with one width of parabola, and the noise limit as a share of the peak."""
    a = acceleration(beat_uv, half)
    peak = float(_span(a, r - 80 * _MS, r + 80 * _MS).max())
    if not peak > 0:
        return None, 1.0
    noise = _noise_before(a, r)
    limit = max(0.05 * peak, 2.2 * noise)
    share = 2.2 * max(noise, _noise_after(a, r, 100.0)) / peak
    first = max(0, r - round(190 * _MS))
    onset = run_of(a, limit, speed, _still(speed, r), r, first, round(12 * _MS))
    if lull:
        j = _end(a, speed, r, peak, 180.0, lull=True)
    else:
        j = _end(a, speed, r, peak, 180.0) or _end(a, speed, r, peak, 250.0)
    if onset < 0 or j is None:
        return None, share
    after = at_share(_span(a, j + 20 * _MS, j + 90 * _MS), 0.5)
    notch = (
        _notch_end(beat_uv, a, j, max(0.05 * peak, 3.0 * after)) if share < _NOISY_SHARE else None
    )
    smear = _SMEAR[half]
    end = (notch if notch is not None else j) - smear
    onset += smear
    if not 50.0 <= (end - onset) / _MS <= 220.0:
        return None, share
    foot = _j_wave_end(beat_uv, end) if share < _NOISY_SHARE else None
    before = end if foot is not None else j - smear if notch is not None else None
    if foot is None and share < _NOISY_SHARE:
        end = _settled(beat_uv, end, float(speed[r]))
    return Fiducials(onset, end if foot is None else foot, before, r), share
