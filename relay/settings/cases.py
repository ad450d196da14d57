"""Settings: what an ambulance may use, and when a case closes."""

from __future__ import annotations

from pydantic import Field

from relay.settings.group import Group


class CaseSettings(Group):
    """What an ambulance may use, and when a case closes."""

    unit_cases_burst: int = Field(
        40,
        ge=1,
        description="Cases that one ambulance may open one after the other before it has to wait; its ECG waits with it and is kept.",
    )
    unit_cases_refill_s: float = Field(
        60.0, gt=0, description="Seconds after which one more case of an ambulance is given back."
    )
    unit_disk_mb_per_day: float = Field(
        1000.0,
        gt=0,
        description="Megabytes of snapshots, photos and entries one ambulance may have kept a day; its live ECG does not count and is never refused.",
    )
    case_close_after_h: float = Field(
        12.0, gt=0, description="Hours without anything new after which a case closes by itself."
    )
