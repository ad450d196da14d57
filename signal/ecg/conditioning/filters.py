"""Zero-phase filters: the spectrum of one window, from which every band is taken once.

Everything here works on a whole window (forward FFT, real gain, inverse FFT), so no filter shifts a
wave in time. Nothing here may be used to high-pass the ST path: the baseline is removed at the
PQ knots (``ecg.conditioning.baseline``). The display filters carry their label with them (clinical brief §4).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecg.hot import kernel
from ecg.values import Float

ANALYSIS_FS_HZ = 500.0
"""All measurement happens at this rate; other rates are converted in the same FFT pass."""

DETECTION_FS_HZ = 250.0
"""Rate of the 8-25 Hz detection signal; half the analysis rate, so both share sample positions."""

DETECTION_BAND_HZ = (8.0, 25.0)
"""Where a QRS stands out (clinical brief §2.4)."""
_DETECTION_SHARE = 0.25
"""The band ends at this share of the sample rate at most; no published source."""
EDGE_HZ = 6.0
"""Width of the edges of a band, wide enough not to ring; no published source."""
_LOW_PASS_EDGE = (0.75, 1.25)
"""Where a low-pass begins to fall and where nothing is left, as shares of its corner; no published source."""
_DISPLAY_SHARE = 0.4
"""Largest share of the sample rate that a display filter lets through."""
_HIGH_PASS_EDGE = (0.5, 1.5)
"""Where a display filter's high-pass begins and where all passes, as shares of its corner; no published source."""

