"""Multi-lead pieces around candidates: their middle shape, and where each candidate fits it best."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.hot import kernel
from ecg.robust import middle
from ecg.values import Float

Int = npt.NDArray[np.intp]


class Matcher:
    """Pieces around candidates, and their correlation with a template over small lags.

    Args:
        padded: signal in which to compare, with ``pad_of`` zeros before and after, shape
            ``(n_leads, n_samples + 2 * pad)``, contiguous.
        half: samples of a piece on each side of its position.
        lag: samples by which a position may move in ``realign``.
    """

    def __init__(self, padded: Float, half: int, lag: int) -> None:
        self._padded, self._half, self._lag = padded, half, lag
        self._pad = pad_of(half, lag)

    def pieces(self, positions: Int) -> Float:
        """Shape ``(n, n_leads * width)``, each scaled to unit length."""
        return unit_pieces(self._padded, positions + (self._pad - self._half), 2 * self._half + 1)

    def realign(self, positions: Int, template: Float) -> tuple[Int, Float]:
        """Each position moved by at most ``lag`` to where it fits best, and the fit."""
        starts = positions + (self._pad - self._half - self._lag)
        best, fit = best_shifts(self._padded, starts, template, 2 * self._lag + 1)
        return positions + best - self._lag, fit


def pad_of(half: int, lag: int) -> int:
    """Zeros beside the signal: a beat at the border may leave it by ``lag`` each time it is realigned."""
    return half + 4 * lag


def _cut(padded: Float, starts: Int, width: int) -> Float:
    """Windows of ``width`` samples, shape ``(n, n_leads, width)``."""
    out = np.empty((starts.size, padded.shape[0], width))
    for k, first in enumerate(starts.tolist()):
        out[k] = padded[:, first : first + width]
    return out


@kernel("matching")
def unit_pieces(padded: Float, starts: Int, width: int) -> Float:
    """Windows of ``width`` samples, each scaled to unit length, shape ``(n, n_leads * width)``."""
    cut = _cut(padded, starts, width).reshape(starts.size, -1)
    norm = np.sqrt(np.einsum("ij,ij->i", cut, cut))
    return np.asarray(cut / np.maximum(norm, 1e-12)[:, None])


@kernel("matching")
def best_shifts(padded: Float, starts: Int, template: Float, lags: int) -> tuple[Int, Float]:
    """Of ``lags`` shifts from each start the one at which the template fits best, and the fit."""
    shape = template.reshape(padded.shape[0], -1)
    width = shape.shape[1]
    cut = _cut(padded, starts, width + lags - 1)
    # the power of each shifted piece from one running sum, all products with the template at once
    power = np.cumsum(np.einsum("nlw,nlw->nw", cut, cut), axis=1)
    power = np.concatenate([np.zeros((power.shape[0], 1)), power], axis=1)
    norm = np.sqrt(np.maximum(power[:, width:] - power[:, :-width], 1e-24))
    shifted = np.zeros((*cut.shape[1:], lags))
    for k in range(lags):
        shifted[:, k : k + width, k] = shape
    fits = cut.reshape(starts.size, -1) @ shifted.reshape(-1, lags) / norm
    best = fits.argmax(axis=1)
    return best, fits[np.arange(starts.size), best]


def template_of(pieces: Float) -> Float:
    """Middle of unit pieces, scaled to unit length, shape ``(n_leads * width,)``."""
    centre = middle(pieces)
    return np.asarray(centre / max(float(np.sqrt((centre * centre).sum())), 1e-12))
