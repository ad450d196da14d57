"""The facts of many cases in a fixed number of queries, however many cases there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.model.incident import Incident, IncidentState
from relay.model.report import Report
from relay.store import schema as t
from relay.store import sql_values as v
from relay.store.port import CaseFacts

T = TypeVar("T")
ByCase = dict[UUID, list[T]]


def snapshot_query() -> sa.Select[Any]:
    """Snapshots with what is kept of them, oldest first, without the samples themselves."""
    kept = t.snapshot_samples
    return (
        sa.select(
            t.snapshots, kept.c.state, kept.c.stored_at_us, kept.c.present, kept.c.sha256
        )
        .join_from(t.snapshots, kept, isouter=True)
        .order_by(t.snapshots.c.taken_at_us)
    )  # fmt: skip


async def read_incidents(db: AsyncConnection, query: sa.Select[Any]) -> list[Incident]:
    """Cases with the hospitals they are addressed to, in the query's order."""
    rows = (await db.execute(query)).all()
    addressed: dict[UUID, set[str]] = defaultdict(set)
    ids = [row.id for row in rows]
    link = t.incident_hospitals
    for incident, hospital in await db.execute(
        sa.select(link.c.incident, link.c.hospital).where(link.c.incident.in_(ids))
    ):
        addressed[incident].add(hospital)
    return [
        Incident(
            id=row.id,
            unit=row.unit,
            opened_at_us=row.opened_at_us,
            hospitals=frozenset(addressed[row.id]),
            state=IncidentState(row.state),
        )
        for row in rows
    ]


async def read_cases(db: AsyncConnection, ids: Sequence[UUID]) -> list[CaseFacts]:
    """The facts of these cases in the order asked for."""
    query = sa.select(t.incidents).where(t.incidents.c.id.in_(ids))
    incidents = {case.id: case for case in await read_incidents(db, query)}
    cards = await _newest(db, t.patient_cards, t.patient_cards.c.rev, ids, lambda row: row.body)
    streams = await _group(db, t.streams, t.streams.c.started_at_us, ids, v.stream_of)
    alerts = await _newest(db, t.alerts, t.alerts.c.raised_at_us, ids, v.alert_of)
    openings = await _group(db, t.openings, t.openings.c.number, ids, v.opening_of)
    decisions = await _newest(db, t.decisions, t.decisions.c.number, ids, v.decision_of)
    live = await _group(db, t.live_reports, t.live_reports.c.at_us, ids, v.report_of)
    shots: ByCase[Any] = defaultdict(list)
    for row in await db.execute(snapshot_query().where(t.snapshots.c.incident.in_(ids))):
        shots[row.incident].append(v.snapshot_of(row))
    reports = await _snapshot_reports(db, ids)
    return [
        CaseFacts(
            incident=incidents[id],
            card=cards.get(id),
            streams=tuple(streams[id]),
            snapshots=tuple(shots[id]),
            snapshot_reports=reports[id],
            live={report.stream: report for report in live[id]},
            alert=alerts.get(id),
            openings=tuple(openings[id]),
            decision=decisions.get(id),
        )
        for id in ids  # noqa: A001  a case's id
        if id in incidents
    ]


async def _snapshot_reports(
    db: AsyncConnection, ids: Sequence[UUID]
) -> dict[UUID, dict[UUID, Report]]:
    """The newest report of each snapshot of these cases, without the bodies' weight in memory."""
    found: dict[UUID, dict[UUID, Report]] = defaultdict(dict)
    query = sa.select(t.reports).where(
        t.reports.c.incident.in_(ids), t.reports.c.snapshot.is_not(None)
    )
    for row in await db.execute(query.order_by(t.reports.c.number)):
        found[row.incident][row.snapshot] = v.report_of(row)
    return found


async def _group(
    db: AsyncConnection,
    table: sa.Table,
    order: sa.Column[Any],
    ids: Sequence[UUID],
    value_of: Callable[[v.AnyRow], T],
) -> ByCase[T]:
    """Rows of these cases, ascending, by case."""
    found: ByCase[T] = defaultdict(list)
    query = sa.select(table).where(table.c.incident.in_(ids)).order_by(order)
    for row in await db.execute(query):
        found[row.incident].append(value_of(row))
    return found


async def _newest(
    db: AsyncConnection,
    table: sa.Table,
    order: sa.Column[Any],
    ids: Sequence[UUID],
    value_of: Callable[[v.AnyRow], T],
) -> dict[UUID, T]:
    """The last row of each of these cases."""
    grouped = await _group(db, table, order, ids, value_of)
    return {incident: values[-1] for incident, values in grouped.items() if values}
