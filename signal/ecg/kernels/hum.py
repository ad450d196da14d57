"""The compiled twin of ``ecg.conditioning.mains``: what is transformed to find the hum, and the fit that takes it out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.conditioning.mains import _SLOW
from ecg.kernels.jit import jit
from ecg.kernels.sums import add_pairs, dot
from ecg.values import Float

Bool = npt.NDArray[np.bool_]


@jit
def _blanked(uv: Float, quiet: Bool, out: Float) -> None:
    for lead in range(out.shape[0]):
        row, ahead, calm, steps = uv[lead], uv[lead, 1:], quiet[1:], out[lead]
        for i in range(steps.size):
            steps[i] = ahead[i] - row[i] if calm[i] else 0.0


def blanked(uv: Float, quiet: Bool) -> Float:
    """As ``ecg.conditioning.mains.blanked``."""
    out = np.empty((uv.shape[0], uv.shape[1] - 1))
    _blanked(uv, quiet, out)
    return out


@jit
def _power(bins: npt.NDArray[np.complex128], out: Float) -> None:
    for k in range(out.size):
        out[k] = 0.0
    for lead in range(bins.shape[0]):
        for k in range(out.size):
            value = bins[lead, k]
            out[k] += value.real * value.real + value.imag * value.imag


def total_power(bins: npt.NDArray[np.complex128]) -> Float:
    """As ``ecg.conditioning.mains.total_power``."""
    out = np.empty(bins.shape[1])
    _power(bins, out)
    return out


@jit
def _without_slow(uv: Float, out: Float) -> None:
    n_leads, n = uv.shape
    half = _SLOW // 2
    held, two, four = np.empty(n + 2 * half), np.empty(n + 23), np.empty(n + 21)
    eight, sixteen = np.empty(n + 17), np.empty(n + 9)
    for lead in range(n_leads):
        row, fast = uv[lead], out[lead]
        held[:half], held[half : half + n], held[half + n :] = row[0], row, row[n - 1]
        add_pairs(held, held[1:], two)
        add_pairs(two, two[2:], four)
        add_pairs(four, four[4:], eight)
        add_pairs(eight, eight[8:], sixteen)
        rest, last = eight[16:], held[24:]
        for i in range(n):
            fast[i] = row[i] - (sixteen[i] + rest[i] + last[i]) / _SLOW


@jit
def _sums(fast: Float, quiet: Bool, waves: Float, gram: Float, right: Float) -> None:
    """Products over each half block of the waves with each other and with the leads, in the quiet."""
    n_halves, n_waves, half = waves.shape
    masked = np.empty(half)
    for block in range(n_halves):
        start = block * half
        stop = max(start, min(quiet.size, start + half))
        calm = quiet[start:stop]
        for w in range(n_waves):
            wave, part = waves[block, w], masked[: stop - start]
            for i in range(part.size):
                part[i] = wave[i] if calm[i] else 0.0
            for v in range(w, n_waves):
                gram[block, w, v] = gram[block, v, w] = dot(part, waves[block, v])
            for lead in range(fast.shape[0]):
                right[block, w, lead] = dot(part, fast[lead, start:stop])


def block_sums(uv: Float, quiet: Bool, waves: Float) -> tuple[Float, Float]:
    """As ``ecg.conditioning.mains.block_sums``."""
    n_halves, n_waves, _half = waves.shape
    gram = np.empty((n_halves, n_waves, n_waves))
    right = np.zeros((n_halves, n_waves, uv.shape[0]))
    fast = np.empty_like(uv)
    _without_slow(uv, fast)
    _sums(fast, quiet, waves, gram, right)
    return gram, right


@jit
def _triangular(a: Float, b: Float) -> None:
    """Eliminates below the diagonal of ``a x = b``, with the largest pivot of each column."""
    n, m = b.shape
    for k in range(n):
        top = k
        for i in range(k + 1, n):
            top = i if abs(a[i, k]) > abs(a[top, k]) else top
        for c in range(n):
            a[k, c], a[top, c] = a[top, c], a[k, c]
        for c in range(m):
            b[k, c], b[top, c] = b[top, c], b[k, c]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            for c in range(k, n):
                a[i, c] -= factor * a[k, c]
            for c in range(m):
                b[i, c] -= factor * b[k, c]


@jit
def _back(a: Float, b: Float) -> None:
    """The unknowns of a triangular system, from the last to the first, into ``b``."""
    for k in range(b.shape[0] - 1, -1, -1):
        for c in range(b.shape[1]):
            for i in range(k + 1, b.shape[0]):
                b[k, c] -= a[k, i] * b[i, c]
            b[k, c] /= a[k, k]


@jit
def _fits(gram: Float, right: Float, gains: Float, coef: Float) -> None:
    n = gains.size
    both = np.empty((n, n))
    for block in range(coef.shape[0]):
        for w in range(n):
            for v in range(n):
                both[w, v] = gram[block, w, v] + gram[block + 1, w, v]
            both[w, w] += 1e-9
            for lead in range(coef.shape[2]):
                coef[block, w, lead] = right[block, w, lead] + right[block + 1, w, lead]
        _triangular(both, coef[block])
        _back(both, coef[block])
        for w in range(n):
            for lead in range(coef.shape[2]):
                coef[block, w, lead] /= gains[w]


def block_fits(gram: Float, right: Float, gains: Float) -> Float:
    """As ``ecg.conditioning.mains.block_fits``."""
    n_halves, n_waves, n_leads = right.shape
    coef = np.empty((n_halves - 1, n_waves, n_leads))
    _fits(gram, right, gains, coef)
    return coef


@jit
def _less_hum(uv: Float, coef: Float, waves: Float, rising: Float, out: Float) -> None:
    n, half, last = uv.shape[1], rising.size, coef.shape[0] - 1
    for block in range(last + 2):
        own, before, start = min(block, last), max(block - 1, 0), block * half
        stop = max(start, min(n, start + half))
        for lead in range(uv.shape[0]):
            clean, row = out[lead, start:stop], uv[lead, start:stop]
            for i in range(clean.size):
                clean[i] = row[i]
            for w in range(waves.shape[1]):
                wave, then = waves[block, w], coef[before, w, lead]
                more = coef[own, w, lead] - then
                for i in range(clean.size):
                    clean[i] -= wave[i] * (then + rising[i] * more)


def less_hum(uv: Float, coef: Float, waves: Float, rising: Float) -> Float:
    """As ``ecg.conditioning.mains.less_hum``."""
    out = np.empty_like(uv)
    _less_hum(uv, coef, waves, rising, out)
    return out
