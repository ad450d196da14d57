"""Beats of a whole recording, with any leads and of any length, by the detector of ``ecg.detecting.beats``.

The screen looks at ten seconds; a recording of an hour is read in windows of ten seconds that overlap
by two, and each window answers for its middle, so that no beat is decided at a border. A live stream is
read by the same windows (``BeatStream``), not by a second detector of its own: one that is causal sample by
sample would have to be judged apart, and the alarms do not wait for it.
"""

from __future__ import annotations

import numpy as np

from ecg.conditioning.filters import (
    DETECTION_FS_HZ,
    EDGE_HZ,
    band_gain,
    detection_gain,
    detection_high_hz,
    spectrum_of,
    synthesise,
)
from ecg.detecting.beats import Int, find_beats
from ecg.values import Float

WINDOW_S, OVERLAP_S = 10.0, 2.0
_FLAT_UV = 10.0
_REFINE_S = 0.060
_R_BAND_HZ = (5.0, 30.0)
"""Band in which R is the largest excursion; no published source."""
_SHORTEST_S = 2.0


class BeatStream:
    """The same beats from a recording that arrives in pieces of any size, a few seconds late.

    A beat is given out once its ten-second window is whole, so however the samples are cut the beats are
    those of ``detected_beats`` over the whole. Nothing has to be learned first and nothing can be lost by a
    false start: every window is judged afresh.

    Args:
        n_leads: rows of every piece.
        fs_hz: samples per second, 90 or more.
    """

    def __init__(self, n_leads: int, fs_hz: float) -> None:
        self._fs_hz = fs_hz
        self._size, self._hop, self._margin = _grid(fs_hz)
        self._kept = np.zeros((n_leads, 0))
        self._start = 0

    def push(self, uv: Float) -> Int:
        """Takes the next samples, shape ``(n_leads, n)``; the beats that are now certain, ascending."""
        self._kept = np.concatenate([self._kept, uv], axis=1)
        found: list[int] = []
        # a window is the last one until more than a hop of further samples is here
        while self._kept.shape[1] >= self._size + self._hop:
            found += self._beats(self._size, last=False)
            self._kept = self._kept[:, self._hop :]
            self._start += self._hop
        return np.array(found, dtype=np.intp)

    def finish(self) -> Int:
        """The beats of what is left; call once, at the end."""
        return np.array(self._beats(self._kept.shape[1], last=True), dtype=np.intp)

    def _beats(self, n: int, *, last: bool) -> list[int]:
        inside = _window_beats(self._kept[:, :n], self._fs_hz) + self._start
        low = 0 if self._start == 0 else self._start + self._margin
        high = self._start + (n if last else self._size - self._margin)
        return [int(p) for p in inside if low <= p < high]


def _grid(fs_hz: float) -> tuple[int, int, int]:
    """Samples of a window, from one window to the next, and of a margin."""
    hop = round((WINDOW_S - OVERLAP_S) * fs_hz)
    return round(WINDOW_S * fs_hz), hop, round(OVERLAP_S / 2 * fs_hz)


def detected_beats(uv: Float, fs_hz: float) -> Int:
    """Samples of the R peaks, ascending, shape ``(n,)``; empty where no beat stands out.

    R is the largest excursion of the 5-30 Hz vector over the leads within 60 ms of the detection.

    Args:
        uv: microvolts, shape ``(n_leads, n_samples)``; gaps as NaN are read as a straight line.
        fs_hz: samples per second, 90 or more.
    """
    stream = BeatStream(uv.shape[0], fs_hz)
    return np.concatenate([stream.push(uv), stream.finish()])


def _window_beats(uv: Float, fs_hz: float) -> Int:
    if uv.shape[1] < round(_SHORTEST_S * fs_hz):
        return np.zeros(0, np.intp)
    uv = _finite(uv)
    spectrum = spectrum_of(uv, fs_hz)
    band = detection_gain(spectrum.n_padded, fs_hz, detection_high_hz(fs_hz))
    velocity = synthesise(spectrum, band, DETECTION_FS_HZ)
    beats = find_beats(velocity, np.ptp(uv, axis=1) > _FLAT_UV)
    if beats.positions.size == 0:
        return beats.positions
    waves = synthesise(spectrum, band_gain(spectrum.freq_hz, *_R_BAND_HZ, EDGE_HZ), DETECTION_FS_HZ)
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
