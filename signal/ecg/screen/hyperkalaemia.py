"""Tall narrow T waves with a sign of slowed conduction: think of potassium. A note, urgent.

Source: clinical brief §1.6: T of 1000 µV or more in a chest lead or 500 µV in a limb lead, narrow (half
width below 90 ms) and symmetric, with one of QRS above 120 ms, P below 50 µV, rate below 60.

Deviations:
    * Two leads must show it, and P or QRS must take part where the rate alone is slow: tall T waves at
      50/min are an athlete's.
"""

from __future__ import annotations

from ecg.leads import PRECORDIAL, STANDARD_12
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named
from ecg.screen.lbbb import WIDE_MS

CODE = "HYPERKALAEMIA"
CHEST_UV, LIMB_UV, WIDTH_MS, P_UV, SLOW_BPM = 1000.0, 500.0, 90.0, 50.0, 60.0


def _tented(case: CriterionInput, lead: str) -> bool:
    m = case.measurements.leads[lead]
    limit = CHEST_UV if lead in PRECORDIAL else LIMB_UV
    return m.t_uv >= limit and 0 < m.t_width_ms < WIDTH_MS


def evaluate(case: CriterionInput) -> Finding:
    """NOTE with the leads when the pattern stands; it never changes the tier."""
    m = case.measurements
    leads = tuple(n for n in STANDARD_12 if n != "aVR" and m.readable(n) and _tented(case, n))
    p_uv = max((abs(m.leads[n].p_uv) for n in ("II", "V1") if m.readable(n)), default=P_UV)
    signs = {
        "QRS > 120 ms": m.qrs_ms is not None and m.qrs_ms > WIDE_MS,
        "no P": p_uv < P_UV,
        "rate < 60": m.hr_bpm is not None and m.hr_bpm < SLOW_BPM,
    }
    present = [words for words, is_there in signs.items() if is_there]
    if len(leads) < 2 or not present or present == ["rate < 60"]:
        return Finding(CODE, Status.NOT_MET, (), "高カリウム血症を示すT波なし", "no tented T waves")
    return Finding(
        CODE, Status.NOTE, leads,
        f"テント状T波({named(leads)}):高カリウム血症を至急確認",
        f"tented T waves in {named(leads, ', ')} ({', '.join(present)}): consider potassium, urgently",
        {"signs": present},
    )  # fmt: skip


CRITERION = Criterion(CODE, CriterionRole.REMARK, lambda _case: True, evaluate)
