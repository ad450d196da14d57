"""The compiled twin of ``ecg.conditioning.filters``: a window made ready for its spectrum."""

from __future__ import annotations

import numpy as np

from ecg.kernels.jit import jit
from ecg.values import Float


@jit
def _reflected(uv: Float, pad: int, out: Float, first: Float, slope: Float) -> None:
    n_leads, n = uv.shape
    total = out.shape[1]
    end, mirror = pad + n, min(total - n - pad, n - 1)
    for lead in range(n_leads):
        row, whole = uv[lead], out[lead]
        for i in range(pad):
            whole[i] = 2 * row[0] - row[pad - i]
        inner = whole[pad:end]
        for i in range(n):
            inner[i] = row[i]
        after = whole[end:]
        for i in range(mirror):
            after[i] = 2 * row[n - 1] - row[n - 2 - i]
        for i in range(mirror, after.size):
            after[i] = whole[end + mirror - 1]
        start = whole[0]
        step = (whole[total - 1] - start) / total
        first[lead, 0], slope[lead, 0] = start, step
        for i in range(total):
            whole[i] -= start + step * i


def reflected(uv: Float, pad: int, total: int) -> tuple[Float, Float, Float]:
    """As ``ecg.conditioning.filters.reflected``."""
    n_leads = uv.shape[0]
    out, first, slope = np.empty((n_leads, total)), np.empty((n_leads, 1)), np.empty((n_leads, 1))
    _reflected(np.ascontiguousarray(uv, dtype=np.float64), pad, out, first, slope)
    return out, first, slope
