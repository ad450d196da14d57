"""Brugada's pattern: coved elevation in V1-V2 that falls from J on into an inverted T.

Source: clinical brief §1.6. Type 1: J >= 200 µV and J > J+40 > J+80 with a negative T in V1 or V2. Type 2
(a saddle that stays above 50 µV before a positive T) is a note only.

Deviations:
    * T is read in the same lead, or the level at J+80 must be below 60 % of J: in V2 the T of the
      neighbouring myocardium may win over the inverted one.
"""

from __future__ import annotations

from ecg.beat.measurements import LeadMeasurement
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named

CODE = "BRUGADA"
J_UV, SADDLE_UV = 200.0, 50.0
"""J from which a lead is looked at, and the level that a saddle (type 2) stays above; clinical brief §1.6."""
J80_SHARE = 0.6
"""Below this share of J the level at J+80 stands for the inverted T (see Deviations; no published source)."""
SADDLE_FALL_UV = 50.0
"""Least fall from J to the bottom of a saddle; no published source."""
_LEADS = ("V1", "V2")


def coved(lead: LeadMeasurement) -> bool:
    """Type 1 in one lead."""
    j, j40, j80 = lead.st_uv[0], lead.st_uv[2], lead.st_uv[4]
    return j >= J_UV and j > j40 > j80 and (lead.t_uv < 0 or j80 < J80_SHARE * j)


def saddle(lead: LeadMeasurement) -> bool:
    """Type 2 in one lead."""
    lowest = min(lead.st_uv)
    falls = lead.j_uv - lowest >= SADDLE_FALL_UV
    return lead.j_uv >= J_UV and falls and lowest >= SADDLE_UV and lead.t_uv > lowest


def evaluate(case: CriterionInput) -> Finding:
    """MET (a mimic is possible) when all hits lie in V1-V3 and one of V1, V2 is coved with T inverted."""
    m = case.measurements
    readable = tuple(n for n in _LEADS if m.readable(n))
    if not readable:
        return Finding(CODE, Status.UNREADABLE, (), "V1・V2が判読不能", "V1 and V2 cannot be read")
    type1 = tuple(n for n in readable if coved(m.leads[n]))
    inverted = any(m.leads[n].t_uv < 0 for n in type1)
    if type1 and inverted:
        local = bool(case.hit_leads) and set(case.hit_leads) <= {"V1", "V2", "V3"}
        text_ja = f"ブルガダ型(coved型)心電図の可能性({named(type1)})"
        text_en = f"Brugada pattern (coved) is possible ({named(type1, ', ')})"
        return Finding(CODE, Status.MET if local else Status.NOTE, type1, text_ja, text_en)
    type2 = tuple(n for n in readable if saddle(m.leads[n]))
    if type2:
        return Finding(
            CODE, Status.NOTE, type2,
            f"サドルバック型ST上昇({named(type2)})", f"saddle-back elevation in {named(type2, ', ')}",
        )  # fmt: skip
    return Finding(CODE, Status.NOT_MET, (), "ブルガダ型所見なし", "no Brugada pattern")


CRITERION = Criterion(CODE, CriterionRole.MIMIC, lambda case: not case.wide_left, evaluate)