_PAD_S = 0.5
Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Half spectrum of a padded, line-removed window, ready to be filtered and resampled.

    Attributes:
        bins: complex, shape ``(n_leads, n_bins)``.
        freq_hz: shape ``(n_bins,)``.
        offset_uv: level of the removed line at the first padded sample, shape ``(n_leads, 1)``.
        slope_uv_per_s: slope of the removed line, shape ``(n_leads, 1)``.
        n_padded: samples of the padded window.
        pad_s: seconds of padding before the first real sample.
        fs_hz: rate of the padded window.
        duration_s: seconds of real signal.
    """

    bins: Complex
    freq_hz: Float
    offset_uv: Float
    slope_uv_per_s: Float
    n_padded: int
    pad_s: float
    fs_hz: float
    duration_s: float


@lru_cache(maxsize=64)
def _good_length(n_min: int, multiple: int) -> int:
    """Smallest 7-smooth multiple of ``multiple`` that is at least ``n_min`` and even."""
    k = -(-n_min // multiple)
    while True:
        rest = k
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1 and (k * multiple) % 2 == 0:
            return k * multiple
        k += 1


@lru_cache(maxsize=64)
def rate_ratio(fs_hz: float, target_hz: float) -> Fraction:
    """Target rate over source rate as a small fraction (odd rates are rounded by < 0.3 %)."""
    return Fraction(target_hz / fs_hz).limit_denominator(180)


def spectrum_of(uv: Float, fs_hz: float) -> Spectrum:
    """Spectrum of a window with odd-reflected ends, so that filters do not ring at its borders.

    Args:
        uv: microvolts, finite, shape ``(n_leads, n_samples)``, at least 8 samples.
        fs_hz: samples per second.
    """
    n = uv.shape[1]
    step = rate_ratio(fs_hz, DETECTION_FS_HZ).denominator
    pad = min(n - 1, -(-round(_PAD_S * fs_hz) // step) * step)
    total = _good_length(n + 2 * pad, step)
    padded, first, slope = reflected(uv, pad, total)
    return Spectrum(
        bins=np.fft.rfft(padded),
        freq_hz=_frequencies(total, fs_hz),
        offset_uv=first,
        slope_uv_per_s=slope * fs_hz,
        n_padded=total,
        pad_s=pad / fs_hz,
        fs_hz=fs_hz,
        duration_s=n / fs_hz,
    )


@kernel("spectrum")
def reflected(uv: Float, pad: int, total: int) -> tuple[Float, Float, Float]:
    """The window with odd-reflected ends, ``total`` samples, less the line that joins them; that line's start and slope.

    Args:
        uv: shape ``(n_leads, n_samples)``.
        pad: samples before the window, fewer than it has.
        total: samples of the result; those beyond the reflection hold its last value.
    """
    n_leads, n = uv.shape
    padded = np.empty((n_leads, total))
    padded[:, pad : pad + n] = uv
    padded[:, :pad] = 2 * uv[:, :1] - uv[:, pad:0:-1]
    end, mirror = pad + n, min(total - n - pad, n - 1)
    padded[:, end : end + mirror] = 2 * uv[:, -1:] - uv[:, -2 : -2 - mirror : -1]
    padded[:, end + mirror :] = padded[:, end + mirror - 1 : end + mirror]
    # the ends of the padded stretch are joined by a line, so that the FFT sees no jump
    first = padded[:, :1].copy()
    slope = (padded[:, -1:] - first) / total
    padded -= first + slope * np.arange(total)
    return padded, first, slope


def synthesise(spectrum: Spectrum, gain: Float | Complex, fs_out_hz: float) -> Float:
    """The window's real part after a gain per frequency, at another rate if wished.

    Args:
        spectrum: of ``spectrum_of``.
        gain: one factor per bin from the lowest on; what is beyond the last is taken out.
        fs_out_hz: rate of the result; ``ANALYSIS_FS_HZ`` or ``DETECTION_FS_HZ``.

    Returns:
        Shape ``(n_leads, round(duration * fs_out))``; the removed line is *not* added back.
    """
    ratio = rate_ratio(spectrum.fs_hz, fs_out_hz)
    n_out = spectrum.n_padded * ratio.numerator // ratio.denominator
    keep = min(spectrum.bins.shape[1], n_out // 2 + 1, gain.size)
    bins = spectrum.bins[:, :keep] * gain[:keep]
    out = np.fft.irfft(bins, n_out)
    if n_out != spectrum.n_padded:
        out *= n_out / spectrum.n_padded
    start = round(spectrum.pad_s * spectrum.fs_hz * ratio)
    length = int(spectrum.duration_s * spectrum.fs_hz * ratio + 1e-6)
    return np.ascontiguousarray(out[:, start : start + length])


def line_of(spectrum: Spectrum, n_samples: int, fs_out_hz: float) -> Float:
    """The line that ``spectrum_of`` removed, at the samples of a synthesised window."""
    t_s = spectrum.pad_s + np.arange(n_samples) / fs_out_hz
    return spectrum.offset_uv + spectrum.slope_uv_per_s * t_s


@lru_cache(maxsize=32)
def _frequencies(n_padded: int, fs_hz: float) -> Float:
    """Frequency of each bin of a padded window; shared, so never written to."""
    freq = np.asarray(np.fft.rfftfreq(n_padded, 1 / fs_hz), dtype=np.float64)
    freq.flags.writeable = False
    return freq


@lru_cache(maxsize=32)
def analysis_gain(n_padded: int, fs_hz: float, cut_hz: float) -> Float:
    """Low-pass gain of the ST path for a window of this padded length; shared, read only."""
    gain = _to_the_last(low_pass_gain(_frequencies(n_padded, fs_hz), cut_hz))
    gain.flags.writeable = False
    return gain


@lru_cache(maxsize=32)
def detection_gain(n_padded: int, fs_hz: float, high_hz: float = DETECTION_BAND_HZ[1]) -> Complex:
    """Band of 8 Hz to ``high_hz`` and derivative in one gain; shared, read only."""
    freq = _frequencies(n_padded, fs_hz)
    band = _to_the_last(band_gain(freq, DETECTION_BAND_HZ[0], high_hz, EDGE_HZ))
    gain = np.asarray(band * 2j * np.pi * freq[: band.size], dtype=np.complex128)
    gain.flags.writeable = False
    return gain


def detection_high_hz(fs_hz: float) -> float:
    """Upper corner of the detection band where the rate may be too low for all of it."""
    return min(DETECTION_BAND_HZ[1], _DETECTION_SHARE * fs_hz)


def _to_the_last(gain: Float) -> Float:
    """The gain up to the last bin that it lets through."""
    return gain[: np.flatnonzero(gain)[-1] + 1].copy()


def cosine_edge(freq_hz: Float, low_hz: float, high_hz: float) -> Float:
    """Gain falling from 1 at ``low_hz`` to 0 at ``high_hz`` along half a cosine."""
    x = np.clip((freq_hz - low_hz) / (high_hz - low_hz), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * x))


def low_pass_gain(freq_hz: Float, cut_hz: float) -> Float:
    """Low-pass gain, half at ``cut_hz``, with an edge wide enough not to ring at the J point."""
    return cosine_edge(freq_hz, _LOW_PASS_EDGE[0] * cut_hz, _LOW_PASS_EDGE[1] * cut_hz)


def band_gain(freq_hz: Float, low_hz: float, high_hz: float, edge_hz: float) -> Float:
    """Band-pass gain, half at ``low_hz`` and ``high_hz``, edges of ``edge_hz`` width."""
    rise = 1.0 - cosine_edge(freq_hz, low_hz - edge_hz / 2, low_hz + edge_hz / 2)
    return rise * cosine_edge(freq_hz, high_hz - edge_hz / 2, high_hz + edge_hz / 2)


@dataclass(frozen=True, slots=True)
class DisplayFilter:
    """A filter a reader may choose for looking, with the words that must stand beside the trace.

    Attributes:
        label: printed on the trace and on paper.
        low_hz: high-pass corner, 0 for none beyond the recorder's own.
        high_hz: low-pass corner.
        st_readable: False where the trace must not be used to judge ST.
    """

    label: str
    low_hz: float
    high_hz: float
    st_readable: bool


DISPLAY_FILTERS: dict[str, DisplayFilter] = {
    "diagnostic": DisplayFilter("0.05–150 Hz", 0.0, 150.0, True),
    "diagnostic-100": DisplayFilter("0.05–100 Hz", 0.0, 100.0, True),
    "muscle": DisplayFilter("0.05–40 Hz", 0.0, 40.0, True),
    "monitor": DisplayFilter("0.5–40 Hz MONITOR – not for ST", 0.5, 40.0, False),
}
"""The display filters by name; ``monitor`` says in its own label that ST must not be read."""


def display(uv: Float, fs_hz: float, choice: DisplayFilter) -> Float:
    """The window through a display filter, same shape and rate, zero phase.

    Args:
        uv: microvolts, finite, shape ``(n_leads, n_samples)``, at least 8 samples.
        fs_hz: samples per second.
        choice: an entry of ``DISPLAY_FILTERS``.
    """
    spectrum = spectrum_of(uv, fs_hz)
    gain = low_pass_gain(spectrum.freq_hz, min(choice.high_hz, _DISPLAY_SHARE * fs_hz))
    if choice.low_hz > 0:
        begins, passes = (share * choice.low_hz for share in _HIGH_PASS_EDGE)
        gain = gain * (1.0 - cosine_edge(spectrum.freq_hz, begins, passes))
    n = uv.shape[1]
    out = np.fft.irfft(spectrum.bins * gain, spectrum.n_padded)
    start = round(spectrum.pad_s * fs_hz)
    out = out[:, start : start + n]
    return out if choice.low_hz > 0 else out + line_of(spectrum, n, fs_hz)
