"""Q waves of an infarction of unknown age: a note beside whatever the ST criteria say.

Source: Fourth Universal Definition, table of ECG changes associated with prior infarction: Q of more than
20 ms or QS in V2-V3; Q of 30 ms and 100 µV or QS in two neighbouring leads of I and aVL, V4-V6, or II, III
and aVF; R of more than 40 ms in V1-V2 with R/S above 1 and an upright T (posterior).

Deviations:
    * Q in V2 or V3 alone must also be 100 µV deep (an r that noise hides is not a Q wave).
    * Not asked from 120 ms QRS on: blocks have Q waves of their own.
"""

from __future__ import annotations

from ecg.beat.measurements import LeadMeasurement
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named
from ecg.screen.lbbb import WIDE_MS

CODE = "Q_WAVES"
_DEEP_UV, _WIDE_MS, _ANTERIOR_MS, _POSTERIOR_R_MS = 100.0, 30.0, 20.0, 40.0
_GROUPS = (("I", "aVL"), ("V4", "V5", "V6"), ("II", "III", "aVF"))


def _has_q(lead: LeadMeasurement, width_ms: float) -> bool:
    whole = lead.r_uv == 0.0 and lead.s_uv >= _DEEP_UV
    return whole or (lead.q_uv >= _DEEP_UV and lead.q_ms >= width_ms)


def evaluate(case: CriterionInput) -> Finding:
    """NOTE with the leads that show them."""
    m = case.measurements
    have = {n: m.leads[n] for n in m.leads if m.readable(n)}
    leads: list[str] = [n for n in ("V2", "V3") if n in have and _has_q(have[n], _ANTERIOR_MS)]
    for group in _GROUPS:
        found = [n for n in group if n in have and _has_q(have[n], _WIDE_MS)]
        leads += found if len(found) >= 2 else []
    tall = [n for n in ("V1", "V2") if n in have and _posterior(have[n])]
    if not leads and "V1" not in tall:
        return Finding(CODE, Status.NOT_MET, (), "異常Q波なし", "no pathological Q waves")
    ja, en = [], []
    if leads:
        ja.append(f"異常Q波({named(tuple(leads))})")
        en.append(f"Q waves in {named(tuple(leads), ', ')}")
    if "V1" in tall:
        ja.append(f"高いR({named(tuple(tall))}、後壁の可能性)")
        en.append(f"tall R in {named(tuple(tall), ', ')} (posterior wall?)")
        leads += tall
    return Finding(
        CODE, Status.NOTE, tuple(dict.fromkeys(leads)),
        f"{'、'.join(ja)}:時期不明の梗塞。ST基準だけで否定しないこと",
        f"{'; '.join(en)}: infarction of unknown age, not excluded by the ST criteria",
    )  # fmt: skip


def _posterior(lead: LeadMeasurement) -> bool:
    broad = lead.r_duration_ms > _POSTERIOR_R_MS
    return broad and lead.r_uv > max(lead.s_uv, _DEEP_UV) and lead.t_uv > 0


def _narrow(case: CriterionInput) -> bool:
    return case.measurements.qrs_ms is not None and case.measurements.qrs_ms < WIDE_MS


CRITERION = Criterion(CODE, CriterionRole.REMARK, _narrow, evaluate)
