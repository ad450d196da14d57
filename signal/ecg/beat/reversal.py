"""Electrodes on the wrong limb: seen from the leads, said, and ST withheld.

Source: clinical brief §2.11; high specificity first, because a wrong accusation withholds a true
infarction. Only patterns that need several independent signs at once withhold ST; the rest notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecg.leads import DERIVED_LEADS
from ecg.values import MISSING, RAIL, EcgSegment, Float

_P_VISIBLE_UV = 25.0
"""P smaller than this says nothing about its direction; no published source."""
_NET_DOWN, _NET_UP = -0.3, 0.3
"""(R - S) / (R + S) of a QRS that plainly points down or up, for RA/LL; no published source."""
_NET_DOWN_I = -0.2
"""The same in lead I, for RA/LA, where V6 bears witness too; no published source."""
_UNLIKE = -0.3
"""Correlation with V6 below which a limb lead is its mirror image (clinical brief §2.11)."""
_FLAT_UV, _LIVELY_UV = 100.0, 500.0
"""Peak to peak: one limb lead below the first while the others exceed the second (clinical brief §2.11)."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """A suspected exchange of electrodes.

    Attributes:
        code: ``RA_LA``, ``RA_LL``, ``RA_RL``, ``LA_RL``, ``ARMS_LEGS`` or ``DEXTROCARDIA``.
        withhold: whether ST must not be read.
    """

    code: str
    withhold: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """A doubt about where electrodes sit; never withholds anything (``ecg.beat.placement``).

    Attributes:
        code: ``CHEST_SWAP``, ``V1_V2_HIGH`` or ``LA_LL``.
        leads: concerned.
    """

    code: str
    leads: tuple[str, ...]


def corrected(segment: EcgSegment, code: str) -> EcgSegment | None:
    """The segment as the electrodes should have given it, or None where that cannot be calculated.

    Exchanging two of RA, LA, LL leaves Wilson's terminal and with it the chest leads as they are. The limb
    leads follow exactly; the original is never touched.

    Args:
        segment: with leads I and II; derived limb leads are left out of the result.
        code: of ``Reversal``; ``RA_LA`` and ``RA_LL`` can be undone.
    """
    if code not in {"RA_LA", "RA_LL"} or not {"I", "II"} <= set(segment.leads):
        return None
    rows = {n: segment.adc[i].astype(np.int32) for i, n in enumerate(segment.leads)}
    one, two = rows["I"], rows["II"]
    rows["I"], rows["II"] = (-one, two - one) if code == "RA_LA" else (one - two, -two)
    leads = tuple(n for n in segment.leads if n not in DERIVED_LEADS)
    adc = np.clip(np.array([rows[n] for n in leads]), -RAIL, RAIL).astype(np.int16)
    holes = {n: segment.adc[i] == MISSING for i, n in enumerate(segment.leads)}
    holes["I"] = holes["II"] = holes["I"] | holes["II"]
    for row, name in zip(adc, leads, strict=True):
        row[holes[name]] = MISSING
    return EcgSegment(adc, leads, segment.fs_hz, segment.uv_per_lsb, segment.first_sample)


def _net(qrs: Float) -> float:
    """Net polarity of a QRS, -1..1: (R - S) / (R + S)."""
    high, low = max(0.0, float(qrs.max())), max(0.0, -float(qrs.min()))
    return (high - low) / max(high + low, 1e-9)


def _correlation(a: Float, b: Float) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-9))


def find_reversal(
    qrs: Mapping[str, Float], beat: Mapping[str, Float], p_uv: Mapping[str, float]
) -> Reversal | None:
    """The exchange that the leads point to, or None.

    Args:
        qrs: onset to J of the representative beat by lead, above PQ, each shape ``(n,)``.
        beat: P to T of the representative beat by lead, each shape ``(m,)``.
        p_uv: signed amplitude of P by lead.
    """
    limb_flat = _near_flat_limb(beat)
    if limb_flat is not None:
        return limb_flat
    net = {name: _net(qrs[name]) for name in ("I", "II", "III", "aVR", "aVF")}
    p_negative = p_uv["I"] < -_P_VISIBLE_UV
    if net["I"] < _NET_DOWN_I and net["aVR"] > 0 and "V6" in beat:
        alike = _correlation(beat["I"], beat["V6"])
        if alike < _UNLIKE:
            chest = [float(qrs[v].max()) for v in ("V1", "V3", "V6") if v in qrs]
            mirrored = len(chest) == 3 and chest[0] > chest[1] > chest[2]
            code = "DEXTROCARDIA" if mirrored else "RA_LA"
            return Reversal(code, withhold=p_negative)
    upside_down = all(net[n] < _NET_DOWN for n in ("II", "III", "aVF")) and net["aVR"] > _NET_UP
    p_down = p_uv["II"] < -_P_VISIBLE_UV and p_uv["aVR"] > _P_VISIBLE_UV
    if upside_down and p_down and _correlation(beat["II"], beat.get("V6", beat["II"])) < _UNLIKE:
        return Reversal("RA_LL", withhold=True)
    return None


def _near_flat_limb(beat: Mapping[str, Float]) -> Reversal | None:
    """A right-leg electrode on an arm leaves one of I, II, III almost flat."""
    spans = {n: float(np.ptp(beat[n])) for n in ("I", "II", "III")}
    for name, code in (("II", "RA_RL"), ("III", "LA_RL"), ("I", "ARMS_LEGS")):
        others = [v for n, v in spans.items() if n != name]
        if spans[name] < _FLAT_UV and min(others) > _LIVELY_UV:
            return Reversal(code, withhold=name == "II")
    return None
