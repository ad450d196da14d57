"""The representative beat: alike beats, aligned, on their PQ baseline, averaged without outliers.

Source: clinical brief §2.5-2.7.

Deviations:
    * The mean is weighted by each beat's calmness (1 / (residual² + 20² µV²)) after outliers are
      dropped, instead of trimmed by a quarter at each end: at ambulance noise p95 of the ST error
      fell from 44 to 40 µV, at moderate noise from 27 to 25 µV (48 records each).
    * A beat that is unusable in one lead (fault in that second, PQ knot off the line, motion) is
      left out of that lead only, not of all leads.
    * Alignment is to the sample (2 ms), not below: with 5 or more beats it costs nothing measurable.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ecg.beat.agreement import Agreement, agreed
from ecg.beat.fiducials import Fiducials, find_fiducials
from ecg.conditioning.baseline import (
    PQ_END_MS,
    PQ_START_MS,
    knot_levels,
    less_spline,
    means_from,
    suspect_knots,
)
from ecg.conditioning.filters import ANALYSIS_FS_HZ
from ecg.conditioning.quality import MOTION_LIMITS_UV
from ecg.detecting.beats import Beats
from ecg.detecting.matching import Matcher, pad_of, template_of
from ecg.hot import kernel
from ecg.robust import at_share, middle, midmean
from ecg.values import Float

PRE = 160  # samples before the alignment point, 320 ms
POST = 320  # samples after it, 640 ms
_HALF, _LAG = 40, 6  # samples of a piece on each side, and by which a beat may move
_CALM_UV = 40.0
"""Residual below which no beat is dropped; no published source."""
_CALM_WIDTH = 20  # samples, 40 ms
_SLOW_RR, _REGULAR = 300, 0.08
"""Mean RR in samples from which a rhythm leaves calm after T, and its relative SD at most (ADR 0015: below 100/min)."""
_FLOOR_UV = 20.0
"""Residual of a beat at least, when it is weighed (see Deviations)."""
_QRS_ST = slice(PRE - 60, PRE + 85)
_EDGE_PRE, _EDGE_POST = 90, 170
ENOUGH_BEATS = 5
"""Beats from which a mean is safe (the median below), all windows may be whole, and some may be dropped (§2.5)."""
_FIT_BELOW, _FIT_LEAST, _FIT_MOST = 0.15, 0.5, 0.90
"""Correlation of aligned beats: so much below the median, within these limits; §2.5 has the last alone, see ADR 0015."""
SLOW_WIDTH = 25
"""Samples (50 ms) over which a beat's residual is smoothed before its motion is read; no published source."""
_MOVED_TIMES = 2.0
"""A beat moved if its residual exceeds so many times the middle one's; no published source."""
_MOST_DROPPED = 3
"""At most one in so many beats may be dropped (ADR 0015)."""
_CALM_FROM_RR, _CALM_TO_RR, _CALM_STEP = 0.45, 0.75, 4
"""Shares of RR after the onset between which the calm after T is looked for, and the samples of a step (ADR 0015)."""
_FEWEST_RR = 4
_ROUGH_PQ = slice(PRE - 70, PRE - 50)
"""Where the first, rough look at the beat takes its level: before any onset is known."""
_PQ = (round(PQ_START_MS * ANALYSIS_FS_HZ / 1000), round(PQ_END_MS * ANALYSIS_FS_HZ / 1000))
"""Samples before the onset between which the PQ level is taken."""
_REACH_S = (-0.15, 0.25)
"""What of a beat must lie in good seconds, from its alignment point; no published source."""
Int = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Averaged:
    """Beats and their representative.

    Attributes:
        mean_uv: shape ``(n_leads, PRE + POST)``, on its PQ level.
        beats_uv: every beat used, shape ``(n_beats, n_leads, PRE + POST)``.
        valid: which beat each lead may use, shape ``(n_beats, n_leads)``.
        positions: alignment samples at ``ANALYSIS_FS_HZ``, shape ``(n_beats,)``.
        fiducials: in the columns of ``mean_uv``.
        motion_uv: median residual of each lead's beats, shape ``(n_leads,)``.
        wide_confirmed: whether both halves of the beats are wide, None where that was not asked.
        end_unknown: whether they disagree so far that J cannot be placed.
    """

    mean_uv: Float
    beats_uv: Float
    valid: Bool
    positions: Int
    fiducials: Fiducials
    motion_uv: Float
    wide_confirmed: bool | None
    end_unknown: bool


