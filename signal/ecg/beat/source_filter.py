"""Has the recorder already taken the baseline out with a monitor filter? Then ST is not to be trusted.

A causal high-pass of 0.5 Hz moves J by up to 0.35 mV (clinical brief §2.2), and nothing can undo it
afterwards. Its mark is in the line between T and P: there the heart is silent, so what moves is the filter
discharging, and it moves in proportion to the distance from the signal's own mean: slope = -level / tau,
in every lead at once, upwards where T was large and upright. The tail of T and the U wave move the other
way.

Source: the differential equation of a first-order high-pass; the brief asks for a test (§2.2, rule 5) and names
none. Limits set on 288 real records as they are and the same records passed through causal high-passes, see
``docs/clinical/source_filter.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg.beat.fiducials import Fiducials
from ecg.conditioning.filters import ANALYSIS_FS_HZ
from ecg.values import Float

_AFTER_T, _BEFORE_QRS = 20, 110  # samples kept clear of T and of P
_SHORTEST = 50  # samples of TP, 100 ms
_RATE_PER_S = (1.6, 7.0)
_LEAST_FIT, _LEAST_HALF_PER_S = 0.90, 0.8
_LEAST_LEVEL_UV = 30.0
_FEWEST_LEADS = 5
_BEFORE_ONSET = (
    100  # samples of the beat before the QRS, 200 ms, from which a whole interval is averaged
)


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """A high-pass that the recorder seems to have applied.

    Attributes:
        rate_per_s: 1 / tau of the discharge seen between T and P; 3.1 of a 0.5 Hz first-order filter.
        fit: correlation of slope and level over the leads, 0..1.
    """

    rate_per_s: float
    fit: float

    @property
    def corner_hz(self) -> float:
        """Corner of a first-order filter with this discharge."""
        return self.rate_per_s / (2 * np.pi)


def find_source_filter(
    beat_uv: Float, f: Fiducials, t_end: int | None, rr_samples: float
) -> SourceFilter | None:
    """The filter that the leads' TP segments point to; None where they do not, or are too short.

    Args:
        beat_uv: readable independent leads of the representative beat, shape ``(n_leads, n)``.
        f: its onset and J.
        t_end: end of T, None where it was not found.
        rr_samples: mean RR.
    """
    if t_end is None or beat_uv.shape[0] < _FEWEST_LEADS:
        return None
    low = t_end + _AFTER_T
    high = min(beat_uv.shape[1] - 2, f.onset + round(rr_samples) - _BEFORE_QRS)
    if high - low < _SHORTEST:
        return None
    n = min(round(rr_samples), beat_uv.shape[1])
    first = max(0, min(f.onset - _BEFORE_ONSET, beat_uv.shape[1] - n))
    mean = beat_uv[:, first : first + n].mean(axis=1)
    rate, fit, level_uv = _discharge(beat_uv[:, low:high], mean)
    if not (_RATE_PER_S[0] <= rate <= _RATE_PER_S[1]) or fit < _LEAST_FIT:
        return None
    if level_uv < _LEAST_LEVEL_UV:
        return None
    middle = (low + high) // 2
    halves = [_discharge(beat_uv[:, a:b], mean)[0] for a, b in ((low, middle), (middle, high))]
    if min(halves) < _LEAST_HALF_PER_S:
        return None
    return SourceFilter(rate, fit)


def _discharge(part: Float, mean_uv: Float) -> tuple[float, float, float]:
    """1 / tau from slopes and levels over the leads, their correlation, and the rms level."""
    t_s = (np.arange(part.shape[1]) - (part.shape[1] - 1) / 2) / ANALYSIS_FS_HZ
    slope = part @ t_s / (t_s @ t_s)
    level = part.mean(axis=1) - mean_uv
    product, squares = float(slope @ level), float(level @ level)
    if squares <= 0:
        return 0.0, 0.0, 0.0
    fit = -product / max(float(np.sqrt(squares * (slope @ slope))), 1e-9)
    return -product / squares, fit, float(np.sqrt(squares / level.size))
