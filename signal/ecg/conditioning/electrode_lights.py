"""A light per lead for the crew, from the newest two seconds: which electrode is off, which one is noisy."""

from __future__ import annotations

import numpy as np

from ecg.conditioning.raw_faults import FLAT_UV
from ecg.leads import DERIVED_LEADS
from ecg.values import RAIL, EcgSegment

# No published source for any of these; the lights ask the crew to look, and decide nothing.
_LOOK_S, _FEWEST_SAMPLES, _PIECES = 2.0, 8, 8
"""Newest stretch that is looked at, samples below which every lead counts as off, and the pieces it is cut into."""
_AT_RAIL, _STILL, _HALF_STILL = 0.02, 0.7, 0.3
"""Shares of the stretch from which a lead is *off*: samples at the converter's limit; quarter seconds that stand
still; two such in a row, where the whole stretch moves less than ``_QUIET_UV``."""
_QUIET_UV = 30.0
_HISS_HZ, _HISS_UV = 250.0, 65.0
"""*Noisy*: middle second difference at this rate above this (about 40 µV rms of muscle noise or hum)."""
_DRIFT_UV = 1500.0
"""*Noisy*: movement of the baseline above this."""


def electrode_lights(segment: EcgSegment) -> dict[str, str]:
    """A light per lead for the crew: ``good``, ``noisy`` or ``off``, from the newest 2 s.

    A lead is *off* when its samples stand still or stand at the converter's limit for half a
    second; *noisy* with more than about 40 µV of muscle noise or hum, or a baseline that moved by
    1.5 mV. Where I or II is off, every other lead is *noisy* at best: its reference is gone, and the
    limb electrode is what has to be fixed first. Derived limb leads follow from I and II.
    """
    n = min(segment.n_samples, round(_LOOK_S * segment.fs_hz))
    if n < _FEWEST_SAMPLES:
        return dict.fromkeys(segment.leads, "off")
    adc = segment.adc[:, -n:].astype(np.int32)
    lsb = segment.uv_per_lsb
    quarter = max(2, n // _PIECES)
    pieces = adc[:, : quarter * (n // quarter)].reshape(len(segment.leads), -1, quarter)
    still = (pieces.max(axis=2) - pieces.min(axis=2)) * lsb < FLAT_UV
    at_rail = (np.abs(adc) >= RAIL).mean(axis=1) > _AT_RAIL
    quiet_half = (still[:, :-1] & still[:, 1:]).mean(axis=1)
    active = (adc.max(axis=1) - adc.min(axis=1)) * lsb
    off = (
        at_rail
        | (still.mean(axis=1) > _STILL)
        | ((active < _QUIET_UV) & (quiet_half > _HALF_STILL))
    )
    step = max(1, round(segment.fs_hz / _HISS_HZ))
    second = np.abs(adc[:, 2 * step :] - 2 * adc[:, step:-step] + adc[:, : -2 * step]) * lsb
    hiss = np.median(second, axis=1)
    levels = np.median(pieces, axis=2) * lsb
    noisy = (hiss > _HISS_UV) | (levels.max(axis=1) - levels.min(axis=1) > _DRIFT_UV)
    lights = {
        name: "off" if off[i] else "noisy" if noisy[i] else "good"
        for i, name in enumerate(segment.leads)
    }
    limbs = [lights[n] for n in ("I", "II") if n in lights]
    if "off" in limbs:
        lights = {n: v if v == "off" else "noisy" for n, v in lights.items()}
    if len(limbs) == 2:
        ranked = max(limbs, key=("good", "noisy", "off").index)
        for name in DERIVED_LEADS:
            lights.setdefault(name, ranked)
    return lights
