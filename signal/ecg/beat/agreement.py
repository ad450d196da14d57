"""Do the odd and the even beats agree on where a wide QRS begins and ends?

A QRS of 120 ms and more changes the rule set, and noise can draw out a narrow one: in one synthetic
record the mean of nine noisy beats ended 40 ms late while either half of them ended where it should,
and one lead's 100 µV became a tier A. Over the real records of 106 ms and more the two halves stay within
8 ms of the whole, except in three with five to seven beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecg.beat.fiducials import Fiducials, find_fiducials
from ecg.conditioning.filters import ANALYSIS_FS_HZ
from ecg.values import Float

ASKED_FROM_MS, WIDE_MS = 106.0, 112.0
"""QRS from which the halves are asked, and what a half must have to confirm a wide one (ADR 0030)."""
_MS = ANALYSIS_FS_HZ / 1000.0
_ALIKE_MS, _APART_MS, _UNKNOWN_MS = 12.0, 20.0, 40.0
_LEAST_BEATS = 4
"""Halves that end within the first of each other and the second or more from the whole are believed; a whole that
lasts longer than a half by the third has no known end. Fewer beats cannot be halved. ADR 0030."""
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the halves say.

    Attributes:
        fiducials: to be used: those of the whole, or the halves' where these agree on another end.
        wide_confirmed: both halves are about as wide as a wide QRS (112 ms); None where the QRS is
            narrow or the beats are too few to be halved.
        end_unknown: the whole ends more than 40 ms after one of its halves: it may have ended on T, where
            ST would be read as many millimetres.
    """

    fiducials: Fiducials
    wide_confirmed: bool | None
    end_unknown: bool = False


def qrs_ms(f: Fiducials) -> float:
    """Duration of the QRS, a J wave or notch not included."""
    return ((f.j_before_notch or f.j) - f.onset) / _MS


def agreed(whole: Fiducials, beats_uv: Float, weights: Float, trusted: Bool, r0: int) -> Agreement:
    """The fiducials of the whole, checked on the odd and the even beats if the QRS looks wide.

    Args:
        whole: found on the representative beat.
        beats_uv: shape ``(n_beats, n_leads, n)``.
        weights: of each beat and lead in the mean, 0 for an unusable one, shape ``(n_beats, n_leads)``.
        trusted: leads that take part in finding onset and J, shape ``(n_leads,)``.
        r0: alignment point of the beats.
    """
    if qrs_ms(whole) < ASKED_FROM_MS or beats_uv.shape[0] < _LEAST_BEATS:
        return Agreement(whole, None)
    halves = []
    for part in (slice(0, None, 2), slice(1, None, 2)):
        share = weights[part][:, trusted]
        share = share / np.maximum(share.sum(axis=0), 1e-12)
        mean = np.einsum("bl,bln->ln", share, beats_uv[part][:, trusted])
        halves.append(find_fiducials(mean, r0))
    one, two = halves
    if one is None or two is None:
        found = one or two
        if found is None:
            return Agreement(whole, None)
        return Agreement(whole, False, abs(qrs_ms(whole) - qrs_ms(found)) > _UNKNOWN_MS)
    alike = max(abs(one.onset - two.onset), abs(one.j - two.j)) / _MS <= _ALIKE_MS
    apart = min(abs(qrs_ms(h) - qrs_ms(whole)) for h in (one, two)) > _APART_MS
    wide = min(qrs_ms(one), qrs_ms(two)) >= WIDE_MS
    if alike and apart:
        both = Fiducials(
            (one.onset + two.onset) // 2,
            (one.j + two.j) // 2,
            one.j_before_notch,
            one.r,
            max(one.doubt_ms, two.doubt_ms),
        )
        return Agreement(both, wide)
    longer_ms = qrs_ms(whole) - min(qrs_ms(one), qrs_ms(two))
    return Agreement(whole, wide, longer_ms > _UNKNOWN_MS)
