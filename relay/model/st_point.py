"""One screening of a live stream as the ST trend keeps it: the numbers, without the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from relay.model.report import Report

KEPT = ("st_j_uv", "st_j60_uv", "qrs_uv", "hr_bpm", "qrs_ms", "axis_deg")
"""What a point keeps of a report's body, under the same names (``docs/clinical/screen-json.md``)."""


@dataclass(frozen=True, slots=True)
class StPoint:
    """One point of a case's trend.

    Attributes:
        end_sample: one past the last sample that was screened.
        at_us: when it was screened.
        body: the fields ``KEPT`` of the report, ``{}`` where the analysis was unavailable.
    """

    incident: UUID
    stream: UUID
    end_sample: int
    at_us: int
    tier: str
    body: Mapping[str, object]


def point_of(report: Report) -> StPoint:
    """The point a live report gives."""
    return StPoint(
        incident=report.incident,
        stream=report.stream,
        end_sample=report.end_sample,
        at_us=report.at_us,
        tier=report.tier,
        body={name: report.body[name] for name in KEPT if name in report.body},
    )