def calmness(valid: Bool, residual_uv: Float) -> Float:
    """Weight of each beat and lead in the mean, shape ``(n_beats, n_leads)``; 0 for unusable ones."""
    return np.where(valid, 1.0 / (residual_uv**2 + _FLOOR_UV**2), 0.0)


def calm_mean(beats_uv: Float, valid: Bool, residual_uv: Float) -> Float:
    """Mean of the beats, each lead's calm beats counting more; the median below five beats.

    Args:
        beats_uv: shape ``(n_beats, n_leads, n)``.
        valid: which beat each lead may use, shape ``(n_beats, n_leads)``.
        residual_uv: slow residual of each beat against the middle beat, same shape as ``valid``.
    """
    if beats_uv.shape[0] < ENOUGH_BEATS:
        return middle(beats_uv)
    weights = calmness(valid, residual_uv)
    weights = weights / np.maximum(weights.sum(axis=0), 1e-12)
    return weighted_sum(beats_uv, weights)


@kernel("averaging")
def weighted_sum(beats_uv: Float, weights: Float) -> Float:
    """Sum of the beats, each lead's by its weights ``(n_beats, n_leads)``; shape ``(n_leads, n)``."""
    return np.asarray((beats_uv * weights[:, :, None]).sum(axis=0))


def aligned_positions(uv: Float, beats: Beats) -> Int:
    """Positions of the dominant beats at ``ANALYSIS_FS_HZ``, realigned by correlation."""
    positions = 2 * beats.positions[beats.dominant]
    matcher = Matcher(weighted_slope(uv, beats.weights, pad_of(_HALF, _LAG)), _HALF, _LAG)
    fit = np.zeros(positions.size)
    for _ in range(2):
        positions, fit = matcher.realign(positions, template_of(matcher.pieces(positions)))
    if not fit.size:
        return np.asarray(positions)
    limit = min(max(at_share(fit, 0.5) - _FIT_BELOW, _FIT_LEAST), _FIT_MOST)
    return np.asarray(positions[fit >= limit])


@kernel("averaging")
def weighted_slope(uv: Float, weights: Float, pad: int) -> Float:
    """Slope of each weighted lead over 8 ms, with ``pad`` zeros before and after the window."""
    n_leads, n = uv.shape
    slope = np.zeros((n_leads, n + 2 * pad))
    slope[:, pad + 2 : pad + n - 2] = (uv[:, 4:] - uv[:, :-4]) * weights[:, None]
    return slope


def _inside(positions: Int, n_samples: int) -> Int:
    """Beats with their whole window inside, or, with fewer than five, at least PQ to J+100 ms."""
    whole = positions[(positions >= PRE) & (positions + POST <= n_samples)]
    if whole.size >= ENOUGH_BEATS:
        return whole
    return positions[(positions >= _EDGE_PRE) & (positions + _EDGE_POST <= n_samples)]


@kernel("averaging")
def cut_beats(uv: Float, positions: Int) -> Float:
    """Windows around positions, shape ``(n_beats, n_leads, PRE + POST)``, edges held."""
    n = uv.shape[1]
    out = np.empty((positions.size, uv.shape[0], PRE + POST))
    for k, position in enumerate(positions.tolist()):
        low, high = max(0, position - PRE), min(n, position + POST)
        left, right = low - (position - PRE), high - (position - PRE)
        out[k, :, left:right] = uv[:, low:high]
        out[k, :, :left] = uv[:, :1]
        out[k, :, right:] = uv[:, -1:]
    return out


@kernel("averaging")
def levelled(beats_uv: Float, low: int, high: int) -> Float:
    """Every beat and lead less its mean from ``low`` to ``high``; may write into ``beats_uv``."""
    return np.asarray(beats_uv - beats_uv[:, :, low:high].mean(axis=2, keepdims=True))


def _filled(beats_uv: Float, valid: Bool) -> Float:
    """Beats with the unusable ones of a lead replaced by that lead's median beat."""
    if valid.all():
        return beats_uv
    out = beats_uv.copy()
    for lead in np.flatnonzero(~valid.all(axis=0)):
        good = valid[:, lead]
        if good.any():
            out[~good, lead] = middle(beats_uv[good, lead])
    return out


