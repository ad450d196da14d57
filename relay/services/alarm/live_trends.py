"""The ST trend of every live stream: when the patient's own ST has changed long enough to ring.

The criteria look at one moment. An ST that climbs from −1 mm to +0.8 mm meets none of them, and is an
occlusion all the same. A change that posture, rate or conduction explains does not ring
(``ecg.course.st_trend``). After a restart, or after a quiet time, the relay goes on from the points that it
has kept. So the patient's first minute stays the baseline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import structlog

from ecg.course.st_trend import StTrend, epoch_of_report
from relay.model.report import Report
from relay.model.st_point import StPoint

log = structlog.get_logger(__name__)
FORGOTTEN_AFTER = 256
"""Streams kept in memory; the longest silent one is let go first."""


def replayed(points: Iterable[StPoint], fs_hz: float) -> StTrend:
    """The trend of one stream as it was when the last of these points was added."""
    trend = StTrend()
    for point in points:
        trend.add(epoch_of_report(point.body, point.end_sample / fs_hz))
    return trend


class LiveTrends:
    """One trend a stream, fed with its live reports."""

    def __init__(self) -> None:
        self._trends: dict[UUID, StTrend] = {}

    def knows(self, stream: UUID) -> bool:
        """Whether the stream's trend is in memory."""
        return stream in self._trends

    def begin(self, stream: UUID, points: Iterable[StPoint], fs_hz: float) -> None:
        """Take up a stream where its kept points end; anew where there are none."""
        self._trends[stream] = replayed(points, fs_hz)
        while len(self._trends) > FORGOTTEN_AFTER:
            del self._trends[next(iter(self._trends))]

    def forget(self, stream: UUID) -> None:
        """Let a stream go: what it told last did not reach anybody, and is to be told again."""
        self._trends.pop(stream, None)

    def taken(self, report: Report, fs_hz: float) -> Report | None:
        """Take the newest live report of a stream that has begun; the report to ring with, or None.

        The answer is the same report with the change as its statement: the tier stays what the criteria say.
        """
        trend = self._trends.pop(report.stream)
        self._trends[report.stream] = trend
        end_s = report.end_sample / fs_hz
        events = trend.add(epoch_of_report(report.body, end_s))
        for event in events:
            log.info(
                "st-changed",
                stream=str(report.stream),
                kind=event.kind,
                leads=event.leads,
                delta_uv=round(event.delta_uv),
                explained_by=event.explained_by,
            )
        ringing = [event for event in events if event.alarm]
        if not ringing:
            return None
        ja, en = ringing[0].text(end_s - ringing[0].since_s)
        return replace(
            report,
            statement_ja=f"{ja}。{report.statement_ja}",
            statement_en=f"{en}. {report.statement_en}",
        )
