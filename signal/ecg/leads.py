"""Lead names, their fixed order, their bits on the wire, and the derivation of the limb leads.

Eight independent leads travel and are stored; III, aVR, aVL and aVF follow from I and II by
Einthoven's and Goldberger's equations and are derived here, once (DESIGN §4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

ALL_LEADS: tuple[str, ...] = (
    "I", "II", "V1", "V2", "V3", "V4", "V5", "V6",
    "V3R", "V4R", "V7", "V8", "V9",
    "III", "aVR", "aVL", "aVF",
)  # fmt: skip
"""Position in this tuple is the lead's bit in a wire frame's mask. Append only."""

INDEPENDENT_LEADS: tuple[str, ...] = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
DERIVED_LEADS: tuple[str, ...] = ("III", "aVR", "aVL", "aVF")
STANDARD_12: tuple[str, ...] = (
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
)  # fmt: skip
EXTRA_LEADS: tuple[str, ...] = ("V3R", "V4R", "V7", "V8", "V9")
PRECORDIAL: tuple[str, ...] = ("V1", "V2", "V3", "V4", "V5", "V6")

_BIT = {name: bit for bit, name in enumerate(ALL_LEADS)}
_CANONICAL = {name.lower(): name for name in ALL_LEADS}


def canonical_name(name: str) -> str | None:
    """The house's spelling of a lead name in any letter case, or None where it is no lead.

    Accepts ``MLII`` as II and an optional ``lead `` prefix.
    """
    key = name.strip().lower().removeprefix("lead").strip()
    return _CANONICAL.get({"mlii": "ii", "mli": "i"}.get(key, key))


def mask_of_leads(leads: Sequence[str]) -> int:
    """The wire mask of a set of leads.

    Raises:
        KeyError: a name that ``ALL_LEADS`` does not hold.
    """
    mask = 0
    for name in leads:
        mask |= 1 << _BIT[name]
    return mask


def leads_of_mask(mask: int) -> tuple[str, ...]:
    """Lead names of a wire mask, in the order in which a frame's rows stand."""
    return tuple(name for name, bit in _BIT.items() if mask >> bit & 1)


def in_wire_order(leads: Sequence[str]) -> tuple[str, ...]:
    """The same leads in the order of ``ALL_LEADS``."""
    return tuple(sorted(leads, key=_BIT.__getitem__))


def derive_limb_leads(
    lead_i: npt.NDArray[np.float64], lead_ii: npt.NDArray[np.float64]
) -> dict[str, npt.NDArray[np.float64]]:
    """III, aVR, aVL and aVF from I and II, any shape, any one unit.

    Source: Einthoven 1912 (III = II - I) and Goldberger 1942 (augmented leads).
    """
    return {
        "III": lead_ii - lead_i,
        "aVR": -(lead_i + lead_ii) / 2,
        "aVL": lead_i - lead_ii / 2,
        "aVF": lead_ii - lead_i / 2,
    }