def _motion(beats_uv: Float, valid: Bool) -> Float:
    """Slow residual of each beat and lead against the middle beat, rms over QRS and ST."""
    centre = midmean(_filled(beats_uv[:, :, _QRS_ST], valid))
    return slow_rms(beats_uv, centre)


@kernel("averaging")
def slow_rms(beats_uv: Float, centre: Float) -> Float:
    """Rms over QRS and ST of each beat less ``centre``, smoothed over 50 ms, shape ``(n_beats, n_leads)``."""
    width = SLOW_WIDTH
    part = beats_uv[:, :, _QRS_ST] - centre
    total = np.cumsum(part, axis=2)
    smooth = (total[:, :, width:] - total[:, :, :-width]) / width
    return np.asarray(np.sqrt((smooth * smooth).mean(axis=2)))


def _calmest(valid: Bool, residual: Float) -> Bool:
    """Without the beats that moved twice as much as the middle one, while most others remain.

    Dropping is for a few bad beats. Under a wander near half the heart rate the beats fall into two
    groups, above and below; to drop one of them would leave agreement and a wrong level (90 µV with a
    standard error of 10 was seen). Where more than a third would go, all stay and the spread shows.
    """
    usual = middle(np.where(valid, residual, np.inf))
    calm = valid & (residual < np.maximum(_MOVED_TIMES * usual, _CALM_UV))
    enough = (calm.sum(axis=0) >= ENOUGH_BEATS) & _most_stay(calm, valid)
    return np.where(enough, calm, valid)


def _most_stay(kept: Bool, valid: Bool) -> Bool:
    """By lead whether two thirds or more of the usable beats are kept, shape ``(n_leads,)``."""
    share = _MOST_DROPPED * kept.sum(axis=0) >= (_MOST_DROPPED - 1) * valid.sum(axis=0)
    return np.asarray(share)


def _slow_and_regular(rr: list[int]) -> bool:
    mean = sum(rr) / len(rr)
    variance = sum((x - mean) ** 2 for x in rr) / len(rr)
    return mean >= _SLOW_RR and variance <= (_REGULAR * mean) ** 2


def _between_knots(
    uv: Float, flat: Float, beats_uv: Float, positions: Int, onset: int
) -> tuple[Int, Float] | None:
    """A second knot in each beat, in the calm after T; None where the rhythm leaves none.

    One knot a beat cannot follow a wander near half the heart rate: between the knots it swings the
    other way. The level of the representative beat at its calmest 40 ms after T is subtracted from
    every beat there, and what is left is baseline. Only in a regular rhythm below 100/min, where T
    ends at the same place in every beat.

    Args:
        uv: shape ``(n_leads, n_samples)``.
        flat: the same less the spline through the PQ levels.
        beats_uv: beats cut from ``flat``.
        positions: of the beats.
        onset: of the QRS, in the columns of ``beats_uv``.

    Returns:
        Samples of the knots and levels, shape ``(n_leads, n_knots)``.
    """
    at = positions.tolist()
    rr = [b - a for a, b in pairwise(at)]
    if len(rr) < _FEWEST_RR or not _slow_and_regular(rr):
        return None
    low = onset + round(_CALM_FROM_RR * min(rr))
    high = min(PRE + POST, onset + round(_CALM_TO_RR * min(rr)))
    if high - low < _CALM_WIDTH + _CALM_STEP:
        return None
    usual = midmean(beats_uv[:, :, low:high])
    calmest, _spread = calmest_stretch(usual, _CALM_WIDTH, _CALM_STEP)
    start = low + calmest
    own = usual[:, calmest : calmest + _CALM_WIDTH].mean(axis=1, keepdims=True)
    first = positions - PRE + start
    first = first[(first >= 0) & (first + _CALM_WIDTH <= uv.shape[1])]
    levels = means_from(uv, first, _CALM_WIDTH) - own
    knots = first + _CALM_WIDTH // 2
    # an artefact at a knot is no baseline: there the spline through the PQ levels stays
    suspect = suspect_knots(levels, knots)
    if suspect.any():
        levels = np.where(suspect, uv[:, knots] - flat[:, knots], levels)
    return knots, levels


