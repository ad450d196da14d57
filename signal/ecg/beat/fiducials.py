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

# Where no other source is named, a value is the clinical brief's (§2.6, measured there against exact truth).
QRS_MS = (50.0, 220.0)
"""A QRS that is shorter or longer is none."""
_SPEED_PEAK_MS, _ACCELERATION_PEAK_MS = 60, 80
"""How far from the alignment point, and from the peak of speed, the peaks lie."""
_PEAK_SHARE, _NOISE_TIMES = 0.05, 2.2
"""Calm is an acceleration below this share of the peak, or below so many times the noise, whichever is more."""
_ONSET_CALM_MS, _J_CALM_MS = 12, 16
"""So long it must be calm before the QRS, and after it."""
_ONSET_WITHIN_MS, _J_WITHIN_MS, _WIDE_J_WITHIN_MS = 190, 180.0, 250.0
"""How far from R onset and J are looked for; J further where nothing was found."""
_LULL_MS, _LULL_TIMES = 8, 2
"""A lull: calm for so long at so many times the share of the peak (ADR 0015)."""
_BEFORE_MS, _FURTHER_BEFORE_MS, _BEFORE_SHARE = (130, 76), (230, 176), 0.70
"""Stretches before R whose noise is taken, and the order statistic (the further one: ADR 0015)."""
_AFTER_MS, _AFTER_WIDTH_MS, _AFTER_END_MS = 100.0, 70, 20
"""Noise after the QRS: from so long after R, or after a late end, over so long (median)."""
_SPEED_NOISE_MS, _SPEED_NOISE_TIMES = (170, 310), 1.6
"""Stretch after R whose median speed is that of the noise, and so many times of it still stand still; no published
source."""
_NOTCH_MS, _NOTCH_END_MS, _NOTCH_SAMPLES = 60, 90, 4
"""How far after a candidate end a notch may begin, and end; fewer samples of acceleration, or fewer between that end
and the notch's own, are none. No published source."""
_NOTCH_UV, _NOTCH_BEYOND_UV = 100.0, 50.0
"""Off the chord across the notch (the brief's 100 µV), and beyond both its ends (ADR 0015)."""
_AFTER_NOTCH_MS, _NOTCH_NOISE_TIMES = (20, 90), 3.0
"""Stretch after a candidate end, and how many times its acceleration a notch exceeds; no published source."""
_J_WAVE_MS, _J_WAVE_UV, _J_WAVE_LEADS = 20, 100.0, 2
"""A J wave falls by so much in so long, in so many leads (ADR 0015)."""
_FOOT_STEP_MS, _FOOT_WITHIN_MS, _FOOT_UV = 8, 44, 15.0
"""Its foot: where it falls by less than so much in 8 ms, at the latest so long after J; no published source."""
_AHEAD = 8  # samples that the speed of a slurred end looks ahead
_SLUR_MS, _SLUR_ST_MS, _SLUR_TIMES = 24, 84, 3.0
"""A slurred end: J moves by at most the first; speed is compared with so many times the median from there to the
second (ADR 0015)."""

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
    return max(_STILL * float(speed[r]), _SPEED_NOISE_TIMES * _noise_speed(speed, r))


@kernel("fiducials")
def speed_of(beat_uv: Float) -> Float:
    """Length of the velocity vector over leads, µV per sample over 12 ms, shape ``(n_samples,)``."""
    velocity = np.zeros_like(beat_uv)
    velocity[:, 3:-3] = (beat_uv[:, 6:] - beat_uv[:, :-6]) / 6
    return np.asarray(np.sqrt((velocity * velocity).sum(axis=0)))


def _peak_velocity(speed: Float, r0: int) -> int:
    low, high = (
        max(0, r0 - round(_SPEED_PEAK_MS * _MS)),
        min(speed.size, r0 + round(_SPEED_PEAK_MS * _MS)),
    )
    return low + int(speed[low:high].argmax())


def _noise_speed(speed: Float, r: int) -> float:
    """Velocity of the calm after the QRS."""
    return at_share(_span(speed, r + _SPEED_NOISE_MS[0] * _MS, r + _SPEED_NOISE_MS[1] * _MS), 0.5)


