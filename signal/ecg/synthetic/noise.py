"""Noise of the nine electrodes, addressable by position: any block can be made on its own.

Noise is made where it arises, at RA, LA, LL and C1..C6, and becomes lead noise through the same
subtraction as the heart's signal. So limb noise leaks into all chest leads through Wilson's
terminal and the four derived leads stay exactly derivable, as in reality (clinical brief §7.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ecg.values import Float

NoiseLevel = Literal["none", "light", "moderate", "ambulance", "severe"]
ELECTRODES: tuple[str, ...] = ("RA", "LA", "LL", "C1", "C2", "C3", "C4", "C5", "C6")


@dataclass(frozen=True, slots=True)
class Level:
    """Strength of each kind of noise at an electrode, in millivolts.

    Attributes:
        wander_mv: amplitude of the slow baseline.
        emg_rms_mv: muscle noise, 20-150 Hz.
        mains_mv: amplitude of the hum.
        motion_rms_mv: rms inside a burst, 1-12 Hz.
        bumps_per_s: mean number of bursts a second.
        pops_per_s: mean number of electrode pops a second, per electrode.
    """

    wander_mv: float
    emg_rms_mv: float
    mains_mv: float
    motion_rms_mv: float
    bumps_per_s: float
    pops_per_s: float


LEVELS: dict[str, Level] = {
    "none": Level(0, 0, 0, 0, 0, 0),
    "light": Level(0.15, 0.008, 0.02, 0, 0, 0),
    "moderate": Level(0.40, 0.020, 0.08, 0, 0, 0),
    "ambulance": Level(0.80, 0.030, 0.10, 0.15, 0.35, 0.0),
    "severe": Level(1.2, 0.060, 0.20, 0.40, 0.5, 0.004),
}
_UV = 1000.0


class ElectrodeNoise:
    """Noise of one patient's nine electrodes in blocks of one second.

    Neighbouring blocks join without a seam: band-limited noise is made in two-second frames that
    overlap by half with power-preserving weights, and everything else is a function of time.
    """

    def __init__(self, level: NoiseLevel, seed: int, fs_hz: float, mains_hz: float = 50.0) -> None:
        self._level = LEVELS[level]
        self._seed = seed
        self._fs_hz = fs_hz
        self._n = round(fs_hz)
        rng = np.random.default_rng([seed, 11])
        n_el = len(ELECTRODES)
        self._wander_hz = rng.uniform(0.05, 0.5, (n_el, 3))
        self._wander_phase = rng.uniform(0, 2 * np.pi, (n_el, 3))
        share = rng.uniform(0.2, 1.0, (n_el, 3))
        self._wander_share = share / share.sum(axis=1, keepdims=True)
        self._mains_hz = mains_hz + rng.uniform(-0.15, 0.15)
        self._mains_phase = rng.uniform(-0.6, 0.6, n_el)
        self._mains_gain = rng.uniform(0.5, 1.0, n_el)
        self._motion_gain = np.where(rng.random(n_el) < 0.6, rng.uniform(0.4, 1.0, n_el), 0.0)
        self._resonance_hz = (rng.uniform(1.5, 4.0), rng.uniform(8.0, 12.0))
        freq = np.asarray(np.fft.rfftfreq(2 * self._n, 1 / fs_hz), dtype=np.float64)
        self._emg_shape = self._unit_rms(((freq >= 20) & (freq <= min(150, 0.45 * fs_hz))) * 1.0)
        self._motion_shape = self._unit_rms(
            sum(np.exp(-0.5 * ((freq - f) / (f / 7)) ** 2) for f in self._resonance_hz)
            + 0.3 * ((freq >= 1) & (freq <= 10))
        )
        ramp = (np.arange(self._n) + 0.5) / self._n * np.pi / 2
        self._rise, self._fall = np.sin(ramp), np.cos(ramp)

    def _unit_rms(self, shape: npt.NDArray[np.floating[Any]]) -> Float:
        """Spectrum magnitudes that turn unit complex normals into noise of unit rms."""
        n = 2 * self._n
        power = 2 * 2 * float((shape**2).sum()) / n**2
        return np.asarray(shape / np.sqrt(max(power, 1e-30)))

    def _frame(self, kind: int, index: int, shape: Float, n_rows: int) -> Float:
        rng = np.random.default_rng([self._seed, kind, index + 1])
        z = rng.standard_normal((2, n_rows, shape.size))
        return np.fft.irfft((z[0] + 1j * z[1]) * shape, 2 * self._n)

    def _stationary(self, kind: int, block: int, shape: Float, n_rows: int) -> Float:
        before = self._frame(kind, block - 1, shape, n_rows)[:, self._n :]
        after = self._frame(kind, block, shape, n_rows)[:, : self._n]
        return before * self._fall + after * self._rise

    def _envelope(self, block: int, t_s: Float) -> Float:
        """Strength of motion over a block: bursts of 0.3-0.8 s that may begin a block earlier."""
        out = np.zeros_like(t_s)
        for b in (block - 1, block):
            rng = np.random.default_rng([self._seed, 17, b + 1])
            for _ in range(int(rng.poisson(self._level.bumps_per_s))):
                start, length = b + rng.random(), rng.uniform(0.3, 0.8)
                x = (t_s - start) / length
                out = np.maximum(out, np.where((x > 0) & (x < 1), np.sin(np.pi * x) ** 2, 0.0))
        return out

    def _pops(self, block: int, t_s: Float) -> Float:
        out = np.zeros((len(ELECTRODES), t_s.size))
        for b in range(max(0, block - 8), block + 1):
            rng = np.random.default_rng([self._seed, 19, b + 1])
            counts = rng.poisson(self._level.pops_per_s, len(ELECTRODES))
            for electrode in np.flatnonzero(counts):
                start, height = b + rng.random(), rng.uniform(0.5, 2.0) * rng.choice([-1, 1])
                decay_s = rng.uniform(1.0, 3.0)
                dt = np.maximum(t_s - start, 0.0)
                out[electrode] += (t_s >= start) * height * np.exp(-dt / decay_s)
        return out

    def block_uv(self, block: int) -> Float:
        """Noise of block ``block`` (one second), microvolts, shape ``(9, round(fs_hz))``."""
        level = self._level
        t_s = (block * self._n + np.arange(self._n)) / self._fs_hz
        mv = np.zeros((len(ELECTRODES), self._n))
        if level.wander_mv:
            phase = 2 * np.pi * self._wander_hz[..., None] * t_s + self._wander_phase[..., None]
            mv += level.wander_mv * (self._wander_share[..., None] * np.sin(phase)).sum(axis=1)
        if level.mains_mv:
            angle = 2 * np.pi * self._mains_hz * t_s + 2.0 * np.sin(2 * np.pi * 0.02 * t_s)
            phase_m = angle + self._mains_phase[:, None]
            gain = level.mains_mv * self._mains_gain[:, None]
            mv += gain * (np.sin(phase_m) + 0.12 * np.sin(3 * phase_m))
        if level.emg_rms_mv:
            mv += level.emg_rms_mv * self._stationary(13, block, self._emg_shape, len(ELECTRODES))
        if level.motion_rms_mv:
            own = self._stationary(14, block, self._motion_shape, len(ELECTRODES))
            common = self._stationary(15, block, self._motion_shape, 1)
            swing = (0.8 * common + 0.6 * own) * self._motion_gain[:, None]
            mv += level.motion_rms_mv * self._envelope(block, t_s) * swing
        if level.pops_per_s:
            mv += self._pops(block, t_s)
        return mv * _UV
