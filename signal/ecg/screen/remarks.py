"""Remarks on a record that belong to no criterion: electrodes, PR segment, rhythm, rate."""

from __future__ import annotations

from ecg.beat.measurements import Measurements
from ecg.screen.confidence import FAST_BPM, IRREGULAR_RR_CV
from ecg.screen.criterion import Finding, Status, named

REVERSAL: dict[str, tuple[str, str]] = {
    "RA_LA": ("左右の腕の電極の付け間違い", "arm electrodes exchanged (RA/LA)"),
    "DEXTROCARDIA": (
        "右胸心または左右の腕の電極の付け間違い",
        "dextrocardia or arm electrodes exchanged",
    ),
    "RA_LL": ("右腕と左脚の電極の付け間違い", "right arm and left leg electrodes exchanged"),
    "RA_RL": ("右腕と右脚の電極の付け間違い", "right arm and right leg electrodes exchanged"),
    "ARMS_LEGS": (
        "両腕と両脚の電極の付け間違い",
        "both arm electrodes exchanged with both leg electrodes",
    ),
    "LA_RL": ("左腕と右脚の電極の付け間違い", "left arm and right leg electrodes exchanged"),
}
"""Words for a suspected exchange of electrodes, Japanese and English."""

_PLACEMENT: dict[str, tuple[str, str]] = {
    "CHEST_SWAP": (
        "胸部電極の付け間違いの疑い。R波の増高が不自然です",
        "chest electrodes possibly exchanged: R progression is out of order",
    ),
    "V1_V2_HIGH": (
        "V1・V2の電極位置が高い疑い(P波陰性)",
        "V1 and V2 possibly placed too high (P negative)",
    ),
    "LA_LL": (
        "左腕と左脚の電極の付け間違いの疑い(確度は低い)",
        "left arm and left leg electrodes possibly exchanged (weak sign)",
    ),
}
PR_SHIFT_UV, PR_SHIFT_LEADS = 80.0, 3
"""PQ off TP by more than this in so many leads is said (clinical brief §2.7)."""


def remarks(m: Measurements) -> tuple[Finding, ...]:
    """Every remark on one set of measurements."""
    out = []
    if m.reversal is not None:
        ja, en = REVERSAL[m.reversal.code]
        out.append(
            Finding(f"REVERSAL_{m.reversal.code}", Status.NOTE, (), f"{ja}の疑い", f"possible {en}")
        )
    for doubt in m.placement:
        ja, en = _PLACEMENT[doubt.code]
        out.append(
            Finding(
                doubt.code,
                Status.NOTE,
                doubt.leads,
                f"{ja}({named(doubt.leads)})",
                f"{en} ({named(doubt.leads, ', ')})",
            )
        )
    shifted = tuple(n for n in m.leads if m.readable(n) and abs(m.leads[n].tp_uv) > PR_SHIFT_UV)
    if len(shifted) >= PR_SHIFT_LEADS:
        out.append(
            Finding(
                "PR_SHIFT",
                Status.NOTE,
                shifted,
                f"PR部分がTPから偏位({named(shifted)})。TP基準のST値も参照",
                f"the PR segment stands off TP ({named(shifted, ', ')}): see ST above TP too",
                {f"j_over_tp_uv_{n}": round(m.leads[n].j_over_tp_uv) for n in shifted},
            )
        )
    if m.rr_cv is not None and m.rr_cv > IRREGULAR_RR_CV:
        out.append(
            Finding(
                "IRREGULAR",
                Status.NOTE,
                (),
                "脈不整",
                "irregular rhythm: the PQ level is less certain",
                {"rr_cv": round(m.rr_cv, 2)},
            )
        )
    if m.hr_bpm is not None and m.hr_bpm > FAST_BPM:
        out.append(
            Finding(
                "FAST",
                Status.NOTE,
                (),
                "心拍数130超:STの信頼性が下がります",
                "rate above 130: ST is less certain",
                {"hr_bpm": round(m.hr_bpm)},
            )
        )
    return tuple(out)
