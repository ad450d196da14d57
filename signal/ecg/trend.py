"""What changed between two measurements of one patient: ST by lead, with the doubt of both.

Source: clinical brief §5 (serial comparison): ΔST of 100 µV in two neighbouring leads is a change;
first it is asked whether the electrodes still sit where they sat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg.leads import STANDARD_12
from ecg.measurements import Measurements
from ecg.screen.thresholds import load_profile

CHANGE_UV = 100.0
_AXIS_DEG = 30.0
_QRS_SHARE = 0.20


@dataclass(frozen=True, slots=True)
class LeadChange:
    """Difference of one lead, later minus earlier, in microvolts.

    Attributes:
        j_uv, j60_uv: change of the level at J and J+60. se_uv: standard error of either.
    """

    j_uv: float
    j60_uv: float
    se_uv: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Difference between two measurements.

    Attributes:
        leads: by lead, only where both can be read.
        changed: leads of neighbouring pairs whose J moved by 100 µV or more in the same direction.
        axis_shift_deg: change of the frontal QRS axis, None where it cannot be told.
        electrodes_doubtful: the QRS itself changed so much (axis > 30° or size > 20 % in most chest
            leads) that electrodes or body position may have moved; say so beside every change.
    """

    leads: dict[str, LeadChange]
    changed: tuple[str, ...]
    axis_shift_deg: float | None
    electrodes_doubtful: bool


def _axis_deg(m: Measurements) -> float | None:
    if not (m.readable("I") and m.readable("aVF")):
        return None
    x, y = m.leads["I"].qrs_area_uv_ms, m.leads["aVF"].qrs_area_uv_ms * 2 / np.sqrt(3)
    return float(np.degrees(np.arctan2(y, x)))


def compare(earlier: Measurements, later: Measurements) -> Comparison:
    """The change from an earlier to a later measurement; no lead where either was refused."""
    leads = {}
    for name in STANDARD_12:
        if earlier.readable(name) and later.readable(name):
            a, b = earlier.leads[name], later.leads[name]
            se_uv = float(np.hypot(a.st_se_uv, b.st_se_uv))
            leads[name] = LeadChange(b.j_uv - a.j_uv, b.j60_uv - a.j60_uv, se_uv)
    delta = {name: change.j_uv for name, change in leads.items()}
    if "aVR" in delta:
        delta["-aVR"] = -delta["aVR"]
    pairs = [
        pair
        for pair in load_profile().contiguity
        if all(n in delta for n in pair)
        and min(abs(delta[n]) for n in pair) >= CHANGE_UV
        and delta[pair[0]] * delta[pair[1]] > 0
    ]
    before, after = _axis_deg(earlier), _axis_deg(later)
    shift = None if before is None or after is None else (after - before + 180) % 360 - 180
    return Comparison(
        leads=leads,
        changed=tuple(dict.fromkeys(n for pair in pairs for n in pair)),
        axis_shift_deg=shift,
        electrodes_doubtful=_doubtful(earlier, later, shift, tuple(leads)),
    )


def _doubtful(
    earlier: Measurements, later: Measurements, shift_deg: float | None, names: tuple[str, ...]
) -> bool:
    if shift_deg is not None and abs(shift_deg) > _AXIS_DEG:
        return True
    chest = [n for n in names if n.startswith("V")]
    moved = 0
    for name in chest:
        a, b = earlier.leads[name].qrs_pp_uv, later.leads[name].qrs_pp_uv
        moved += abs(b - a) > _QRS_SHARE * max(a, 200.0)
    return len(chest) > 0 and moved * 2 > len(chest)
