"""A subtle anterior occlusion below the thresholds: the four-variable formula read the other way.

Source: the formula of ``early_repolarisation`` was made for exactly these tracings (elevation of 1 mm
in V2-V4 that misses the criteria), with 18.2 as its authors' cut between early repolarisation and occlusion of
the LAD (clinical brief §1.6 [S32]). It asks for a repeat (tier D), no more: it was derived from selected
patients.

Deviations:
    * Not asked above 100/min (Bazett's QT, the heaviest term, is then too long) nor with LVH voltage
      (Sokolow-Lyon, Cornell, R in aVL), which its authors left out. The Peguero-Lo Presti sum, younger than the
      formula and made of the very S waves of V2-V4, does not count here.
    * The signs that forbid the formula as a *mimic* (non-concave ST, reciprocal depression, Q waves) do
      not forbid it here: they speak for occlusion.
"""

from __future__ import annotations

from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status
from ecg.screen.early_repolarisation import score
from ecg.screen.lbbb import WIDE_MS
from ecg.screen.lvh import voltage_signs

CODE = "SUBTLE_LAD"
_ANTERIOR = ("V2", "V3", "V4")
_RAISED_UV = 100.0
CUT = 18.2
_HIGHEST_BPM = 100.0


def evaluate(case: CriterionInput) -> Finding:
    """MET from 18.2 on; NOT_MET below, UNREADABLE without QT."""
    value = score(case)
    if value is None:
        return Finding(
            CODE, Status.UNREADABLE, (),
            "QTが計測できず4変数スコアを計算できません",
            "no QT for the 4-variable score",
        )  # fmt: skip
    leads = tuple(n for n in _ANTERIOR if case.measurements.leads[n].j_uv >= _RAISED_UV)
    met = value >= CUT
    if not met:
        return Finding(
            CODE, Status.NOT_MET, (),
            f"4変数スコア {value:.1f} < 18.2",
            f"4-variable score {value:.1f} < 18.2",
            {"score": round(value, 1)},
        )  # fmt: skip
    return Finding(
        CODE, Status.MET, leads,
        f"閾値未満だが前下行枝閉塞の可能性(4変数スコア {value:.1f} ≥ 18.2)",
        f"below the thresholds, yet an LAD occlusion is possible (4-variable score {value:.1f} ≥ 18.2)",
        {"score": round(value, 1)},
    )  # fmt: skip


def _applies(case: CriterionInput) -> bool:
    m = case.measurements
    if case.wide_left or case.hit_leads or not case.all_readable(*_ANTERIOR):
        return False
    if m.hr_bpm is None or m.hr_bpm > _HIGHEST_BPM or (m.qrs_ms or 0.0) >= WIDE_MS:
        return False
    raised = any(m.leads[n].j_uv >= _RAISED_UV for n in _ANTERIOR)
    return raised and not set(voltage_signs(case)) - {"Peguero-Lo Presti"}


CRITERION = Criterion(CODE, CriterionRole.BORDERLINE, _applies, evaluate)
