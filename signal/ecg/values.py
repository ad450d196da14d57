"""The two forms of an ECG: raw integers (the record) and microvolts (a view of it).

``EcgSegment`` is born in a source, stored bit-exact and never changed. ``EcgWindow`` is the float
view that one measurement reads. One function converts, in one direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecg.leads import DERIVED_LEADS, INDEPENDENT_LEADS, STANDARD_12, derive_limb_leads

Int16 = npt.NDArray[np.int16]
Float = npt.NDArray[np.float64]
OLDEST_YEARS = 130
RAIL = 32_767
"""Largest ADC value either way: the signal may have gone beyond what 16 bits can say."""
MISSING = -32768
"""An ADC value that is no voltage: the source has no sample of this lead here."""


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """What the crew entered about the patient; each part may be unknown.

    Attributes:
        age_years: completed years, 0..130, or None where nobody entered it.
        sex: ``"M"``, ``"F"`` or None where nobody entered it.
    """

    age_years: int | None = None
    sex: Literal["M", "F"] | None = None

    def __post_init__(self) -> None:
        if self.age_years is not None and not 0 <= self.age_years <= OLDEST_YEARS:
            raise ValueError("an age lies between 0 and 130 years, or is None where unknown")
        if self.sex not in {"M", "F", None}:
            raise ValueError("a sex is M, F, or None where unknown")


@dataclass(frozen=True, slots=True, eq=False)
class EcgSegment:
    """Consecutive ADC samples exactly as the source gave them.

    Attributes:
        adc: int16, shape ``(n_leads, n_samples)``; ``MISSING`` where a lead has no sample.
        leads: names from ``ecg.leads.ALL_LEADS``, one a row.
        fs_hz: samples per second of each lead.
        uv_per_lsb: microvolts of one ADC step.
        first_sample: position of the first column in the stream's sample counter.
    """

    adc: Int16
    leads: tuple[str, ...]
    fs_hz: float
    uv_per_lsb: float
    first_sample: int = 0

    def __post_init__(self) -> None:
        if self.adc.dtype != np.int16 or self.adc.ndim != 2:
            raise ValueError("an ECG segment holds int16 samples of shape (n_leads, n_samples)")
        if self.adc.shape[0] != len(self.leads):
            raise ValueError("an ECG segment has one row per lead name")
        if not self.fs_hz > 0 or not self.uv_per_lsb > 0:
            raise ValueError("an ECG segment has a positive sample rate and step size")

    @property
    def n_samples(self) -> int:
        """Samples per lead."""
        return int(self.adc.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class EcgWindow:
    """A stretch of ECG in microvolts, for one measurement.

    Attributes:
        uv: float64, shape ``(n_leads, n_samples)``; NaN where a lead has no sample.
        leads: one name a row; the twelve standard leads first, in ``STANDARD_12`` order, where
            they can be had.
        fs_hz: samples per second of each lead.
        first_sample: position of the first column in the stream's sample counter.
        rail: bool, same shape as ``uv``: the sample stood at the converter's limit; None where none did.
        derived: the limb leads that follow from I and II were calculated here, so they need no check.
    """

    uv: Float
    leads: tuple[str, ...]
    fs_hz: float
    first_sample: int = 0
    rail: npt.NDArray[np.bool_] | None = None
    derived: bool = False

    @property
    def n_samples(self) -> int:
        """Samples per lead."""
        return int(self.uv.shape[1])

    def row(self, lead: str) -> Float:
        """The samples of one lead, shape ``(n_samples,)``.

        Raises:
            ValueError: the window does not hold that lead.
        """
        return np.asarray(self.uv[self.leads.index(lead)])


def window_of_segment(segment: EcgSegment) -> EcgWindow:
    """The microvolt view of a segment, with the four derived limb leads added.

    Derived leads already in the segment are kept as sent (``ecg.conditioning.quality`` checks them against
    Einthoven); missing ones are derived where I and II are present.
    """
    sent, (leads, missing) = segment.leads, _rows_of(tuple(segment.leads))
    uv = np.empty((len(leads), segment.n_samples))
    at = {name: row for row, name in enumerate(leads)}
    holes = bool(segment.adc.size) and int(segment.adc.min()) == MISSING
    for name, row in zip(sent, segment.adc, strict=True):
        np.multiply(row, segment.uv_per_lsb, out=uv[at[name]])
        if holes:
            uv[at[name], row == MISSING] = np.nan
    if missing:
        derived = derive_limb_leads(uv[at["I"]], uv[at["II"]])
        for name in missing:
            uv[at[name]] = derived[name]
    return EcgWindow(
        uv=uv,
        leads=leads,
        fs_hz=segment.fs_hz,
        first_sample=segment.first_sample,
        rail=_rails(segment, leads),
        derived=len(missing) == len(DERIVED_LEADS),
    )


def bridged(uv: Float) -> npt.NDArray[np.bool_] | None:
    """Puts a straight line over each hole (NaN) of each row, in place, so that filters can run.

    A row that is all hole becomes 0. Returns where the holes were, same shape; None where none was.
    """
    if not np.isnan(uv).any():
        return None
    missing = np.isnan(uv)
    grid = np.arange(uv.shape[1])
    for row, gone in zip(uv, missing, strict=True):
        if gone.all():
            row[:] = 0.0
        elif gone.any():
            row[gone] = np.interp(grid[gone], grid[~gone], row[~gone])
    return missing


@lru_cache(maxsize=64)
def _rows_of(sent: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The leads of a window, standard ones first, and those among them that have to be derived."""
    missing: tuple[str, ...] = ()
    if "I" in sent and "II" in sent:
        missing = tuple(n for n in DERIVED_LEADS if n not in sent)
    leads = tuple(n for n in STANDARD_12 if n in sent or n in missing)
    return leads + tuple(n for n in sent if n not in leads), missing


def _rails(segment: EcgSegment, leads: tuple[str, ...]) -> npt.NDArray[np.bool_] | None:
    """Where each lead stood at the converter's limit; None where no sample did."""
    adc = segment.adc
    if not adc.size or (int(adc.max()) < RAIL and int(adc.min()) > -RAIL):
        return None
    at = (adc >= RAIL) | (adc == -RAIL)
    rails = dict(zip(segment.leads, at, strict=True))
    if "I" in rails and "II" in rails:
        limb = rails["I"] | rails["II"]
        for name in DERIVED_LEADS:
            rails.setdefault(name, limb)
    return np.array([rails[n] for n in leads], dtype=np.bool_)


__all__ = [
    "DERIVED_LEADS",
    "INDEPENDENT_LEADS",
    "MISSING",
    "EcgSegment",
    "EcgWindow",
    "Float",
    "Int16",
    "PatientFacts",
    "bridged",
    "window_of_segment",
]
