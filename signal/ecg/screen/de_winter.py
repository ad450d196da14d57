"""De Winter's sign: up-sloping precordial depression into tall T waves (a STEMI equivalent).

Source: 2022 ACC expert consensus table; numbers in the codeable form of the clinical brief
§1.5 E3 (depression >= 50 µV in two of V2-V5, J+80 - J >= 100 µV, T >= 500 µV and >= half the QRS).
"""

from __future__ import annotations

from ecg.screen.criterion import Case, Criterion, Finding, Role, Status, named
from ecg.screen.lbbb import WIDE_MS

CODE = "DE_WINTER"
_LEADS = ("V2", "V3", "V4", "V5")


def _fits(case: Case, lead: str) -> bool:
    if not case.measurements.readable(lead):
        return False
    m = case.measurements.leads[lead]
    rising = m.st_uv[4] - m.j_uv >= 100.0
    tall = m.t_uv >= 500.0 and m.t_uv >= 0.5 * m.qrs_pp_uv
    return m.j_uv <= -50.0 and rising and tall


def evaluate(case: Case) -> Finding:
    """MET when two of V2-V5 show the sign and one of them is depressed by more than 100 µV."""
    leads = tuple(n for n in _LEADS if _fits(case, n))
    deep = any(case.measurements.leads[n].j_uv < -100.0 for n in leads)
    if len(leads) < 2 or not deep:
        return Finding(CODE, Status.NOT_MET, (), "de Winter所見なし", "no de Winter pattern")
    return Finding(
        CODE,
        Status.MET,
        leads,
        f"de Winter型(左前下行枝閉塞)の疑い({named(leads)})",
        f"de Winter pattern, possible LAD occlusion ({named(leads, ', ')})",
    )


def _narrow(case: Case) -> bool:
    return case.measurements.qrs_ms is not None and case.measurements.qrs_ms < WIDE_MS


CRITERION = Criterion(CODE, Role.EQUIVALENT, _narrow, evaluate)
