"""Takotsubo's distribution beside a hit: a note, never a reason to wait.

Source: Kosuge et al. (clinical brief §1.6): elevation in -aVR and none in V1 (91 % / 96 % in one
centre); at the J point elevation in V3-V5 without V1 (74 % / 81 %). "Not safe as a filter", so it
changes nothing.
"""

from __future__ import annotations

from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status

CODE = "TAKOTSUBO"
RAISED_UV = 50.0


def evaluate(case: CriterionInput) -> Finding:
    """NOTE when -aVR and V3-V5 are raised and V1 is not."""
    needed = ("aVR", "V1", "V3", "V4", "V5")
    if not case.all_readable(*needed):
        return Finding(CODE, Status.UNREADABLE, (), "必要な誘導が判読不能", "a lead needed cannot be read")  # fmt: skip
    j_uv = {n: case.measurements.leads[n].j_uv for n in needed}
    chest = tuple(n for n in ("V3", "V4", "V5") if j_uv[n] >= RAISED_UV)
    if j_uv["aVR"] <= -RAISED_UV and j_uv["V1"] < RAISED_UV and len(chest) == 3:
        return Finding(
            CODE, Status.NOTE, ("-aVR", *chest),
            "たこつぼ症候群でもみられる分布(−aVR上昇、V1上昇なし)。梗塞は否定できません",
            "distribution also seen in takotsubo (−aVR raised, V1 not); it does not exclude infarction",
        )  # fmt: skip
    return Finding(CODE, Status.NOT_MET, (), "たこつぼ型の分布なし", "no takotsubo distribution")


CRITERION = Criterion(CODE, CriterionRole.REMARK, lambda case: bool(case.hit_leads) and not case.wide_left, evaluate)  # fmt: skip
