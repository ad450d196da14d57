"""Elevation everywhere: pericarditis, where nothing is opposite and the PR segment is depressed.

Source: clinical brief §1.6: elevation in five or more leads of two or more territories, no depression
except in aVR and V1, any depression in aVL excludes it (all of 154 inferior STEMIs had it, Bischof
2016), II above III, PR depression of 80 µV or more (Charles 1973), ST/T in V6 of 0.25 or more (Ginzton
and Laks 1982). Levels are taken above TP where TP could be measured: PQ itself is displaced here.

Deviations:
    * "Depression" is 50 µV or more, as everywhere in this screen; less is within the error of J.
    * One positive sign is demanded (PR depression of 50 µV in II and in one of V4-V6, or the ST/T ratio):
      absence of reciprocal change alone also fits an infarction that wraps around the apex.
    * Two inferior leads and V5 or V6 must be raised, and no chest hit may be convex: in a rapid anterior
      infarction the end of T lifts what is taken for TP, and looked like PR depression.
"""

from __future__ import annotations

from ecg.leads import PRECORDIAL, STANDARD_12
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named

CODE = "PERICARDITIS"
RAISED_UV, LOW_UV, PR_UV, ST_T = 50.0, -50.0, 50.0, 0.25
FEWEST_RAISED = 5
"""Raised leads from which the elevation is everywhere."""
HIGHEST_ST_UV = 500.0
"""More ST than this speaks for an infarction; the limit of the early-repolarisation formula, no source of its own."""
Q_UV, Q_SHARE = 100.0, 0.25
"""A Q this deep, absolute and as a share of R, speaks for an infarction; no published source for this use."""


def _level(case: CriterionInput, lead: str) -> float:
    return case.measurements.leads[lead].j_over_tp_uv


def _against(case: CriterionInput, raised: tuple[str, ...]) -> str | None:
    """What speaks against pericarditis, in words, or None."""
    m = case.measurements
    low = [n for n in STANDARD_12 if n not in {"aVR", "V1"} and m.readable(n) and _level(case, n) <= LOW_UV]  # fmt: skip
    inferior = sum(n in raised for n in ("II", "III", "aVF")) >= 2
    diffuse = len(raised) >= FEWEST_RAISED and inferior and ("V5" in raised or "V6" in raised)
    hits = [m.leads[n.removeprefix("-")] for n in case.hit_leads if not n.startswith("-")]
    convex = [n for n in case.hit_leads if n in PRECORDIAL and m.leads[n].st_shape == "convex"]
    reasons = {
        "not raised in five leads, inferior and lateral": not diffuse,
        f"depression in {', '.join(low)}": bool(low),
        "III not below II": _level(case, "III") >= _level(case, "II"),
        f"convex ST in {', '.join(convex)}": bool(convex),
        "ST above 5 mm": any(lead.j_uv > HIGHEST_ST_UV for lead in hits),
        "Q wave": any(lead.q_uv >= Q_UV and lead.q_uv > Q_SHARE * lead.r_uv for lead in hits),
    }
    return next((words for words, present in reasons.items() if present), None)


def _signs(case: CriterionInput) -> tuple[str, ...]:
    m = case.measurements
    pr = [n for n in ("II", "V4", "V5", "V6") if m.readable(n) and m.leads[n].tp_uv >= PR_UV]
    signs = ["PR depression"] if m.tp_measured and "II" in pr and len(pr) >= 2 else []
    if m.readable("V6"):
        v6 = m.leads["V6"]
        t_uv = v6.t_uv - v6.tp_uv
        if _level(case, "V6") >= RAISED_UV and t_uv > 0 and _level(case, "V6") >= ST_T * t_uv:
            signs.append("ST/T in V6")
    return tuple(signs)


def evaluate(case: CriterionInput) -> Finding:
    """MET (a mimic is possible) with the raised leads."""
    m = case.measurements
    if not case.all_readable("II", "III", "aVL"):
        return Finding(
            CODE, Status.UNREADABLE, (), "四肢誘導が判読不能", "a limb lead cannot be read"
        )
    raised = tuple(n for n in STANDARD_12 if n != "aVR" and m.readable(n) and _level(case, n) >= RAISED_UV)  # fmt: skip
    why, signs = _against(case, raised), _signs(case)
    if why is not None or not signs:
        return Finding(
            CODE, Status.NOT_MET, (), "心膜炎を示す所見なし",
            f"not explained by pericarditis ({why or 'no PR depression, ST/T in V6 below 0.25'})",
            {"excluded_by": why or "no positive sign"},
        )  # fmt: skip
    return Finding(
        CODE, Status.MET, raised,
        f"心膜炎の可能性({named(raised)}の広範なST上昇、対側性変化なし)",
        f"pericarditis is possible ({named(raised, ', ')} raised, nothing opposite; {', '.join(signs)})",
        {"signs": list(signs), "pr_depression_ii_uv": round(m.leads["II"].tp_uv)},
    )  # fmt: skip


CRITERION = Criterion(CODE, CriterionRole.MIMIC, lambda case: bool(case.hit_leads) and not case.wide_left, evaluate)  # fmt: skip
