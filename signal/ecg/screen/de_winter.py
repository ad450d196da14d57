"""De Winter's sign: up-sloping precordial depression into tall T waves (a STEMI equivalent).

Source: 2022 ACC expert consensus table; numbers in the codeable form of the clinical brief
§1.5 E3 (depression >= 50 µV in two of V2-V5, J+80 - J >= 100 µV, T >= 500 µV and >= half the QRS).
"""

from __future__ import annotations

from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named
from ecg.screen.lbbb import WIDE_MS

CODE = "DE_WINTER"
DEPRESSION_UV, DEEPEST_UV = -50.0, -100.0
"""J of every lead that shows the sign, and what one of them must be below."""
RISE_UV = 100.0
"""Least climb from J to J+80: the depression slopes up."""
T_UV, T_SHARE = 500.0, 0.5
"""Least T, absolute and as a share of the QRS peak to peak."""
_LEADS = ("V2", "V3", "V4", "V5")


def _fits(case: CriterionInput, lead: str) -> bool:
    if not case.measurements.readable(lead):
        return False
    m = case.measurements.leads[lead]
    rising = m.st_uv[4] - m.j_uv >= RISE_UV
    tall = m.t_uv >= T_UV and m.t_uv >= T_SHARE * m.qrs_pp_uv
    return m.j_uv <= DEPRESSION_UV and rising and tall


def evaluate(case: CriterionInput) -> Finding:
    """MET when two of V2-V5 show the sign and one of them is depressed by more than 100 µV."""
    leads = tuple(n for n in _LEADS if _fits(case, n))
    deep = any(case.measurements.leads[n].j_uv < DEEPEST_UV for n in leads)
    if len(leads) < 2 or not deep:
        return Finding(CODE, Status.NOT_MET, (), "de Winter所見なし", "no de Winter pattern")
    return Finding(
        CODE,
        Status.MET,
        leads,
        f"de Winter型(左前下行枝閉塞)の疑い({named(leads)})",
        f"de Winter pattern, possible LAD occlusion ({named(leads, ', ')})",
    )


def _narrow(case: CriterionInput) -> bool:
    return case.measurements.qrs_ms is not None and case.measurements.qrs_ms < WIDE_MS


CRITERION = Criterion(CODE, CriterionRole.EQUIVALENT, _narrow, evaluate)
