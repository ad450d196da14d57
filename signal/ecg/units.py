"""Conversions between the units of an ECG. The only place where a factor of 1000 is written.

Everything inside the core is in microvolts, milliseconds and samples; millimetres exist on paper
only (10 mm/mV and 25 mm/s unless the sheet says otherwise).
"""

from __future__ import annotations

UV_PER_MM = 100.0
"""Microvolts per millimetre at the standard gain of 10 mm/mV."""


def samples_of_ms(ms: float, fs_hz: float) -> int:
    """Samples nearest to a duration in milliseconds."""
    return round(ms * fs_hz / 1000.0)


def ms_of_samples(n_samples: float, fs_hz: float) -> float:
    """Milliseconds that a number of samples lasts."""
    return n_samples * 1000.0 / fs_hz


def mm_of_uv(uv: float) -> float:
    """Millimetres on standard paper (10 mm/mV)."""
    return uv / UV_PER_MM
