"""Posterior infarction seen from the front: depression greatest in V1-V4 (a STEMI equivalent).

Source: 2022 ACC expert consensus table and Meyers et al., JAHA 2021;10:e022866 (37 % / 97 % for
occlusion), in the codeable form of the clinical brief §1.5 E1.
"""

from __future__ import annotations

from itertools import pairwise

from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named
from ecg.screen.lbbb import WIDE_MS
from ecg.screen.lvh import voltage_signs

CODE = "POSTERIOR"
DEPRESSION_UV = 50.0
LATERAL_SHARE = 0.6
"""With V5 depressed by this share of the deepest front lead or more it is the diffuse pattern (clinical brief §1.5 E1)."""
UPSLOPE_UV = 50.0
"""Largest climb from J to J+60 that is not yet up-sloping (clinical brief §1.5 E1)."""
HIGHEST_BPM = 130.0
_FRONT = ("V1", "V2", "V3", "V4")


def evaluate(case: CriterionInput) -> Finding:
    """MET with the depressed leads; asks for V7-V9."""
    m = case.measurements
    if not case.all_readable("V1", "V2", "V3", "V4", "V5", "V6"):
        return Finding(
            CODE, Status.UNREADABLE, (),
            "後壁梗塞の評価に必要な胸部誘導が判読不能",
            "a chest lead needed for the posterior rule cannot be read",
        )  # fmt: skip
    depth = {n: -m.leads[n].j_uv for n in (*_FRONT, "V5", "V6")}
    low = tuple(n for n in _FRONT if depth[n] >= DEPRESSION_UV)
    neighbours = any(a in low and b in low for a, b in pairwise(_FRONT))
    deepest = max(_FRONT, key=lambda n: depth[n])
    most = depth[deepest]
    front_most = most > max(depth["V5"], depth["V6"]) and depth["V5"] < LATERAL_SHARE * most
    level = m.leads[deepest].j60_uv - m.leads[deepest].j_uv <= UPSLOPE_UV
    upright = m.leads["V2"].t_uv > 0 or m.leads["V3"].t_uv > 0
    if not (neighbours and front_most and level and upright) or voltage_signs(case):
        return Finding(
            CODE, Status.NOT_MET, (), "後壁梗塞を示すV1–V4のST低下なし", "no posterior pattern in V1–V4"
        )  # fmt: skip
    strong = m.leads["V2"].r_uv > m.leads["V2"].s_uv
    return Finding(
        CODE,
        Status.MET,
        low,
        f"後壁梗塞の疑い({named(low)}のST低下)。V7–V9を記録してください",
        f"possible posterior infarction (depression in {named(low, ', ')}); record V7–V9",
        {"deepest": deepest, "deepest_uv": -round(most), "dominant_r_v2": strong},
    )


def _applies(case: CriterionInput) -> bool:
    m = case.measurements
    narrow = m.qrs_ms is not None and m.qrs_ms < WIDE_MS
    return narrow and m.hr_bpm is not None and m.hr_bpm <= HIGHEST_BPM


CRITERION = Criterion(CODE, CriterionRole.EQUIVALENT, _applies, evaluate)
