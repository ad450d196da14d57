"""How often the same patient's beats, drawn again, would give the same answer.

Source: clinical brief §1.7 (bootstrap over beats, 200 draws). The draws are fixed in advance, so
the same bytes always give the same report. Each lead's beats are first pulled in to 1.5 times their
interquartile range, so that one moved electrode does not decide.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecg.beat.measurements import Measurements
from ecg.conditioning.quality import Label
from ecg.robust import quartiles
from ecg.screen.criterion import Value
from ecg.screen.lbbb import WIDE_MS
from ecg.screen.tiers import POSSIBLE, SURE
from ecg.values import Float

DRAWS = 200
REACH_IQR = 1.5
"""Beats further out than so many interquartile ranges are pulled in (Tukey's fence)."""
FAST_BPM, IRREGULAR_RR_CV = 130.0, 0.15
"""Rate, and relative standard deviation of RR, above which ST is less certain; the second has no published source."""
_SEED = 119
_AT_ZERO = np.zeros(DRAWS)


@lru_cache(maxsize=64)
def _weights(n_beats: int) -> Float:
    """Share of each beat in each draw, shape ``(DRAWS, n_beats)``."""
    rng = np.random.default_rng([_SEED, n_beats])
    return np.asarray(rng.multinomial(n_beats, np.full(n_beats, 1 / n_beats), DRAWS) / n_beats)


def drawn_j_uv(measurements: Measurements) -> dict[str, Float]:
    """J of each readable lead in each draw, shape ``(DRAWS,)`` each, ``"-aVR"`` included."""
    out: dict[str, Float] = {}
    by_count: dict[int, list[str]] = {}
    for name, lead in measurements.leads.items():
        if not measurements.readable(name):
            continue
        out[name] = _AT_ZERO + lead.j_uv
        beats = measurements.beat_j_uv.get(name)
        if beats is not None and beats.size >= 2:
            by_count.setdefault(beats.size, []).append(name)
    for count, names in by_count.items():
        beats = np.array([measurements.beat_j_uv[name] for name in names])
        low, high = quartiles(beats)
        reach = REACH_IQR * (high - low)
        calm = np.minimum(np.maximum(beats, low - reach), high + reach)
        moved = (calm - calm.mean(axis=1, keepdims=True)) @ _weights(count).T
        for name, row in zip(names, moved, strict=True):
            out[name] += row
    if "aVR" in out:
        out["-aVR"] = -out["aVR"]
    return out


def share(met: npt.NDArray[np.bool_]) -> float:
    """Share of the draws in which a rule is met."""
    return float(met.mean())


def confidence(m: Measurements, probability: float) -> dict[str, Value | list[str]]:
    """How much the answer can be relied on, and what lowers it. Changes no tier.

    Each of these takes one step from "high": rate above 130, QRS of 120 ms and more, an irregular rhythm
    (the PQ level is contaminated), a limited record, a recorder's own filter, beats that disagree. Rate, width
    and artefact raised specificity to 99.96 % when they were required, at 14 % sensitivity (clinical brief
    §1.6): so they modify, they do not decide.
    """
    less = {
        "RATE": m.hr_bpm is not None and m.hr_bpm > FAST_BPM,
        "WIDE_QRS": m.qrs_ms is not None and m.qrs_ms >= WIDE_MS,
        "IRREGULAR": m.rr_cv is not None and m.rr_cv > IRREGULAR_RR_CV,
        "QUALITY": m.quality.label is not Label.GOOD,
        "SOURCE_FILTER": m.source_filter is not None,
        "BEATS_VARY": POSSIBLE <= probability < SURE,
    }
    reasons = [name for name, present in less.items() if present]
    return {
        "confidence": ("high", "moderate", "low")[min(2, len(reasons))],
        "confidence_less": reasons,
    }
