"""ST elevation that belongs to a large left ventricle: the ratio rule.

Source: Armstrong et al., Am J Cardiol 2012;110:977 (clinical brief §1.6): with LVH, anterior
elevation counts as STEMI only from 25 % of R + S, together with three neighbouring leads or
inverted anterior T waves (specificity 91 % against 58 %). LVH itself by the usual voltages.
"""

from __future__ import annotations

from ecg.screen.criterion import (
    Criterion,
    CriterionInput,
    CriterionRole,
    Finding,
    Status,
    Value,
    named,
)

CODE = "LVH_RATIO"
RATIO = 0.25
INVERTED_T_UV = -100.0
"""T of an anterior lead below which it counts as inverted; no published source."""
SOKOLOW_UV, R_AVL_UV = 3500.0, 1100.0
CORNELL_MEN_UV, CORNELL_WOMEN_UV = 2800.0, 2000.0
PEGUERO_MEN_UV, PEGUERO_WOMEN_UV = 2800.0, 2300.0
"""Sums of R and S from which LVH stands: the usual voltages, as in the clinical brief §1.6."""
_ANTERIOR = ("V1", "V2", "V3", "V4")


def voltage_signs(case: CriterionInput) -> tuple[str, ...]:
    """Voltage criteria of LVH that are met."""
    m = case.measurements
    r = {n: m.leads[n].r_uv for n in m.leads if m.readable(n)}
    s = {n: m.leads[n].s_uv for n in m.leads if m.readable(n)}
    female = case.patient.sex == "F"
    signs = []
    lateral = [r[n] for n in ("V5", "V6") if n in r]
    if "V1" in s and lateral and s["V1"] + max(lateral) >= SOKOLOW_UV:
        signs.append("Sokolow-Lyon")
    if r.get("aVL", 0.0) >= R_AVL_UV:
        signs.append("R aVL")
    if (
        "V3" in s
        and "aVL" in r
        and s["V3"] + r["aVL"] > (CORNELL_WOMEN_UV if female else CORNELL_MEN_UV)
    ):
        signs.append("Cornell")
    if "V4" in s and max(s.values()) + s["V4"] >= (PEGUERO_WOMEN_UV if female else PEGUERO_MEN_UV):
        signs.append("Peguero-Lo Presti")
    return tuple(signs)


def evaluate(case: CriterionInput) -> Finding:
    """MET (a mimic is possible) when all hits are anterior, LVH stands, and the ratio is not exceeded."""
    signs = voltage_signs(case)
    if not signs:
        return Finding(CODE, Status.NOT_MET, (), "左室肥大の電位基準なし", "no LVH voltage")
    anterior = [n for n in case.hit_leads if n in _ANTERIOR]
    if len(anterior) < len(case.hit_leads) or not anterior:
        return Finding(
            CODE, Status.NOTE, (),
            f"左室肥大の電位基準({'・'.join(signs)})",
            f"LVH voltage ({', '.join(signs)}); it does not explain the elevation outside V1–V4",
            {"signs": list(signs)},
        )  # fmt: skip
    m = case.measurements
    ratio = max(m.leads[n].j_uv / max(m.leads[n].qrs_pp_uv, 1.0) for n in anterior)
    inverted = any(m.leads[n].t_uv < INVERTED_T_UV for n in _ANTERIOR if m.readable(n))
    counts = ratio >= RATIO and (len(anterior) >= 3 or inverted)
    values: dict[str, Value | list[str]] = {"ratio": round(ratio, 3), "signs": list(signs)}
    if counts:
        return Finding(
            CODE, Status.NOT_MET, tuple(anterior),
            f"左室肥大があるがST上昇はQRSの{ratio:.0%}で説明できない",
            f"LVH voltage, but the elevation is {ratio:.0%} of the QRS and is not explained by it",
            values,
        )  # fmt: skip
    return Finding(
        CODE, Status.MET, tuple(anterior),
        f"左室肥大に伴うST上昇の可能性({named(tuple(anterior))}、QRS比 {ratio:.0%})",
        f"the elevation may belong to LVH ({named(tuple(anterior), ', ')}, {ratio:.0%} of the QRS)",
        values,
    )  # fmt: skip


CRITERION = Criterion(CODE, CriterionRole.MIMIC, lambda case: bool(case.hit_leads) and not case.wide_left, evaluate)  # fmt: skip
