"""Which seconds of which lead are disturbed, and by what: for the reader, beside the grade of the whole lead.

Source: clinical brief §2.10, rules per second: FLAT, SAT, STEP, MISSING from the raw samples; DRIFT (the level moves
by more than 1 mV within a second) and HF (60 µV rms and more above 40 Hz between the QRS) from the measured
signal. A flag here withholds nothing by itself: raw faults keep their beats out of the mean, noise its weight.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.conditioning.filters import ANALYSIS_FS_HZ
from ecg.conditioning.quality import HF_LIMITS_UV
from ecg.conditioning.raw_faults import RawFlags
from ecg.hot import kernel
from ecg.values import Float

Bool = npt.NDArray[np.bool_]

DRIFT_UV_PER_S = 1000.0
_MEAN = 9
"""Samples of the mean that is taken off (18 ms); ``ecg.kernels.quiet`` has its sums written out for nine."""
_SECOND = round(ANALYSIS_FS_HZ)
_HALF_SECOND = _SECOND // 2


def hf_rms(uv: Float, quiet: Bool) -> tuple[Float, Float]:
    """Rms above about 40 Hz between the beats, microvolts: ``(n_leads,)`` and ``(n_leads, n_seconds)``.

    A 9-point (18 ms) mean is taken off; what is left of white noise in 40-150 Hz passes with a gain
    near one. A second without a quiet sample has 0.

    Args:
        uv: shape ``(n_leads, n_samples)`` at ``ANALYSIS_FS_HZ``.
        quiet: False in the QRS, shape ``(n_samples,)``.
    """
    power, count = hf_power(uv, quiet)
    whole = np.sqrt(power.sum(axis=1) / max(1.0, float(count.sum())))
    return np.asarray(whole), np.asarray(np.sqrt(power / np.maximum(count, 1.0)))


@kernel("quiet")
def hf_power(uv: Float, quiet: Bool) -> tuple[Float, Float]:
    """Power of what a 9-point mean leaves between the beats, and the quiet samples, by second."""
    total = np.cumsum(uv, axis=1)
    first, last = _MEAN // 2 + 1, _MEAN // 2
    high = uv[:, first:-last] - (total[:, _MEAN:] - total[:, :-_MEAN]) / _MEAN
    calm = quiet[first:-last].astype(np.float64)
    starts = np.arange(0, calm.size, _SECOND)
    return np.add.reduceat(high * high * calm, starts, axis=1), np.add.reduceat(calm, starts)


@kernel("quiet")
def half_means(uv: Float) -> Float:
    """Mean of each whole half second, shape ``(n_leads, n_halves)``."""
    n = uv.shape[1] // _HALF_SECOND * _HALF_SECOND
    return np.asarray(uv[:, :n].reshape(uv.shape[0], -1, _HALF_SECOND).mean(axis=2))


def drifting(uv: Float) -> Bool:
    """Seconds whose level moves by more than 1 mV, told by means of half seconds; ``(n_leads, n_seconds)``."""
    n_leads, n = uv.shape
    out = np.zeros((n_leads, max(1, -(-n // _SECOND))), dtype=np.bool_)
    halves = half_means(uv)
    fast = np.abs(halves[:, 1:] - halves[:, :-1]) > DRIFT_UV_PER_S / 2
    for lead, k in np.argwhere(fast) if fast.any() else ():
        out[lead, k // 2] = out[lead, (k + 1) // 2] = True
    return out


def flagged_seconds(flags: RawFlags, uv: Float, hf_uv: Float) -> list[dict[str, tuple[int, ...]]]:
    """For each lead the flags with their seconds, counted from 0 at the start of the measured stretch.

    Args:
        flags: of the raw samples.
        uv: at ``ANALYSIS_FS_HZ``, shape ``(n_leads, n_samples)``.
        hf_uv: by second, shape ``(n_leads, n_seconds)``; no column where no beat was found.
    """
    masks = {}
    if flags.any.any():
        masks = {"FLAT": flags.flat, "SAT": flags.saturated, "STEP": flags.step, "MISSING": flags.missing}  # fmt: skip
    masks |= {"DRIFT": drifting(uv), "HF": hf_uv >= HF_LIMITS_UV[2]}
    rows: list[dict[str, tuple[int, ...]]] = [{} for _ in range(uv.shape[0])]
    for name, mask in masks.items():
        if not mask.any():
            continue
        for lead in np.flatnonzero(mask.any(axis=1)).tolist():
            rows[lead][name] = tuple(np.flatnonzero(mask[lead]).tolist())
    return rows
