"""How good each lead of a window is: from raw faults, noise, motion and the spread of its beats.

The steps of ``ecg.measure`` hand on what they know as ``Rows`` (before any filter) and ``Processed`` (after it).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecg.beat.measurements import LeadMeasurement
from ecg.beat.representative import Averaged
from ecg.conditioning import quality as q
from ecg.conditioning.mains import Mains
from ecg.conditioning.noisy_seconds import flagged_seconds
from ecg.conditioning.pacing import Spikes
from ecg.conditioning.raw_faults import RawFlags
from ecg.detecting.beats import Beats
from ecg.leads import EXTRA_LEADS, STANDARD_12
from ecg.values import Float

LOST_SHARE = 0.5
"""Share of faulty seconds from which a lead is lost; no published source."""
_MOTION_SHARE, _MOTION_FREE_UV = 0.7, 15.0
_HF_SHARE, _HF_FREE_UV, _HF_HEAVY_UV = 0.5, 35.0, 50.0
"""What motion and muscle noise add to the standard error of J: share of what exceeds the free level, and the muscle
noise from which motion counts. Set on synthetic hearts with exact truth (``noise_se``)."""
DERIVED_FROM = {"III": ("I", "II"), "aVR": ("I", "II"), "aVL": ("I", "II"), "aVF": ("I", "II")}
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Independent leads in a fixed order, finite, pacing spikes bridged, with their raw faults."""

    names: tuple[str, ...]
    uv: Float
    flags: RawFlags
    spikes: Spikes


@dataclass(frozen=True, slots=True, eq=False)
class Processed:
    """The filtered leads, their beats, hum and noise, and which of them are trusted to find the QRS."""

    uv: Float
    beats: Beats
    mains: Mains
    hf_uv: Float
    trusted: Bool
    hf_by_second_uv: Float
    agreement: Float | None = None


def raw_grade(rows: Rows, i: int) -> tuple[q.Grade, tuple[str, ...]]:
    """Grade from raw faults alone: by the share of seconds that are lost."""
    flags = rows.flags
    out: list[str] = []
    grade = q.Grade.GOOD
    if not flags.any[i].any():
        return grade, ()
    for name, mask in (
        ("FLAT", flags.flat),
        ("SAT", flags.saturated),
        ("STEP", flags.step),
        ("MISSING", flags.missing),
    ):
        share = float(mask[i].mean())
        if share > 0:
            out.append(name)
        if share >= LOST_SHARE:
            grade = q.worst(grade, q.Grade.OFF if name == "FLAT" else q.Grade.BAD)
        elif share > 0:
            grade = q.worst(grade, q.Grade.FAIR)
    return grade, tuple(out)


def noise_se(own: tuple[str, ...], names: tuple[str, ...], motion_uv: Float, hf_uv: Float) -> Float:
    """Standard error that motion and muscle noise add, by lead; a derived lead has its worse parent's.

    The beats that were kept agree better than the noise allows (the worst were dropped), and a PQ level that
    an artefact shifted is shared by all of them. Set on synthetic hearts with exact truth, where without it 53 %
    of the errors at severe noise lay inside one standard error. Motion counts only under heavy muscle noise: in
    a quiet lead what differs from beat to beat (breathing, atrial fibrillation) is in the spread already.
    """
    extra = _MOTION_SHARE * np.maximum(motion_uv - _MOTION_FREE_UV, 0.0) * (hf_uv >= _HF_HEAVY_UV)
    extra = np.hypot(extra, _HF_SHARE * np.maximum(hf_uv - _HF_FREE_UV, 0.0))
    by_name = dict(zip(own, extra.tolist(), strict=True))
    for name, parents in DERIVED_FROM.items():
        by_name[name] = max(by_name[p] for p in parents)
    return np.array([by_name[n] for n in names])


