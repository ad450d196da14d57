"""Conversions between the units of an ECG. The only place where a factor of 1000 is written.

Everything inside the core is in microvolts, milliseconds and samples; millimetres exist on paper
only (10 mm/mV and 25 mm/s unless the sheet says otherwise).
"""

from __future__ import annotations

import unicodedata

_UV = {
    "v": 1e6, "volt": 1e6, "volts": 1e6,
    "mv": 1e3, "millivolt": 1e3, "millivolts": 1e3,
    "uv": 1.0, "μv": 1.0, "microvolt": 1.0, "microvolts": 1.0,
    "nv": 1e-3, "nanovolt": 1e-3, "nanovolts": 1e-3,
}  # fmt: skip


def uv_of_unit(unit: str) -> float | None:
    """Microvolts of one of this unit, None where it is no voltage.

    Any letter case, both letters µ, full width (ｍＶ) and the one-letter forms (㎷, ㎶).
    """
    return _UV.get(unicodedata.normalize("NFKC", unit).strip().lower())


S_PER_MIN = 60.0
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
