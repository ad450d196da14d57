"""ST elevation that belongs to right bundle branch block with a deep limb-lead S.

Source: the Fourth Universal Definition gives its thresholds for tracings *without* bundle branch block
(clinical brief §1.1). In RBBB with left anterior block the inferior leads end in a broad deep S, and ST
stands opposite to it, as in any wide QRS; a quarter of the S is where Smith's rule draws the line between
secondary and excessive (Meyers et al., Am Heart J 2015;170:1255).

Elevation in V1-V3, or in any lead whose QRS is net positive, is never explained by the block (brief
§1.6: abnormal in RBBB) and keeps its tier.
"""

from __future__ import annotations

from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named
from ecg.screen.lbbb import is_rbbb
from ecg.screen.sgarbossa_smith import RATIO

CODE = "RBBB_SECONDARY"
_NEVER = {"V1", "V2", "V3"}


def _secondary(case: CriterionInput, lead: str) -> bool:
    name = lead.removeprefix("-")
    m = case.measurements.leads[name]
    if name in _NEVER:
        return False
    if lead.startswith("-"):
        return m.qrs_positive and -m.j_uv < RATIO * m.r_uv
    return not m.qrs_positive and m.j_uv < RATIO * m.s_uv


def evaluate(case: CriterionInput) -> Finding:
    """MET (a mimic is possible) when every hit lead stands opposite to its QRS and below a quarter of S."""
    leads = case.hit_leads
    if not all(_secondary(case, n) for n in leads):
        return Finding(
            CODE, Status.NOT_MET, (),
            "ST上昇は右脚ブロックだけでは説明できない",
            "the elevation is not explained by right bundle branch block",
        )  # fmt: skip
    ratio = max(
        abs(m.j_uv) / max(m.s_uv, m.r_uv, 1.0)
        for m in (case.measurements.leads[n.removeprefix("-")] for n in leads)
    )
    return Finding(
        CODE, Status.MET, leads,
        f"右脚ブロックの深いSに対する二次性変化の可能性({named(leads)}、Sの{ratio:.0%})",
        f"may be secondary to the deep S of right bundle branch block ({named(leads, ', ')}, {ratio:.0%} of S)",
        {"ratio": round(ratio, 3)},
    )  # fmt: skip


def _applies(case: CriterionInput) -> bool:
    return bool(case.hit_leads) and is_rbbb(case.measurements)


CRITERION = Criterion(CODE, CriterionRole.MIMIC, _applies, evaluate)