def lead_qualities(
    rows: Rows, done: Processed, averaged: Averaged, measured: dict[str, LeadMeasurement]
) -> dict[str, q.LeadQuality]:
    """Quality by lead, in standard order, of a window whose beats were measured."""
    seconds, agreed = _seconds_of(rows, done), _agreements(rows, done)
    clear = not rows.flags.any.any()
    out: dict[str, q.LeadQuality] = {}
    for i, name in enumerate(rows.names):
        grade, flags = (q.Grade.GOOD, ()) if clear else raw_grade(rows, i)
        hf = q.graded(float(done.hf_uv[i]), q.HF_LIMITS_UV)
        motion = q.graded(float(averaged.motion_uv[i]), q.MOTION_LIMITS_UV)
        more = [
            f for f, g in (("HF", hf), ("MOTION", motion)) if g not in {q.Grade.GOOD, q.Grade.FAIR}
        ]
        noise = min(q.worst(hf, motion), q.Grade.POOR, key=q.rank)
        grade, flags = _with_se(q.worst(grade, noise), (*flags, *more), measured[name])
        out[name] = _lead_quality(name, grade, flags, measured[name], seconds, agreed)
    for name, parents in DERIVED_FROM.items():
        grade = q.worst(*(out[p].grade for p in parents))
        flags = tuple(dict.fromkeys(f for p in parents for f in out[p].flags if f != "SE"))
        grade, flags = _with_se(grade, flags, measured[name])
        out[name] = _lead_quality(name, grade, flags, measured[name], seconds, agreed)
    order = (*STANDARD_12, *EXTRA_LEADS)
    return {n: out[n] for n in order if n in out}


def _lead_quality(
    name: str,
    grade: q.Grade,
    flags: tuple[str, ...],
    lead: LeadMeasurement,
    seconds: dict[str, dict[str, tuple[int, ...]]],
    agreed: dict[str, float],
) -> q.LeadQuality:
    se_uv = lead.st_se_uv if lead.n_beats >= q.FEWEST_BEATS else None
    return q.LeadQuality(grade, flags, se_uv, seconds.get(name, {}), agreed.get(name))


def with_seconds(
    leads: dict[str, q.LeadQuality], rows: Rows, done: Processed
) -> dict[str, q.LeadQuality]:
    """The leads with their disturbed seconds and the second detector's agreement; a derived lead has both parents'."""
    seconds, agreed = _seconds_of(rows, done), _agreements(rows, done)
    return {
        name: replace(lead, seconds=seconds.get(name, {}), agreement=agreed.get(name))
        for name, lead in leads.items()
    }


def _seconds_of(rows: Rows, done: Processed) -> dict[str, dict[str, tuple[int, ...]]]:
    """Disturbed seconds by flag, of the leads that have any; a derived lead has both parents'."""
    own = flagged_seconds(rows.flags, done.uv, done.hf_by_second_uv)
    flagged = {name: found for name, found in zip(rows.names, own, strict=True) if found}
    if not flagged:
        return flagged
    for name, parents in DERIVED_FROM.items():
        of = [flagged.get(p, {}) for p in parents]
        flagged[name] = {
            flag: tuple(sorted({s for seconds in of for s in seconds.get(flag, ())}))
            for flag in q.SECOND_FLAGS
            if any(flag in seconds for seconds in of)
        }
    return flagged


def _agreements(rows: Rows, done: Processed) -> dict[str, float]:
    """The second detector's agreement; a derived lead has the lower of its parents'."""
    if done.agreement is None:
        return {}
    agreed = dict(zip(rows.names, done.agreement.tolist(), strict=True))
    for name, parents in DERIVED_FROM.items():
        agreed[name] = min(agreed[p] for p in parents)
    return agreed


def _with_se(
    grade: q.Grade, flags: tuple[str, ...], lead: LeadMeasurement
) -> tuple[q.Grade, tuple[str, ...]]:
    """Grade and flags with what the standard error of J takes away."""
    if lead.n_beats < q.FEWEST_BEATS:
        return q.worst(grade, q.Grade.BAD), (*flags, "FEW_BEATS")
    if lead.st_se_uv > q.READABLE_SE_UV:
        return q.worst(grade, q.Grade.BAD), (*flags, "SE")
    if lead.st_se_uv > q.LIMITED_SE_UV:
        return q.worst(grade, q.Grade.POOR), (*flags, "SE")
    return grade, flags
