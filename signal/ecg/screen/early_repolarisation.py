"""Early repolarisation or a subtle anterior occlusion: the four-variable formula.

Source: Smith's four-variable formula as quoted in the clinical brief §1.6:
0.052 QTcB(ms) - 0.151 QRSV2(mm) - 0.268 RV4(mm) + 1.062 STE60V3(mm); below 17.0 early
repolarisation is likely (97 % sensitive there for occlusion), above 20.7 it is not. It is only
asked where its authors allow it: elevation in V2-V4 and none of the signs that settle the matter.

Deviations:
    * QT is not rate-corrected below 60/min, as the brief advises.
    * Depression in I or aVL forbids the formula as inferior depression does: with it the elevation
      has a reciprocal and is no normal variant.
"""

from __future__ import annotations

from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status
from ecg.units import mm_of_uv

CODE = "EARLY_REPOL"
LIKELY_BELOW, UNLIKELY_FROM = 17.0, 20.7
PER_QT_MS, PER_QRS_V2_MM, PER_R_V4_MM, PER_ST60_V3_MM = 0.052, -0.151, -0.268, 1.062
"""Weights of the formula, score per unit."""
CORRECTED_FROM_BPM = 60.0
"""Rate from which QT is corrected (Bazett)."""
ASKED_FROM_UV = 100.0
"""J in one of V2-V4 from which the formula may be asked."""
HIGHEST_ST_UV, CONVEX_UV = 500.0, 100.0
"""An ST above the first, or a convex one from the second on, is no early repolarisation."""
DEPRESSION_UV = -50.0
"""J from which a lead counts as depressed, as everywhere in this screen."""
NO_S_UV, Q_UV = 20.0, 100.0
"""An S below the first is none (the smallest wave, ``docs/clinical``); a Q from the second on forbids the formula
(the depth of the Fourth Universal Definition)."""
_ANTERIOR = ("V2", "V3", "V4")
_LIMB = ("I", "II", "III", "aVL", "aVF")
_CHEST = ("V1", *_ANTERIOR, "V5", "V6")


def _excluded(case: CriterionInput) -> str | None:
    """A sign that forbids the formula, in words, or None."""
    leads = case.measurements.leads
    asked = [leads[n] for n in _ANTERIOR]
    signs = {
        "ST above 5 mm": any(m.j_uv > HIGHEST_ST_UV for m in asked),
        "non-concave ST": any(m.st_shape == "convex" and m.j_uv >= CONVEX_UV for m in asked),
        "limb lead depression": any(leads[n].j_uv <= DEPRESSION_UV for n in _LIMB),
        "anterior depression": any(leads[n].j_uv <= DEPRESSION_UV for n in _CHEST if case.measurements.readable(n)),
        "terminal QRS distortion": not _j_wave(case) and any(leads[n].s_uv < NO_S_UV for n in ("V2", "V3")),
        "Q wave": any(m.q_uv >= Q_UV for m in asked),
        "T inversion": any(leads[n].t_uv < 0 for n in ("V2", "V3", "V4", "V5", "V6") if case.measurements.readable(n)),
    }  # fmt: skip
    return next((name for name, present in signs.items() if present), None)


def _j_wave(case: CriterionInput) -> bool:
    beat = case.measurements.beat
    return beat is not None and beat.j_before_notch is not None


def score(case: CriterionInput) -> float | None:
    """The four-variable formula, None without a QT."""
    m = case.measurements
    qt_ms = m.qt_ms if m.hr_bpm is not None and m.hr_bpm < CORRECTED_FROM_BPM else m.qtcb_ms
    if qt_ms is None:
        return None
    return (
        PER_QT_MS * qt_ms
        + PER_QRS_V2_MM * mm_of_uv(m.leads["V2"].qrs_pp_uv)
        + PER_R_V4_MM * mm_of_uv(m.leads["V4"].r_uv)
        + PER_ST60_V3_MM * mm_of_uv(m.leads["V3"].j60_uv)
    )


def evaluate(case: CriterionInput) -> Finding:
    """MET (a mimic is possible) below 17.0; indeterminate up to 20.7 is a note."""
    if not case.all_readable(*_ANTERIOR, *_LIMB):
        return Finding(
            CODE, Status.UNREADABLE, (), "V2–V4または四肢誘導が判読不能",
            "V2–V4 or a limb lead cannot be read",
        )  # fmt: skip
    why = _excluded(case)
    value = score(case)
    if why is not None or value is None:
        return Finding(
            CODE, Status.NOT_MET, (),
            "早期再分極では説明しにくい所見あり",
            f"not explained by early repolarisation ({why or 'no QT'})",
            {"excluded_by": why or "no QT"},
        )  # fmt: skip
    values = {"score": round(value, 1)}
    if value < LIKELY_BELOW:
        return Finding(
            CODE, Status.MET, _ANTERIOR,
            f"早期再分極の可能性(4変数スコア {value:.1f} < 17.0)",
            f"early repolarisation is possible (4-variable score {value:.1f} < 17.0)",
            values,
        )  # fmt: skip
    likely = value >= UNLIKELY_FROM
    return Finding(
        CODE, Status.NOTE, _ANTERIOR,
        f"4変数スコア {value:.1f}({'前下行枝閉塞を示唆' if likely else '判定不能域'})",
        f"4-variable score {value:.1f} ({'suggests LAD occlusion' if likely else 'indeterminate'})",
        values,
    )  # fmt: skip


def _applies(case: CriterionInput) -> bool:
    m = case.measurements
    raised = any(m.readable(n) and m.leads[n].j_uv >= ASKED_FROM_UV for n in _ANTERIOR)
    return raised and not case.wide_left and bool(set(case.hit_leads) & set(_ANTERIOR))


CRITERION = Criterion(CODE, CriterionRole.MIMIC, _applies, evaluate)
