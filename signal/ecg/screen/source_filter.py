"""A recorder in monitor mode: what it shows of ST is not what the heart made.

Source: clinical brief §2.2 rule 5 (mark the record, cap the tier at B or D); the sign itself is read in
``ecg.beat.source_filter``.
"""

from __future__ import annotations

from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status

CODE, ALONE = "SOURCE_FILTER", "ST_UNRELIABLE"


def _finding(case: CriterionInput, code: str) -> Finding:
    """MET where the TP segments show the discharge of a high-pass."""
    seen = case.measurements.source_filter
    if seen is None:
        return Finding(
            code, Status.NOT_MET, (), "フィルタの痕跡なし", "no sign of a monitor filter"
        )
    return Finding(
        code, Status.MET, (),
        "記録器のモニタ用フィルタの疑い(ST値は信頼できません。診断モードで再記録を)",
        "the recorder seems to use a monitor filter: ST is unreliable, record in diagnostic mode",
        {"corner_hz": round(seen.corner_hz, 2), "fit": round(seen.fit, 2)},
    )  # fmt: skip


def _seen(case: CriterionInput) -> bool:
    return case.measurements.source_filter is not None


CRITERION = Criterion(
    CODE, CriterionRole.MIMIC, lambda c: _seen(c) and bool(c.hit_leads), lambda c: _finding(c, CODE)
)
BORDERLINE = Criterion(
    ALONE,
    CriterionRole.BORDERLINE,
    lambda c: _seen(c) and not c.hit_leads,
    lambda c: _finding(c, ALONE),
)
