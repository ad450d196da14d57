"""Beats of a whole recording, with any leads and of any length, by the detector of ``ecg.beats``.

The screen looks at ten seconds; a recording of an hour is read in windows of ten seconds that overlap
by two, and each window answers for its middle, so that no beat is decided at a border.
"""

from __future__ import annotations

import numpy as np

from ecg.beats import Int, find_beats
from ecg.filters import DETECTION_FS_HZ, band_gain, spectrum_of, synthesise
from ecg.values import Float

WINDOW_S, OVERLAP_S = 10.0, 2.0
_FLAT_UV = 10.0
_REFINE_S = 0.060


def detected_beats(uv: Float, fs_hz: float) -> Int:
    """Samples of the R peaks, ascending, shape ``(n,)``; empty where no beat stands out.

    R is the largest excursion of the 5-30 Hz vector over the leads within 60 ms of the detection.

    Args:
        uv: microvolts, shape ``(n_leads, n_samples)``; gaps as NaN are read as a straight line.
        fs_hz: samples per second, 90 or more.
    """
    n = uv.shape[1]
    size = round(WINDOW_S * fs_hz)
    hop = round((WINDOW_S - OVERLAP_S) * fs_hz)
    margin = round(OVERLAP_S / 2 * fs_hz)
    starts = list(range(0, max(1, n - size + hop), hop))
    found: list[int] = []
    for k, start in enumerate(starts):
        end = n if k == len(starts) - 1 else min(n, start + size)
        low = 0 if k == 0 else start + margin
        high = n if k == len(starts) - 1 else end - margin
        inside = _window_beats(uv[:, start:end], fs_hz) + start
        found += [int(p) for p in inside if low <= p < high]
    return np.array(found, dtype=np.intp)


def _window_beats(uv: Float, fs_hz: float) -> Int:
    if uv.shape[1] < round(2.0 * fs_hz):
        return np.zeros(0, np.intp)
    uv = _finite(uv)
    spectrum = spectrum_of(uv, fs_hz)
    nyquist = fs_hz / 2
    gain = band_gain(spectrum.freq_hz, 8.0, min(25.0, 0.5 * nyquist), 6.0)
    velocity = synthesise(
        spectrum,
        np.asarray(gain * 2j * np.pi * spectrum.freq_hz, dtype=np.complex128),
        DETECTION_FS_HZ,
    )
    beats = find_beats(velocity, np.ptp(uv, axis=1) > _FLAT_UV)
    if beats.positions.size == 0:
        return beats.positions
    waves = synthesise(spectrum, band_gain(spectrum.freq_hz, 5.0, 30.0, 6.0), DETECTION_FS_HZ)
    size = np.sqrt(((waves * (beats.weights > 0)[:, None]) ** 2).sum(axis=0))
    reach = round(_REFINE_S * DETECTION_FS_HZ)
    offsets = np.arange(-reach, reach + 1)
    columns = np.clip(beats.positions[:, None] + offsets, 0, size.size - 1)
    at = beats.positions + offsets[size[columns].argmax(axis=1)]
    positions = np.round(at * fs_hz / DETECTION_FS_HZ).astype(np.intp)
    return np.unique(np.clip(positions, 0, uv.shape[1] - 1))


def _finite(uv: Float) -> Float:
    missing = ~np.isfinite(uv)
    if not missing.any():
        return uv
    out, grid = uv.copy(), np.arange(uv.shape[1])
    for row, gone in zip(out, missing, strict=True):
        row[gone] = 0.0 if gone.all() else np.interp(grid[gone], grid[~gone], row[~gone])
    return out
