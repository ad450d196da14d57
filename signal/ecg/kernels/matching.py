"""The compiled twin of ``ecg.detecting.matching``: pieces of a signal, and the shift at which each fits a template best."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.kernels.jit import jit
from ecg.kernels.order import select
from ecg.kernels.sums import dot
from ecg.values import Float

Int = npt.NDArray[np.intp]


@jit
def _unit_pieces(padded: Float, starts: Int, width: int, out: Float) -> None:
    for k in range(starts.size):
        power = 0.0
        for lead in range(padded.shape[0]):
            row, part = padded[lead, starts[k] : starts[k] + width], out[k, lead * width :]
            for i in range(width):
                part[i] = row[i]
            power += dot(row, row)
        scale, whole = max(np.sqrt(power), 1e-12), out[k]
        for i in range(whole.size):
            whole[i] /= scale


def unit_pieces(padded: Float, starts: Int, width: int) -> Float:
    """As ``ecg.detecting.matching.unit_pieces``."""
    out = np.empty((starts.size, padded.shape[0] * width))
    _unit_pieces(padded, starts, width, out)
    return out


@jit
def _products(padded: Float, start: int, shape: Float, fits: Float, power: Float) -> None:
    """Product of the template with every shift of one piece, and the power of each sample over leads."""
    width, n_lags = shape.shape[1], fits.size
    for i in range(n_lags):
        fits[i] = 0.0
    for i in range(power.size):
        power[i] = 0.0
    for lead in range(shape.shape[0]):
        row = padded[lead, start : start + power.size]
        for i in range(power.size):
            power[i] += row[i] * row[i]
        for i in range(width):
            factor, part = shape[lead, i], row[i : i + n_lags]
            for lag in range(n_lags):
                fits[lag] += factor * part[lag]


@jit
def _best_shifts(
    padded: Float, starts: Int, shape: Float, best: Int, fit: Float, lags: int
) -> None:
    width = shape.shape[1]
    fits, power = np.empty(lags), np.empty(width + lags - 1)
    total = np.empty(width + lags)
    for k in range(starts.size):
        _products(padded, starts[k], shape, fits, power)
        total[0] = 0.0
        for i in range(power.size):
            total[i + 1] = total[i] + power[i]
        top = 0
        for i in range(lags):
            fits[i] /= np.sqrt(max(total[i + width] - total[i], 1e-24))
            if fits[i] > fits[top]:
                top = i
        best[k], fit[k] = top, fits[top]


def best_shifts(padded: Float, starts: Int, template: Float, lags: int) -> tuple[Int, Float]:
    """As ``ecg.detecting.matching.best_shifts``."""
    best, fit = np.empty(starts.size, np.intp), np.empty(starts.size)
    shape = template.reshape(padded.shape[0], -1)
    _best_shifts(padded, starts, shape, best, fit, lags)
    return best, fit


@jit
def _alikeness(pieces: Float, alike: Float, usual: Float) -> None:
    n = usual.size
    row = np.empty(n)
    for a in range(n):
        for b in range(a, n):
            alike[a, b] = alike[b, a] = dot(pieces[a], pieces[b])
    for a in range(n):
        for b in range(n):
            row[b] = alike[a, b]
        usual[a] = select(row, n // 2)


def alikeness(pieces: Float) -> tuple[Float, Float]:
    """As ``ecg.detecting.beats.alikeness``."""
    n = pieces.shape[0]
    alike, usual = np.empty((n, n)), np.empty(n)
    _alikeness(pieces, alike, usual)
    return alike, usual
