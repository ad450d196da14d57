"""Where the heart beats are, and which of them look alike.

Source: the 8-lead weighted spatial-velocity detector with template confirmation of the clinical
brief §2.4 (F1 99.9 % at ambulance noise there, against 95-98 % of open single-lead detectors).

Deviations:
    * Detection runs at 250 Hz on the 8-25 Hz velocity (half the work, the band allows it); the
      positions are refined at 500 Hz when the representative beat is aligned.
    * The quiet of a lead is sought in stretches of 100 ms, not 200: at 150/min every stretch of 200 ms
      can hold a piece of a QRS, and no beat was found at all.
    * The class limit of 0.90 falls with the noise (median correlation - 0.10, never below 0.60):
      under ambulance noise a fixed 0.90 rejected most true beats.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from ecg.conditioning.filters import DETECTION_FS_HZ
from ecg.detecting.doubtful_beats import NOT_READY, TALL, without_undue
from ecg.detecting.matching import Matcher, pad_of, template_of
from ecg.hot import kernel
from ecg.robust import at_share
from ecg.values import Float

Int = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]

_FS = DETECTION_FS_HZ
_HALF = round(0.100 * _FS)  # template half width, samples
_LAG = round(0.020 * _FS)
_REFRACTORY = round(0.200 * _FS)
_MA = round(0.090 * _FS) | 1
_QUIET_S = 0.100

# Where no other source is named, a value is the clinical brief's (§2.4; measured or engineering judgement there).
_FEWEST_STRETCHES = 10
"""Stretches of ``_QUIET_S`` below which a lead says nothing of its QRS and its quiet; no published source."""
_QRS_AT, _QUIET_AT = 0.92, 0.30
"""Order statistics of a lead's stretches that stand for its QRS and for its quiet."""
_SNR_MOST, _SNR_FREE = 30.0, 1.5
"""QRS over quiet beyond which a lead gains no weight, and up to which it has none."""
_SILENT = 1e-6
"""A lead whose QRS is smaller (µV/s) is dead."""
_TENTH = round(0.1 * _FS)
_SECOND_EITHER_WAY = 10
"""Stretches of ``_TENTH`` over which the local size looks before and after."""
_SIZE_CAP = 1.6
"""Local size at most, in its own medians: one artefact must not hide the beats around it."""
_CANDIDATE, _SEARCH_BACK = 0.30, 0.15
"""Share of the local size from which a peak is a candidate, at first and in a gap."""
_FITS, _HIGH = 0.55, 0.25
"""Correlation with the template and height (share of the usual QRS) that a beat exceeds."""
_FITS_LESS, _HIGH_ENOUGH = 0.3, 0.8
"""The same of a beat of another shape that is as large as a QRS."""
_T_LESS_ALIKE, _T_SMALLER = 0.2, 0.5
"""What follows a beat too soon is its T if it fits less by the first or is smaller than this share."""
_BEFORE_LESS_ALIKE = 0.3
"""The beat before is dropped in its place if it fits less by this and is as much smaller; no published source."""
_GAP_RR = 1.66
"""Median intervals from which there is a gap to look into."""
_CLASS_BELOW, _CLASS_LEAST, _CLASS_MOST = 0.10, 0.60, 0.90
"""Correlation of alike beats: so much below the median, within these limits (ADR 0015)."""
_WIDTH_REACH, _WIDTH_SHARE = round(0.160 * _FS), 0.5
"""A QRS is as wide as its activity stays above this share, within this reach; no published source."""


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """The beats of one window.

    Attributes:
        positions: samples at ``DETECTION_FS_HZ`` of peak activity, ascending, shape ``(n,)``.
        correlation: with the template, 0..1, shape ``(n,)``.
        dominant: True for members of the dominant class, shape ``(n,)``.
        activity: combined weighted velocity, shape ``(n_samples,)`` at ``DETECTION_FS_HZ``.
        weights: of each lead in the detection, shape ``(n_leads,)``; 0 for an unusable lead.
    """

    positions: Int
    correlation: Float
    dominant: Bool
    activity: Float
    weights: Float


def lead_weights(velocity: Float, usable: Bool) -> Float:
    """Weight of each lead: how far its QRS stands above its quiet, over its own size.

    Args:
        velocity: 8-25 Hz derivative, shape ``(n_leads, n_samples)`` at ``DETECTION_FS_HZ``.
        usable: False for leads that are off or saturated, shape ``(n_leads,)``.
    """
    block = round(_QUIET_S * _FS)
    n_blocks = velocity.shape[1] // block
    if n_blocks < _FEWEST_STRETCHES:
        return np.zeros(velocity.shape[0])
    high_at = min(n_blocks - 1, round(_QRS_AT * (n_blocks - 1)))
    high, low = spread(velocity, high_at, round(_QUIET_AT * (n_blocks - 1)))
    snr = np.minimum(high / np.maximum(low, 1e-9), _SNR_MOST)
    weights = np.maximum(0.0, snr - _SNR_FREE) / np.maximum(high, 1e-9)
    return np.where(usable & (high > _SILENT), weights, 0.0)


