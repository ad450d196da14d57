"""Chest electrodes exchanged or set too high, and left arm with left leg: remarks, never a verdict.

Source: clinical brief §2.11. Unlike the exchanges of ``ecg.beat.reversal`` these change a trace without making
it unreadable, and their signs are met in patients too, so each is said and nothing is withheld.

Deviations:
    * Instead of a regression fitted on a normal set (there is none large enough) an exchange of two chest
      leads is judged by the QRS correlation of neighbours: it must rise by 0.3 in sum, and R/(R+S), which had
      fallen by 0.2 on the way from V1 to V5, must then fall by less than 0.1. None of 267 real records fulfils that; of
      the same records with two rows exchanged a third to four fifths do where the two are not neighbours,
      a fifth where they are, and hardly any of V4-V6 among themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, pairwise

import numpy as np

from ecg.beat.measurements import LeadMeasurement
from ecg.beat.reversal import Placement
from ecg.leads import PRECORDIAL
from ecg.values import Float

_GAIN, _FELL, _REST = 0.3, 0.2, 0.1
_P_UV, _P_GAP_UV, _R_PRIME_UV = 30.0, 50.0, 40.0


def placement_doubts(
    qrs: Mapping[str, Float], leads: Mapping[str, LeadMeasurement]
) -> tuple[Placement, ...]:
    """Every doubt that the readable leads raise.

    Args:
        qrs: onset to J of the representative beat by readable lead, each shape ``(n,)``.
        leads: their measurements.
    """
    found = [_chest_swap(qrs), _high(leads), _arm_and_leg(leads)]
    return tuple(p for p in found if p is not None)


def _chest_swap(qrs: Mapping[str, Float]) -> Placement | None:
    if any(n not in qrs for n in PRECORDIAL):
        return None
    rows = np.array([qrs[n] for n in PRECORDIAL])
    high, low = np.maximum(rows.max(axis=1), 0.0), np.maximum(-rows.min(axis=1), 0.0)
    share = (high / np.maximum(high + low, 1e-9)).tolist()
    as_is = list(range(6))
    if _falls(share, as_is) < _FELL:
        return None
    alike = np.corrcoef(rows).tolist()
    best: tuple[float, list[int], tuple[int, int]] | None = None
    for i, j in combinations(as_is, 2):
        order = list(as_is)
        order[i], order[j] = j, i
        gain = sum(alike[a][b] for a, b in pairwise(order))
        if best is None or gain > best[0]:
            best = gain, order, (i, j)
    if best is None:
        return None
    gain = best[0] - sum(alike[a][b] for a, b in pairwise(as_is))
    fell, rest = _falls(share, as_is), _falls(share, best[1])
    if gain > _GAIN and fell - rest > _FELL and rest < _REST:
        return Placement("CHEST_SWAP", (PRECORDIAL[best[2][0]], PRECORDIAL[best[2][1]]))
    return None


def _falls(share: list[float], order: list[int]) -> float:
    """How much R/(R+S) falls, step by step, from the first to the fifth lead of an order."""
    return sum(max(0.0, share[a] - share[b]) for a, b in pairwise(order[:5]))


def _high(leads: Mapping[str, LeadMeasurement]) -> Placement | None:
    """P negative in V1 and V2, with an r' or an inverted T there: set a rib or two too high."""
    if "V1" not in leads or "V2" not in leads:
        return None
    one, two = leads["V1"], leads["V2"]
    p_down = max(one.p_uv, two.p_uv) <= -_P_UV
    r_prime = max(one.terminal_uv, two.terminal_uv) > _R_PRIME_UV
    return Placement("V1_V2_HIGH", ("V1", "V2")) if p_down and (r_prime or two.t_uv < 0) else None


def _arm_and_leg(leads: Mapping[str, LeadMeasurement]) -> Placement | None:
    """P larger in I than in II and negative in III."""
    if any(n not in leads for n in ("I", "II", "III")):
        return None
    p = {n: leads[n].p_uv for n in ("I", "II", "III")}
    odd = p["I"] - p["II"] > _P_GAP_UV and p["II"] > 0 and p["III"] < -_P_UV
    return Placement("LA_LL", ("I", "II", "III")) if odd else None
