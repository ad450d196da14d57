"""What has changed in a case: ST over the minutes, and one recording against an earlier one.

Everything is read from the screenings that are kept; nothing is measured again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from ecg.course.comparison import as_json, compare
from ecg.course.tracing import tracing_of_report
from ecg.course.vector import StVector, st_vector
from ecg.leads import EXTRA_LEADS, STANDARD_12
from relay.errors import NotFound
from relay.model.people import Person
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream
from relay.protocol.answers import Json, TrendAnswer, TrendRun
from relay.services.alarm.live_trends import replayed
from relay.services.cases.cases import visible
from relay.services.ground.journal import Journal


class Changes:
    """Answers for signed-in people. What is not theirs to see is not found."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def trend(self, person: Person, incident: UUID) -> TrendAnswer:
        """The ST trend of a case: one run a recording, oldest first (``docs/http.md``)."""
        async with self._journal.records.read() as records:
            await visible(records, person, incident)
            points = await records.recordings.st_points(incident=incident)
            facts = (await records.cases.facts([incident]))[0]
        streams = {stream.id: stream for stream in facts.streams}
        in_order = sorted(points, key=lambda p: list(streams).index(p.stream))
        runs = [(streams[k], list(run)) for k, run in groupby(in_order, attrgetter("stream"))]

        def made() -> list[TrendRun]:  # an hour of points takes a tenth of a second
            return [run_json(stream, run) for stream, run in runs]

        return {"incident": str(incident), "runs": await asyncio.to_thread(made)}

    async def comparison(self, person: Person, snapshot_id: UUID, earlier_id: UUID | None) -> Json:
        """One snapshot against an earlier one of its case, by default the first whose ST was readable.

        Raises:
            NotFound: not theirs, no snapshot of this case, or not screened yet.
        """
        async with self._journal.records.read() as records:
            snapshot = await records.recordings.snapshot(snapshot_id)
            if snapshot is None:
                raise NotFound("There is no such snapshot.")
            await visible(records, person, snapshot.incident)
            facts = (await records.cases.facts([snapshot.incident]))[0]
        reports = facts.snapshot_reports
        if snapshot_id not in reports:
            raise NotFound("This snapshot has not been screened yet; try again shortly.")
        before = [s for s in facts.snapshots if _order(s) < _order(snapshot) and s.id in reports]
        if earlier_id is not None:
            before = [s for s in facts.snapshots if s.id == earlier_id and s.id in reports]
            if not before:
                raise NotFound("There is no such screened snapshot in this case.")
        earlier = _first_readable(before, reports)
        change = None
        if earlier is not None:
            bodies = (reports[s.id].body for s in (earlier, snapshot))
            change = as_json(compare(*(tracing_of_report(body) for body in bodies)))
        return {
            "snapshot": str(snapshot_id),
            "earlier": str(earlier.id) if earlier else None,
            "earlier_taken_at_us": earlier.taken_at_us if earlier else None,
            "change": change,
        }


def _order(snapshot: Snapshot) -> tuple[int, int]:
    return snapshot.taken_at_us, snapshot.first_sample


def _first_readable(
    snapshots: Sequence[Snapshot], reports: Mapping[UUID, Report]
) -> Snapshot | None:
    """The oldest whose ST can be read; the oldest at all where none can."""
    in_order = sorted(snapshots, key=_order)
    readable = (s for s in in_order if tracing_of_report(reports[s.id].body).j60_uv)
    return next(readable, in_order[0] if in_order else None)


def run_json(stream: EcgStream, kept: Sequence[StPoint]) -> TrendRun:
    """One recording's points by column; a window that was screened twice counts once."""
    points = list({p.end_sample: p for p in sorted(kept, key=attrgetter("end_sample"))}.values())
    baseline = replayed(points, stream.fs_hz).baseline
    arrows = [st_vector(tracing_of_report(p.body).j60_uv) for p in points]
    first = st_vector(dict(baseline.j60_uv)) if baseline else None
    return {
        "stream": str(stream.id),
        "fs_hz": stream.fs_hz,
        "started_at_us": stream.started_at_us,
        "end_sample": [p.end_sample for p in points],
        "at_us": [p.at_us for p in points],
        "tier": "".join(p.tier for p in points),
        "hr_bpm": _numbers(points, "hr_bpm"),
        "qrs_ms": _numbers(points, "qrs_ms"),
        "st_j_uv": _levels(points, "st_j_uv"),
        "st_j60_uv": _levels(points, "st_j60_uv"),
        "st_vm_uv": [_length(arrow) for arrow in arrows],
        "stc_vm_uv": [_length(arrow.minus(first)) if arrow and first else None for arrow in arrows],
        "baseline_j60_uv": dict(baseline.j60_uv) if baseline else None,
        "baseline_to_sample": round(baseline.end_s * stream.fs_hz) if baseline else None,
    }


def _length(arrow: StVector | None) -> int | None:
    """Of an ST vector, µV."""
    return None if arrow is None else round(arrow.magnitude_uv)


def _numbers(points: Sequence[StPoint], name: str) -> list[float | None]:
    """A number of each screening, ``None`` where it could not be read."""
    found = [point.body.get(name) for point in points]
    return [one if isinstance(one, int | float) else None for one in found]


def _whole(level_uv: object) -> int | None:
    """A tenth of a microvolt is nothing that a chart can show."""
    return round(level_uv) if isinstance(level_uv, int | float) else None


def _levels(points: Sequence[StPoint], name: str) -> dict[str, list[int | None]]:
    """A level by lead, ``None`` where it could not be read; leads that never could are left out."""
    bodies = [p.body.get(name) for p in points]
    columns = {
        lead: [_whole(body.get(lead)) if isinstance(body, Mapping) else None for body in bodies]
        for lead in (*STANDARD_12, *EXTRA_LEADS)
    }
    return {lead: column for lead, column in columns.items() if any(v is not None for v in column)}
