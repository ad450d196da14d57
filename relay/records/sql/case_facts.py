"""The facts of many cases in a fixed number of queries, however many cases there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from relay.model.incident import Incident, IncidentState
from relay.model.report import Report
from relay.model.timeline import Entry
from relay.protocol.climbing import TOLD_STAGES
from relay.records.port.cases import CaseFacts, CasesAsked
from relay.records.sql import schema as t
from relay.records.sql import values as v
from relay.records.sql.connection import SqlConnection

T = TypeVar("T")
ByCase = dict[UUID, list[T]]


def snapshot_query() -> sa.Select[Any]:
    """Snapshots with what is kept of them, oldest first, without the samples themselves."""
    kept = t.snapshot_samples
    return (
        sa.select(
            t.snapshots, kept.c.state, kept.c.stored_at_us, kept.c.present, kept.c.sha256,
            t.snapshot_origins.c.body.label("origin"),
        )
        .join_from(t.snapshots, kept, isouter=True)
        .join(t.snapshot_origins, t.snapshot_origins.c.snapshot == t.snapshots.c.id, isouter=True)
        .order_by(t.snapshots.c.taken_at_us)
    )  # fmt: skip


def in_order(asked: CasesAsked) -> sa.Select[Any]:
    """The cases asked for, by the moment they were opened; of equals by their id, so that none is passed over."""
    of = t.incidents.c
    by = (of.opened_at_us, of.id)
    query = sa.select(t.incidents)
    query = query.order_by(*(by if asked.oldest_first else (c.desc() for c in by)))
    if asked.state is not None:
        query = query.where(of.state == asked.state.value)
    if asked.unit is not None:
        query = query.where(of.unit == asked.unit)
    if asked.opened_since_us is not None:
        query = query.where(of.opened_at_us >= asked.opened_since_us)
    if asked.hospital is not None:
        addressed = sa.select(t.incident_hospitals.c.incident).filter_by(hospital=asked.hospital)
        query = query.where(of.id.in_(addressed))
    if asked.beyond is not None:
        last = sa.select(of.opened_at_us).where(of.id == asked.beyond).scalar_subquery()
        equals = of.id > asked.beyond if asked.oldest_first else of.id < asked.beyond
        further = of.opened_at_us > last if asked.oldest_first else of.opened_at_us < last
        query = query.where(further | ((of.opened_at_us == last) & equals))
    return query


async def read_incidents(db: SqlConnection, query: sa.Select[Any]) -> list[Incident]:
    """Cases with the hospitals they are addressed to, in the query's order."""
    rows = await db.all(query)
    addressed: dict[UUID, set[str]] = defaultdict(set)
    ids = [row.id for row in rows]
    link = t.incident_hospitals
    for one in await db.all(sa.select(link).where(link.c.incident.in_(ids))):
        addressed[one.incident].add(one.hospital)
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


async def read_cases(db: SqlConnection, ids: Sequence[UUID]) -> list[CaseFacts]:
    """The facts of these cases in the order asked for."""
    query = sa.select(t.incidents).where(t.incidents.c.id.in_(ids))
    incidents = {case.id: case for case in await read_incidents(db, query)}
    cards = await _cards(db, ids)
    streams = await _group(db, t.streams, t.streams.c.started_at_us, ids, v.stream_of)
    alerts = await _newest(db, t.alerts, t.alerts.c.raised_at_us, ids, v.alert_of)
    openings = await _group(db, t.openings, t.openings.c.number, ids, v.opening_of)
    decisions = await _newest(db, t.decisions, t.decisions.c.number, ids, v.decision_of)
    live = await _group(db, t.live_reports, t.live_reports.c.at_us, ids, v.report_of)
    shots: ByCase[Any] = defaultdict(list)
    for row in await db.execute(snapshot_query().where(t.snapshots.c.incident.in_(ids))):
        shots[row.incident].append(v.snapshot_of(row))
    reports = await _snapshot_reports(db, ids)
    told = await read_receipt_entries(db, ids)
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
            told=tuple(told[id]),
        )
        for id in ids  # noqa: A001  a case's id
        if id in incidents
    ]


async def read_receipt_entries(db: SqlConnection, ids: Sequence[UUID]) -> ByCase[Entry]:
    """The entries of these cases' timelines that receipts and ladders are made of, ascending."""
    found: ByCase[Entry] = defaultdict(list)
    query = sa.select(t.timeline).where(
        t.timeline.c.incident.in_(ids), t.timeline.c.stage.in_(TOLD_STAGES)
    )
    for row in await db.execute(query.order_by(t.timeline.c.incident, t.timeline.c.entry)):
        found[row.incident].append(v.entry_of(row))
    return found


async def _cards(db: SqlConnection, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """The card of the highest revision of each of these cases; a case may have thousands."""
    of = t.patient_cards.c
    highest = sa.select(of.incident, sa.func.max(of.rev)).where(of.incident.in_(ids))
    query = sa.select(t.patient_cards).where(
        sa.tuple_(of.incident, of.rev).in_(highest.group_by(of.incident))
    )
    return {row.incident: row.body for row in await db.execute(query)}


async def _snapshot_reports(
    db: SqlConnection, ids: Sequence[UUID]
) -> dict[UUID, dict[UUID, Report]]:
    """The newest report of each snapshot of these cases, without the bodies' weight in memory."""
    found: dict[UUID, dict[UUID, Report]] = defaultdict(dict)
    of = t.reports.c
    newest = sa.select(sa.func.max(of.number)).where(of.incident.in_(ids), of.snapshot.is_not(None))
    query = sa.select(t.reports).where(of.number.in_(newest.group_by(of.snapshot)))
    for row in await db.execute(query):
        found[row.incident][row.snapshot] = v.report_of(row)
    return found


async def _group(
    db: SqlConnection,
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
    db: SqlConnection,
    table: sa.Table,
    order: sa.Column[Any],
    ids: Sequence[UUID],
    value_of: Callable[[v.AnyRow], T],
) -> dict[UUID, T]:
    """The last row of each of these cases."""
    grouped = await _group(db, table, order, ids, value_of)
    return {incident: values[-1] for incident, values in grouped.items() if values}