@kernel("beats")
def spread(velocity: Float, high_at: int, low_at: int) -> tuple[Float, Float]:
    """Two order statistics of the rms of each lead's stretches of 100 ms, each shape ``(n_leads,)``."""
    block = round(_QUIET_S * _FS)
    n_blocks = velocity.shape[1] // block
    cut = velocity[:, : n_blocks * block].reshape(velocity.shape[0], n_blocks, block)
    rms = np.sort(np.sqrt((cut * cut).mean(axis=2)), axis=1)
    return rms[:, high_at], rms[:, low_at]


@kernel("beats")
def weighted(velocity: Float, weights: Float, pad: int) -> tuple[Float, Float]:
    """The weighted leads with ``pad`` zeros on both sides, and their common activity over 90 ms."""
    n_leads, n = velocity.shape
    padded = np.zeros((n_leads, n + 2 * pad))
    padded[:, pad : pad + n] = inner = velocity * weights[:, None]
    return padded, _moving_average(np.sqrt((inner * inner).sum(axis=0)), _MA)


def _moving_average(x: Float, width: int) -> Float:
    padded = np.concatenate([np.zeros(width // 2 + 1), x, np.zeros(width // 2)])
    total = np.cumsum(padded)
    return np.asarray((total[width:] - total[:-width]) / width)


@kernel("beats")
def local_size(activity: Float) -> Float:
    """Local size of a QRS: running maximum over +-1 s, capped at 1.6 times its median."""
    block, reach = _TENTH, _SECOND_EITHER_WAY
    n_blocks = -(-activity.size // block)
    padded = np.zeros(n_blocks * block)
    padded[: activity.size] = activity
    peaks = padded.reshape(n_blocks, block).max(axis=1)
    wide = np.concatenate([np.zeros(reach), peaks, np.zeros(reach)])
    running = np.lib.stride_tricks.sliding_window_view(wide, 2 * reach + 1).max(axis=1)
    running = np.minimum(running, _SIZE_CAP * at_share(running, 0.5))
    centres = (np.arange(n_blocks) + 0.5) * block
    return np.asarray(np.interp(np.arange(activity.size), centres, running))


@kernel("beats")
def peaks(activity: Float, floor: Float, share: float) -> Int:
    """Local maxima above a share of a floor, at least 200 ms apart, the higher ones first served."""
    inner = activity[1:-1]
    is_peak = (inner > activity[:-2]) & (inner >= activity[2:]) & (inner > share * floor[1:-1])
    where = np.flatnonzero(is_peak) + 1
    found: list[int] = []
    for i in where[np.argsort(-activity[where], kind="stable")].tolist():
        if all(abs(i - j) >= _REFRACTORY for j in found):
            found.append(i)
    return np.array(sorted(found), dtype=np.intp)


def _confirm(matcher: Matcher, activity: Float, candidates: Int) -> tuple[Int, Float, Float, Float]:
    """Candidates realigned to the template of the larger half: positions, fit, height, template."""
    heights = activity[candidates]
    larger = candidates[heights >= at_share(heights, 0.5)]
    template = template_of(matcher.pieces(larger))
    for _ in range(2):
        larger, _fit = matcher.realign(larger, template)
        template = template_of(matcher.pieces(larger))
    positions, fit = matcher.realign(candidates, template)
    return (
        positions,
        fit,
        heights / at_share(activity[np.minimum(np.maximum(larger, 0), activity.size - 1)], 0.5),
        template,
    )


def _without_t_waves(positions: Int, fit: Float, height: Float, keep: Bool) -> Bool:
    """Drop what follows a beat within 360 ms and is clearly smaller or less alike."""
    kept = keep.copy()
    at = positions.tolist()
    previous = -1
    for i in np.flatnonzero(keep).tolist():
        if previous >= 0 and at[i] - at[previous] < NOT_READY:
            if fit[i] < fit[previous] - _T_LESS_ALIKE or height[i] < _T_SMALLER * height[previous]:
                kept[i] = False
                continue
            if (
                fit[previous] < fit[i] - _BEFORE_LESS_ALIKE
                and height[previous] < _T_SMALLER * height[i]
            ):
                kept[previous] = False
        previous = i
    return kept


def _gaps(positions: Int, n_samples: int) -> list[tuple[int, int]]:
    """Stretches without a beat longer than ``_GAP_RR`` times the median RR, borders included."""
    if positions.size < 3:
        return []
    at = positions.tolist()
    limit = _GAP_RR * median(b - a for a, b in pairwise(at))
    third = round(limit / 3)
    return [(a, b) for a, b in pairwise([-third, *at, n_samples + third]) if b - a > limit]


def _search_back(
    matcher: Matcher, activity: Float, floor: Float, template: Float, accepted: Int, usual: float
) -> tuple[Int, Float]:
    """What the gaps hold: lower peaks of the right shape, and peaks of any shape as tall as a QRS."""
    extra: list[int] = []
    ready: list[bool] = []
    for start, end in _gaps(accepted, activity.size):
        low, high = max(0, start + _REFRACTORY), min(activity.size, end - _REFRACTORY)
        if high - low > 3:
            more = [
                low + i for i in peaks(activity[low:high], floor[low:high], _SEARCH_BACK).tolist()
            ]
            extra += more
            ready += [start + NOT_READY <= p <= end - NOT_READY for p in more]
    if not extra:
        return np.zeros(0, np.intp), np.zeros(0)
    found = np.array(extra, dtype=np.intp)
    positions, fit = matcher.realign(found, template)
    tall = np.array(ready) & (activity[found] > TALL * usual)
    good = (fit > _FITS) | tall
    return np.where(fit > _FITS, positions, found)[good], fit[good]


def _dominant(pieces: Float, activity: Float, positions: Int) -> Bool:
    """Members of the largest class of alike beats; between equal classes the narrower one."""
    n = positions.size
    alike, usual = alikeness(pieces)
    limit = min(max(at_share(usual, 0.5) - _CLASS_BELOW, _CLASS_LEAST), _CLASS_MOST)
    members = alike >= limit
    sizes = members.sum(axis=1)
    largest = np.flatnonzero(sizes == sizes.max())
    seed = min(largest, key=lambda i: _width(activity, int(positions[i]))) if (
        sizes.max() * 2 <= n
    ) else largest[0]  # fmt: skip
    group = members[seed]
    for _ in range(2):
        group = pieces @ template_of(pieces[group]) >= limit
        if not group.any():
            return np.asarray(members[seed])
    return np.asarray(group)


@kernel("matching")
def alikeness(pieces: Float) -> tuple[Float, Float]:
    """Correlation of each piece with each, and the middle one of every piece: ``(n, n)`` and ``(n,)``."""
    alike = pieces @ pieces.T
    return alike, np.sort(alike, axis=1)[:, pieces.shape[0] // 2]


def _width(activity: Float, position: int) -> int:
    """Samples for which the activity stays above half of its peak around a beat."""
    low, high = max(0, position - _WIDTH_REACH), min(activity.size, position + _WIDTH_REACH + 1)
    return int((activity[low:high] > _WIDTH_SHARE * activity[position]).sum())


NO_BEATS = Beats(
    positions=np.zeros(0, np.intp),
    correlation=np.zeros(0),
    dominant=np.zeros(0, np.bool_),
    activity=np.zeros(0),
    weights=np.zeros(0),
)


def find_beats(velocity: Float, usable: Bool) -> Beats:
    """Beats of one window; none where no lead shows a QRS.

    Args:
        velocity: 8-25 Hz derivative of the independent leads, shape ``(n_leads, n_samples)`` at
            ``DETECTION_FS_HZ``.
        usable: False for leads that must not take part, shape ``(n_leads,)``.
    """
    weights = lead_weights(velocity, usable)
    n = velocity.shape[1]
    if not (weights > 0).any() or n < 2 * NOT_READY:
        return NO_BEATS
    padded, activity = weighted(velocity, weights, pad_of(_HALF, _LAG))
    size = local_size(activity)
    candidates = peaks(activity, size, _CANDIDATE)
    if candidates.size < 2:
        return NO_BEATS
    matcher = Matcher(padded, _HALF, _LAG)
    positions, fit, height, template = _confirm(matcher, activity, candidates)
    usual = at_share(activity[candidates] / np.maximum(height, 1e-12), 0.5)
    keep = ((fit > _FITS) & (height > _HIGH)) | ((fit > _FITS_LESS) & (height > _HIGH_ENOUGH))
    keep = _without_t_waves(positions, fit, height, keep)
    tall = positions[~keep & (height > TALL)]
    positions, fit = positions[keep], fit[keep]
    keep = without_undue(positions, fit, tall)
    positions, fit = positions[keep], fit[keep]
    more, more_fit = _search_back(matcher, activity, size, template, positions, usual)
    if more.size:
        positions, fit = np.concatenate([positions, more]), np.concatenate([fit, more_fit])
        order = np.argsort(positions, kind="stable")
        positions, fit = positions[order].clip(0, n - 1), fit[order]
        keep = without_undue(positions, fit, tall)
        positions, fit = positions[keep], fit[keep]
    else:
        positions = positions.clip(0, n - 1)
    if positions.size < 2:
        return NO_BEATS
    dominant = _dominant(matcher.pieces(positions), activity, positions)
    return Beats(positions, fit, dominant, activity, weights)
