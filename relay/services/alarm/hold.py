"""Whether tier A has held on a live stream long enough to ring."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from relay.model.report import ALARM_TIER, CALM_TIERS, Report

HOLD_S = 10.0
MAX_GAP_S = 30.0
RAISED_TOLERANCE_S = 0.5
MOST_STREAKS = 1_000
"""Streams that ended in tier A are let go in time."""


@dataclass(slots=True)
class Streak:
    """Tier A on the live stream: from the end of its first window to the end of its newest."""

    first_end: int
    newest_end: int


class LiveHold:
    """Whether tier A has held on each live stream.

    Tier A adds to the count. Tiers Q and B leave it as it is. Tiers C, D and E reset it. More than thirty
    seconds without tier A reset it too; after a shorter pause the count includes the pause.
    """

    def __init__(self) -> None:
        self._streaks: dict[UUID, Streak] = {}

    def held(self, report: Report, fs_hz: float) -> bool:
        """Take the newest screening of a stream; True once tier A has held for ten seconds."""
        streak = self._streaks.get(report.stream)
        if streak and report.end_sample - streak.newest_end > MAX_GAP_S * fs_hz:
            streak = None
        if report.tier in CALM_TIERS:
            self._streaks.pop(report.stream, None)
        if report.tier != ALARM_TIER:
            return False
        if streak is None:
            self._keep(report.stream, Streak(report.end_sample, report.end_sample))
            return False
        streak.newest_end = max(streak.newest_end, report.end_sample)
        self._keep(report.stream, streak)
        return streak.newest_end - streak.first_end >= (HOLD_S - RAISED_TOLERANCE_S) * fs_hz

    def _keep(self, stream: UUID, streak: Streak) -> None:
        """Keep it as the newest; one that nothing was added to for longest makes room."""
        self._streaks.pop(stream, None)
        self._streaks[stream] = streak
        if len(self._streaks) > MOST_STREAKS:
            del self._streaks[next(iter(self._streaks))]
