"""Elevation that stayed behind: an old anterior infarct (LV aneurysm), by the T/QRS rules.

Source: Smith, Am J Emerg Med 2005;23:279 and Klein et al., Am J Emerg Med 2015;33:786 (clinical
brief §1.6): QS or QR in two of V1-V4, and max T/QRS below 0.36 and sum of T over sum of QRS at most
0.22 in V1-V4. Their sensitivity for acute infarction falls after six hours.
"""

from __future__ import annotations

from ecg.beat.measurements import LeadMeasurement
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named

CODE = "LV_ANEURYSM"
LARGEST, SUM = 0.36, 0.22
SMALL_R_UV, SMALL_R_SHARE, QS_UV = 100.0, 0.15, 200.0
"""QS: an S deeper than the last, and an R below either of the others (absolute, share of S); no published source."""
Q_UV, Q_SHARE = 100.0, 0.25
"""QR: least depth of Q, absolute and as a share of R."""
_ANTERIOR = ("V1", "V2", "V3", "V4")
_REACH = {*_ANTERIOR, "V5"}


def has_q(lead: LeadMeasurement) -> bool:
    """QS (no R to speak of) or QR (a Q of at least 100 µV and a quarter of R)."""
    small_r = lead.r_uv < SMALL_R_UV or lead.r_uv < SMALL_R_SHARE * lead.s_uv
    qs = lead.s_uv > QS_UV and small_r
    return qs or (lead.q_uv >= Q_UV and lead.q_uv >= Q_SHARE * lead.r_uv)


def evaluate(case: CriterionInput) -> Finding:
    """MET (a mimic is possible) when Q waves stand and T is small against the QRS."""
    if not case.all_readable(*_ANTERIOR):
        return Finding(CODE, Status.UNREADABLE, (), "V1–V4が判読不能", "V1–V4 cannot be read")
    leads = {n: case.measurements.leads[n] for n in _ANTERIOR}
    with_q = tuple(n for n in _ANTERIOR if n != "V1" and has_q(leads[n]))
    t_uv = {n: max(0.0, lead.t_uv) for n, lead in leads.items()}
    largest = max(t_uv[n] / max(leads[n].qrs_pp_uv, 1.0) for n in _ANTERIOR)
    total = sum(t_uv.values()) / max(sum(lead.qrs_pp_uv for lead in leads.values()), 1.0)
    outside = [n for n in case.hit_leads if n not in _REACH]
    values = {"max_t_qrs": round(largest, 2), "sum_t_qrs": round(total, 2)}
    if len(with_q) < 2 or outside or largest >= LARGEST or total > SUM:
        return Finding(
            CODE, Status.NOT_MET, (), "陳旧性前壁梗塞(心室瘤)では説明できない",
            "not explained by an old anterior infarct", values,
        )  # fmt: skip
    return Finding(
        CODE, Status.MET, with_q,
        f"陳旧性前壁梗塞・心室瘤の可能性({named(with_q)}のQ波、T/QRS {largest:.2f})",
        f"an old anterior infarct is possible (Q in {named(with_q, ', ')}, T/QRS at most {largest:.2f})",
        values,
    )  # fmt: skip


def _applies(case: CriterionInput) -> bool:
    return bool(set(case.hit_leads) & set(_ANTERIOR)) and not case.wide_left


CRITERION = Criterion(CODE, CriterionRole.MIMIC, _applies, evaluate)
