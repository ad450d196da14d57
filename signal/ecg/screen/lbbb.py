"""Which rules fit this QRS: narrow or right-sided (standard), or wide and left (Smith-modified).

Source: clinical brief §1.5 E2. The loose form of LBBB only *switches the rule set*; any wide QRS
that is not plainly right bundle branch block is switched too (pacing, unspecific delay).
"""

from __future__ import annotations

from ecg.beat.measurements import Measurements
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status

WIDE_MS = 120.0
"""QRS duration from which the rule set may be switched."""
PACED_MS = 110.0
"""The same with pacing spikes before the beats; no published source."""
UNSURE = "QRS_UNSURE"
LATE_R_UV, LATE_S_UV = 80.0, -40.0
"""Mean level of the last 40 ms of the QRS in V1 (above) and in I or V6 (below) of RBBB; no published source."""
SMALL_R_UV, SMALL_R_SHARE = 100.0, 0.2
"""An r in V1 below either (absolute, share of S) makes QS or rS; engineering judgement of the clinical brief §1.5."""
NO_Q_UV = 50.0
"""Q of lateral leads below which there is none; no published source."""
LATE_R_PEAK_MS = 60.0
"""From the QRS onset to the peak of a late lateral R (clinical brief §1.5 E2)."""


def is_rbbb(m: Measurements) -> bool:
    """Wide QRS that ends rightward and forward: late R in V1, late S in I or V6."""
    if not (m.qrs_ms and m.qrs_ms >= WIDE_MS and m.readable("V1")):
        return False
    late_s = any(m.readable(n) and m.leads[n].terminal_uv < LATE_S_UV for n in ("I", "V6"))
    return m.leads["V1"].terminal_uv > LATE_R_UV and late_s


def is_lbbb(m: Measurements) -> bool:
    """Loose LBBB: wide, QS or rS in V1, no q and a late broad R in a lateral lead."""
    if not (m.qrs_ms and m.qrs_ms >= WIDE_MS and m.readable("V1")):
        return False
    v1 = m.leads["V1"]
    left_v1 = v1.s_uv > 0 and (v1.r_uv < SMALL_R_UV or v1.r_uv < SMALL_R_SHARE * v1.s_uv)
    lateral = [m.leads[n] for n in ("I", "V5", "V6") if m.readable(n)]
    no_q = all(lead.q_uv < NO_Q_UV for lead in lateral)
    late = any(lead.r_peak_ms > LATE_R_PEAK_MS and lead.r_uv > lead.s_uv for lead in lateral)
    return left_v1 and no_q and late


def wide_left(m: Measurements) -> bool:
    """Whether the Smith-modified rules replace the standard ones.

    They accept 100 µV in one lead, so a width that only one half of the beats shows (noise) must not
    switch to them; the morphology of LBBB is a second witness.
    """
    if m.paced and m.qrs_ms and m.qrs_ms >= PACED_MS:
        return True
    if not (m.qrs_ms and m.qrs_ms >= WIDE_MS) or is_rbbb(m):
        return False
    return m.wide_confirmed is not False or is_lbbb(m)


def _evaluate(case: CriterionInput) -> Finding:
    m = case.measurements
    qrs_ms = round(m.qrs_ms or 0.0)
    values = {"qrs_ms": qrs_ms}
    if m.paced and case.wide_left:
        return Finding(
            "PACED", Status.NOTE, (),
            f"ペーシングスパイクあり(QRS {qrs_ms} ms)。Smith修正Sgarbossa基準で評価",
            f"pacing spikes before the beats (QRS {qrs_ms} ms): judged by the Smith-modified rule",
            {**values, "spikes": m.pacing_spikes},
        )  # fmt: skip
    if is_lbbb(m):
        return Finding(
            "LBBB", Status.NOTE, (),
            f"左脚ブロック様(QRS {qrs_ms} ms)。Smith修正Sgarbossa基準で評価",
            f"LBBB morphology (QRS {qrs_ms} ms): judged by the Smith-modified Sgarbossa rule",
            values,
        )  # fmt: skip
    if case.wide_left:
        return Finding(
            "WIDE_QRS", Status.NOTE, (),
            f"幅広いQRS({qrs_ms} ms、ペーシングまたは心室内伝導障害)。Smith修正Sgarbossa基準で評価",
            f"wide QRS ({qrs_ms} ms, paced or unspecific delay): judged by the Smith-modified rule",
            values,
        )  # fmt: skip
    if not is_rbbb(m):
        return _unsure(case)
    return Finding(
        "RBBB", Status.NOTE, (),
        f"右脚ブロック様(QRS {qrs_ms} ms)。J点は幅広いQRSの終わりで計測",
        f"RBBB morphology (QRS {qrs_ms} ms): J measured at the end of the wide QRS",
        values,
    )  # fmt: skip


def _unsure(case: CriterionInput) -> Finding:
    """Where the QRS ends is uncertain, and with it J: a hit must not be called sure."""
    qrs_ms = round(case.measurements.qrs_ms or 0.0)
    return Finding(
        UNSURE, Status.MET if case.hit_leads else Status.NOTE, (),
        f"QRSの終わりが不確実(幅 {qrs_ms} ms は拍の半分でしか確認できず、雑音の可能性)",
        f"the end of the QRS is uncertain (only half of the beats show {qrs_ms} ms: noise?)",
        {"qrs_ms": qrs_ms},
    )  # fmt: skip


def _hit_on_an_unsure_end(case: CriterionInput) -> bool:
    m = case.measurements
    wide = bool(m.qrs_ms and m.qrs_ms >= WIDE_MS)
    denied = m.wide_confirmed is False and not case.wide_left and not is_rbbb(m)
    return wide and denied and bool(case.hit_leads)


def _is_wide(case: CriterionInput) -> bool:
    m = case.measurements
    wide = case.wide_left or bool(m.qrs_ms and m.qrs_ms >= WIDE_MS)
    return wide and not _hit_on_an_unsure_end(case)


CRITERION = Criterion("CONDUCTION", CriterionRole.REMARK, _is_wide, _evaluate)
END_UNSURE = Criterion(UNSURE, CriterionRole.MIMIC, _hit_on_an_unsure_end, _unsure)
