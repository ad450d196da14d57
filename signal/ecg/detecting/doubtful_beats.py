"""What the rhythm says about a candidate whose shape alone does not decide.

Source: clinical brief §2.4 (T rule, search-back), extended after every error on MIT-BIH 105 was looked at: there
bursts of movement in one of two leads resemble a QRS, and hide the true one next to it.

Two rules, both told by the beats around:
    * In a regular rhythm a beat comes when it is due. What is not due, lies too near to a better beat for the
      heart to have been ready, and stands among beats that are, is noise (``without_undue``).
    * In a gap of 1.66 intervals and more a complex as tall as a QRS is a beat of another shape, or a beat
      under noise (``ecg.detecting.beats``). It is counted, never averaged: its fit keeps it out of the dominant class.

Neither speaks in an irregular rhythm, and a run of like complexes (ventricular tachycardia) is never thinned: no
member of it is better than its neighbour.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from ecg.conditioning.filters import DETECTION_FS_HZ
from ecg.hot import kernel
from ecg.values import Float

Int = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]

NOT_READY = round(0.360 * DETECTION_FS_HZ)
"""Samples within which the heart hardly answers a beat by another of its own rhythm."""

TALL = 0.75
"""Height from which a peak of any shape may be a beat, as a share of the usual QRS."""

_ON_TIME, _REGULAR_SHARE, _LEAST_BEATS = 0.12, 0.6, 5
"""A beat is on time within this share of the interval; a rhythm is regular if this share of its intervals is, of so
many beats; no published source."""
_SURE_FIT, _BETTER, _LONGEST = 0.8, 0.05, 4
"""Fit of a beat that surely is one; by how much a better beat fits more; intervals between two better beats at most."""


def regular_interval(positions: Int, fit: Float) -> float | None:
    """The interval of a regular rhythm in samples, None where there is none.

    Told by the beats that surely fit: 60 % of the intervals between them are one interval or a multiple.
    """
    sure = positions[fit >= _SURE_FIT].tolist()
    if len(sure) < _LEAST_BEATS:
        return None
    rr = [b - a for a, b in pairwise(sure)]
    usual = median(rr)
    on_time = [abs(x - usual * max(1, round(x / usual))) <= _ON_TIME * usual for x in rr]
    return usual if sum(on_time) >= _REGULAR_SHARE * len(rr) else None


def without_undue(positions: Int, fit: Float, tall: Int) -> Bool:
    """False for what noise put between beats that are on time; all True in an irregular rhythm.

    Args:
        positions: of the accepted beats, ascending, shape ``(n,)``, samples at ``DETECTION_FS_HZ``.
        fit: correlation with the template, shape ``(n,)``.
        tall: positions of refused candidates that are as tall as a QRS, any order.
    """
    usual = regular_interval(positions, fit)
    if usual is None:
        return np.ones(positions.size, dtype=np.bool_)
    return keep_due(positions, fit, tall, usual)


@kernel("rhythm")
def keep_due(positions: Int, fit: Float, tall: Int, usual: float) -> Bool:
    """``without_undue`` in a regular rhythm of interval ``usual``."""
    keep = np.ones(positions.size, dtype=np.bool_)
    slack = _ON_TIME * usual
    for i in np.argsort(fit, kind="stable"):
        better = positions[keep & (fit > fit[i] + _BETTER)]
        at = int(np.searchsorted(better, positions[i]))
        if at in {0, better.size}:
            continue
        before, after = int(better[at - 1]), int(better[at])
        steps = round((after - before) / usual)
        if not 1 <= steps <= _LONGEST or abs(after - before - steps * usual) > slack * steps:
            continue
        due = before + (after - before) / steps * np.arange(steps + 1)
        if np.abs(due - positions[i]).min() <= slack:
            continue
        on_time = tall[np.abs(tall[:, None] - due).min(axis=1) <= slack]
        others = np.concatenate([better[at - 1 : at + 1], on_time])
        keep[i] = np.abs(others - positions[i]).min() >= NOT_READY
    return keep