def _noise_before(a: Float, r: int) -> float:
    """Acceleration of the calm before the QRS: the lower of two stretches, as after it.

    In a wide QRS the steepest point comes late and the nearer stretch lies inside the QRS.
    """
    stretches = (_BEFORE_MS, _FURTHER_BEFORE_MS)
    return min(
        at_share(_span(a, r - first * _MS, r - last * _MS), _BEFORE_SHARE)
        for first, last in stretches
    )


def _noise_after(a: Float, r: int, start_ms: float) -> float:
    """Acceleration of the calm after the QRS.

    The lower of two neighbouring stretches: in a very wide QRS the first still lies inside it, and
    its acceleration taken for noise would end the QRS far too early.
    """
    starts_ms = (start_ms, start_ms + _AFTER_WIDTH_MS)
    return min(
        at_share(_span(a, r + ms * _MS, r + (ms + _AFTER_WIDTH_MS) * _MS), 0.5) for ms in starts_ms
    )


def _end(
    a: Float, speed: Float, r: int, peak: float, limit_ms: float, *, lull: bool = False
) -> int | None:
    """J point: forward from R, the first 16 ms of calm, with the noise measured twice if wide.

    Of a ``lull`` 8 ms at twice the limit are enough.

    Calm means little acceleration and less than 10 % of the peak velocity (or the velocity of the
    noise, where that is more): the straight middle of a deep, wide S has no acceleration either.
    """
    start_ms, end = _AFTER_MS, None
    need_ms = _LULL_MS if lull else _J_CALM_MS
    still, last = _still(speed, r), min(a.size, r + round(limit_ms * _MS))
    for _ in range(2):
        share = (_LULL_TIMES if lull else 1) * _PEAK_SHARE
        limit = max(share * peak, _NOISE_TIMES * _noise_after(a, r, start_ms))
        end = run_of(a, limit, speed, still, r, last, round(need_ms * _MS))
        if end < 0:
            return None
        after_ms = (end - r) / _MS + _AFTER_END_MS
        if after_ms <= _AFTER_MS:
            break
        start_ms = after_ms
    return end


def _notch_end(beat_uv: Float, a: Float, j: int, limit: float) -> int | None:
    """End of a J notch that follows a candidate end within 60 ms, None where there is none.

    A notch is a second run of high acceleration and, in some lead, a bump that stands 100 µV off the
    chord across it *and* 50 µV beyond both its ends: the rising ST of a STEMI or a T wave under
    noise bends too, but it does not come back.
    """
    high = np.flatnonzero(a[j : j + round(_NOTCH_MS * _MS)] >= limit)
    if high.size < _NOTCH_SAMPLES:
        return None
    first, last = j + int(high[-1]), min(a.size, j + round(_NOTCH_END_MS * _MS))
    end = run_of(a, limit, a, np.inf, first, last, round(_J_CALM_MS * _MS))
    if end <= j + _NOTCH_SAMPLES:
        return None
    piece = beat_uv[:, j : end + 1]
    chord = piece[:, :1] + (piece[:, -1:] - piece[:, :1]) * np.linspace(0, 1, piece.shape[1])
    ends = piece[:, [0, -1]]
    beyond = np.maximum(piece.max(axis=1) - ends.max(axis=1), ends.min(axis=1) - piece.min(axis=1))
    notched = (np.abs(piece - chord).max(axis=1) > _NOTCH_UV) & (beyond > _NOTCH_BEYOND_UV)
    return end if bool(notched.any()) else None


