"""Settings: what an ambulance may use, and when a case closes."""

from __future__ import annotations

from pydantic import Field

from relay.settings.group import Group


class CaseSettings(Group):
    """What an ambulance may use, and when a case closes."""

    unit_cases_burst: int = Field(
        40,
        ge=1,
        description="How many cases one ambulance may open one after the other. Then it has to wait. Its tablet "
        "keeps the ECG meanwhile.",
    )
    unit_cases_refill_s: float = Field(
        60.0, gt=0, description="After this many seconds the ambulance may open one more case."
    )
    unit_disk_mb_per_day: float = Field(
        1000.0,
        gt=0,
        description="How many megabytes of snapshots, photos and entries the relay keeps for one ambulance in a "
        "day. Live ECG does not count; the relay never refuses it.",
    )
    case_close_after_h: float = Field(
        12.0,
        gt=0,
        description="If nothing new comes for this many hours, the case closes by itself.",
    )
