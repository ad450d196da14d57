"""Mains hum, taken out without touching the QRS: a least-squares sinusoid fitted between the beats.

Source: the QRS-blanked sinusoid of the clinical brief §2.3 (1-s Hann blocks, half overlapping,
frequency estimated), the only method there that changes ST by less than 5 µV with and without hum.

Deviations:
    * The decision 50 or 60 Hz and the frequency are read from one spectrum of the *differenced,
      QRS-blanked* signal (power summed over leads) instead of from a separate clipped band-pass.
    * A constant, a slope and a curve are fitted together with the sinusoid, so that P and T waves
      do not leak into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecg.values import Float

_NOMINAL_HZ = (50.0, 60.0)
_DECIDE_DB = 6.0
_HARMONICS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Mains:
    """The hum that was found.

    Attributes:
        freq_hz: estimated frequency, or None where no hum stood 6 dB above its neighbourhood.
        amplitude_uv: largest amplitude over the leads, 0.0 where none was found.
    """

    freq_hz: float | None
    amplitude_uv: float


NO_MAINS = Mains(freq_hz=None, amplitude_uv=0.0)


@lru_cache(maxsize=16)
def _fft_length(n: int) -> int:
    length = 1024
    while length < n:
        length *= 2
    return length


def _frequency(uv: Float, quiet: npt.NDArray[np.bool_], fs_hz: float) -> float | None:
    """Frequency of the hum in Hz, or None where the spectrum shows none."""
    blanked = np.diff(uv, axis=1) * quiet[1:]
    n_fft = _fft_length(blanked.shape[1])
    power = (np.abs(np.fft.rfft(blanked, n_fft)) ** 2).sum(axis=0)
    freq = np.fft.rfftfreq(n_fft, 1 / fs_hz)
    best: tuple[float, int] | None = None
    for nominal in _NOMINAL_HZ:
        near = np.flatnonzero(np.abs(freq - nominal) <= 1.0)
        around = np.flatnonzero((np.abs(freq - nominal) > 1.5) & (np.abs(freq - nominal) < 5.0))
        if near.size < 3 or freq[-1] < nominal + 5.0:
            continue
        floor = float(power[around].mean())
        if floor <= 0 or float(power[near].mean()) < floor * 10 ** (_DECIDE_DB / 10):
            continue
        peak = int(near[np.argmax(power[near])])
        if best is None or power[peak] > power[best[1]]:
            best = (nominal, peak)
    if best is None:
        return None
    k = best[1]
    a, b, c = np.log(power[k - 1 : k + 2] + 1e-30)
    bend = a - 2 * b + c
    shift = 0.0 if bend >= 0 else float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5))
    return float((k + shift) * fs_hz / n_fft)


def _harmonics(freq_hz: float, fs_hz: float) -> tuple[int, ...]:
    """The multiples that the low-pass has left in the signal."""
    return tuple(h for h in _HARMONICS if h * freq_hz < min(0.45 * fs_hz, 185.0))


def _fit_blocks(
    uv: Float, quiet: npt.NDArray[np.bool_], freq_hz: float, fs_hz: float
) -> tuple[Float, float]:
    """The hum over the whole window, shape of ``uv``, and its largest fundamental amplitude."""
    n_leads, n = uv.shape
    block = min(n, round(fs_hz))
    hop = max(1, block // 2)
    starts = np.unique(np.append(np.arange(0, n - block + 1, hop), n - block))
    window = np.hanning(block + 2)[1:-1]
    hum = np.zeros_like(uv)
    weight = np.zeros(n)
    largest = 0.0
    x = np.linspace(-1.0, 1.0, block)
    for start in starts:
        t = np.arange(start, start + block) / fs_hz
        waves = [
            f(2 * np.pi * h * freq_hz * t)
            for h in _harmonics(freq_hz, fs_hz)
            for f in (np.cos, np.sin)
        ]
        design = np.array([*waves, np.ones(block), x, x * x])
        masked = design * quiet[start : start + block]
        gram = masked @ design.T + 1e-9 * np.eye(design.shape[0])
        coef = np.linalg.solve(gram, masked @ uv[:, start : start + block].T)
        n_waves = len(waves)
        hum[:, start : start + block] += (coef[:n_waves].T @ design[:n_waves]) * window
        weight[start : start + block] += window
        largest = max(largest, float(np.sqrt(coef[0] ** 2 + coef[1] ** 2).max()))
    return hum / np.maximum(weight, 1e-6), largest


def remove_mains(uv: Float, quiet: npt.NDArray[np.bool_], fs_hz: float) -> tuple[Float, Mains]:
    """The signal without its hum, and what the hum was; the input itself where there is none.

    Args:
        uv: microvolts, finite, shape ``(n_leads, n_samples)``.
        quiet: True at samples between the QRS complexes, shape ``(n_samples,)``.
        fs_hz: samples per second.
    """
    if uv.shape[0] == 0 or uv.shape[1] < fs_hz or quiet.mean() < 0.2:
        return uv, NO_MAINS
    freq_hz = _frequency(uv, quiet, fs_hz)
    if freq_hz is None:
        return uv, NO_MAINS
    hum, amplitude_uv = _fit_blocks(uv, quiet, freq_hz, fs_hz)
    return uv - hum, Mains(freq_hz=freq_hz, amplitude_uv=amplitude_uv)