def _j_wave_end(beat_uv: Float, j: int) -> int | None:
    """Foot of a J wave whose falling flank crosses J, None where there is none.

    Where in two leads the level falls by 100 µV within 20 ms of J and then by less than a third of
    that in the next 20 ms, J stood on a J wave (early repolarisation); ST is what follows its foot
    (Macfarlane et al., J Am Coll Cardiol 2015;66:470: amplitude at the J termination). The falling
    ST of an infarction or of Brugada's pattern goes on falling.
    """
    step = round(_J_WAVE_MS * _MS)
    if j + 3 * step >= beat_uv.shape[1]:
        return None
    at = beat_uv[:, j - 2 : j + 3].max(axis=1)
    fall = at - beat_uv[:, j + step]
    further = beat_uv[:, j + step] - beat_uv[:, j + 2 * step]
    waves = (fall >= _J_WAVE_UV) & (further < fall / 3) & (at >= _J_WAVE_UV)
    if int(waves.sum()) < _J_WAVE_LEADS:
        return None
    flank = beat_uv[waves].mean(axis=0)
    ahead, last = round(_FOOT_STEP_MS * _MS), j + round(_FOOT_WITHIN_MS * _MS)
    for i in range(j + ahead, last):
        if flank[i] - flank[i + ahead] < _FOOT_UV:
            return i
    return last


def _settled(beat_uv: Float, j: int, peak_speed: float) -> int:
    """J moved forward, by at most 24 ms, out of a QRS whose slurred end still falls there.

    A quiet acceleration is not yet an end: after an R of 3 mV the last flank may run straight at
    15 µV/ms, and in the leads that end last J then reads 1-2 mm of QRS as ST elevation. Only where the
    spatial velocity of the next 8 ms is above 3.5 % of the peak *and* three times that of the ST
    segment itself (median over 24-84 ms after J) does J move, to where it falls to 2.5 % or three times.
    The slope of a STEMI is part of that median, so J does not run up it.
    """
    count, slur = round(_SLUR_ST_MS * _MS), round(_SLUR_MS * _MS)
    piece = beat_uv[:, j : j + count + _AHEAD]
    if piece.shape[1] < count + _AHEAD:
        return j
    near = (piece[:, :-5] + piece[:, 1:-4]) / 2
    far = (piece[:, 3:-2] + piece[:, 4:-1] + piece[:, 5:]) / 3
    ahead = np.sqrt((((far - near) / 3.5) ** 2).sum(axis=0))
    calm = _SLUR_TIMES * at_share(ahead[slur:count], 0.5)
    if ahead[0] <= max(calm, _FALLING * peak_speed):
        return j
    slow = np.flatnonzero(ahead[: slur + 1] <= max(calm, _SETTLED * peak_speed))
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
    peak = float(_span(a, r - _ACCELERATION_PEAK_MS * _MS, r + _ACCELERATION_PEAK_MS * _MS).max())
    if not peak > 0:
        return None, 1.0
    noise = _noise_before(a, r)
    limit = max(_PEAK_SHARE * peak, _NOISE_TIMES * noise)
    share = _NOISE_TIMES * max(noise, _noise_after(a, r, _AFTER_MS)) / peak
    first = max(0, r - round(_ONSET_WITHIN_MS * _MS))
    onset = run_of(a, limit, speed, _still(speed, r), r, first, round(_ONSET_CALM_MS * _MS))
    if lull:
        j = _end(a, speed, r, peak, _J_WITHIN_MS, lull=True)
    else:
        j = _end(a, speed, r, peak, _J_WITHIN_MS) or _end(a, speed, r, peak, _WIDE_J_WITHIN_MS)
    if onset < 0 or j is None:
        return None, share
    begin, stop = (j + ms * _MS for ms in _AFTER_NOTCH_MS)
    notched = max(_PEAK_SHARE * peak, _NOTCH_NOISE_TIMES * at_share(_span(a, begin, stop), 0.5))
    notch = _notch_end(beat_uv, a, j, notched) if share < _NOISY_SHARE else None
    smear = _SMEAR[half]
    end = (notch if notch is not None else j) - smear
    onset += smear
    if not QRS_MS[0] <= (end - onset) / _MS <= QRS_MS[1]:
        return None, share
    foot = _j_wave_end(beat_uv, end) if share < _NOISY_SHARE else None
    before = end if foot is not None else j - smear if notch is not None else None
    if foot is None and share < _NOISY_SHARE:
        end = _settled(beat_uv, end, float(speed[r]))
    return Fiducials(onset, end if foot is None else foot, before, r), share
