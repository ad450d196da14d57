"""Diffuse depression with elevation in aVR: subendocardial ischaemia, urgent, but not STEMI.

Source: 2022 ACC expert consensus and 2023 ESC (clinical brief §1.5): aVR >= 100 µV and six or more
leads depressed by 100 µV. About one in ten has an acute occlusion, so this is never tier A.
"""

from __future__ import annotations

from ecg.leads import STANDARD_12
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named

CODE = "DIFFUSE_DEPRESSION"
DEPRESSION_UV, AVR_UV, FEWEST_LEADS = -100.0, 100.0, 6


def evaluate(case: CriterionInput) -> Finding:
    """MET with the depressed leads."""
    m = case.measurements
    low = tuple(n for n in STANDARD_12 if m.readable(n) and m.leads[n].j_uv <= DEPRESSION_UV)
    up = m.readable("aVR") and m.leads["aVR"].j_uv >= AVR_UV
    if not (up and len(low) >= FEWEST_LEADS):
        return Finding(
            CODE,
            Status.NOT_MET,
            (),
            "aVR上昇を伴う広範なST低下なし",
            "no diffuse depression with aVR elevation",
        )
    return Finding(
        CODE,
        Status.MET,
        low,
        f"広範なST低下({named(low)})とaVRのST上昇:左主幹部・多枝病変または需給不均衡の疑い、至急判読",
        f"diffuse depression ({named(low, ', ')}) with aVR elevation: left main, multivessel or supply–demand ischaemia; read urgently",
        {"avr_uv": round(m.leads["aVR"].j_uv)},
    )


CRITERION = Criterion(CODE, CriterionRole.EQUIVALENT, lambda case: not case.wide_left, evaluate)