@kernel("averaging")
def calmest_stretch(uv: Float, width: int, every: int) -> tuple[int, float]:
    """Where the leads together move least within ``width`` samples, and by how much (root of squared spans).

    Args:
        uv: shape ``(n_leads, n)``, ``n`` at least ``width``.
        width: samples of a stretch, a multiple of ``every``.
        every: samples from the beginning of a stretch to that of the next.
    """
    # extremes of a stretch are those of its blocks of ``every``
    n_blocks, reach = uv.shape[1] // every, width // every
    blocks = uv[:, : every * n_blocks].reshape(uv.shape[0], n_blocks, every)
    top = np.lib.stride_tricks.sliding_window_view(blocks.max(axis=2), reach, axis=1).max(axis=2)
    foot = np.lib.stride_tricks.sliding_window_view(blocks.min(axis=2), reach, axis=1).min(axis=2)
    spread = ((top - foot) ** 2).sum(axis=0)
    calmest = int(spread.argmin())
    return every * calmest, float(np.sqrt(spread[calmest]))


def average(
    uv: Float, positions: Int, seconds_bad: Bool, trusted: Bool, fs_hz: float = ANALYSIS_FS_HZ
) -> Averaged | None:
    """The representative beat and its fiducials, or None where no plausible QRS is found.

    Args:
        uv: low-passed, hum-free leads, shape ``(n_leads, n_samples)``.
        positions: of the aligned dominant beats.
        seconds_bad: seconds that must not be measured, shape ``(n_leads, n_seconds)``.
        trusted: leads that take part in finding onset and J, shape ``(n_leads,)``.
        fs_hz: rate of ``uv``.
    """
    positions = _inside(positions, uv.shape[1])
    if positions.size == 0:
        return None
    raw = levelled(cut_beats(uv, positions), _ROUGH_PQ.start, _ROUGH_PQ.stop)
    rough = middle(raw)[trusted]
    first = find_fiducials(rough, PRE) or find_fiducials(rough, PRE, lull=True)
    if first is None:
        return None
    onsets = positions - PRE + first.onset
    reach = round(PQ_START_MS * fs_hz / 1000)
    keep = onsets >= reach
    positions, onsets = positions[keep], onsets[keep]
    if positions.size == 0:
        return None
    levels = knot_levels(uv, onsets, fs_hz)
    suspect = suspect_knots(levels, onsets)
    flat = less_spline(uv, levels, onsets)
    beats_uv = cut_beats(flat, positions)
    between = _between_knots(uv, flat, beats_uv, positions, first.onset)
    if between is not None:
        knots = np.concatenate([onsets, between[0]])
        order = np.argsort(knots, kind="stable")
        both = np.concatenate([levels, between[1]], axis=1)[:, order]
        flat = less_spline(uv, both, knots[order])
        beats_uv = cut_beats(flat, positions)
    valid = ~suspect.T & ~_touches(positions, seconds_bad, fs_hz)
    residual = _motion(beats_uv, valid)
    still = valid & (residual < MOTION_LIMITS_UV[2])
    valid = np.where(_most_stay(still, valid), still, valid)
    valid = _calmest(valid, residual)
    mean = calm_mean(_filled(beats_uv, valid), valid, residual)
    found = find_fiducials(mean[trusted], PRE) or first
    checked = agreed(found, beats_uv, calmness(valid, residual), trusted, PRE)
    return _on_pq(mean, beats_uv, valid, positions, checked, middle(residual))


def _on_pq(
    mean: Float,
    beats_uv: Float,
    valid: Bool,
    positions: Int,
    checked: Agreement,
    motion_uv: Float,
) -> Averaged:
    found = checked.fiducials
    low, high = found.onset - _PQ[0], found.onset - _PQ[1]
    mean = mean - mean[:, low:high].mean(axis=1, keepdims=True)
    beats_uv = levelled(beats_uv, low, high)
    return Averaged(
        mean,
        beats_uv,
        valid,
        positions,
        found,
        motion_uv,
        checked.wide_confirmed,
        checked.end_unknown,
    )


def _touches(positions: Int, seconds_bad: Bool, fs_hz: float) -> Bool:
    """Whether a beat reaches into a bad second, shape ``(n_beats, n_leads)``."""
    last = seconds_bad.shape[1] - 1
    if not seconds_bad.any():
        return np.zeros((positions.size, seconds_bad.shape[0]), dtype=np.bool_)
    out = np.zeros((positions.size, seconds_bad.shape[0]), dtype=np.bool_)
    for reach in _REACH_S:
        second = np.clip(((positions / fs_hz) + reach).astype(int), 0, last)
        out |= seconds_bad[:, second].T
    return out
