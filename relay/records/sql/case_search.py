"""Searching all cases that were ever kept, a page at a time. What a page costs does not grow with their number.

A search takes a window of the hospital's next cases by an index, and asks of each case in it what was searched for,
by indexes too. Nothing is copied for the search, so it can never tell something else than the records do (ADR 0141).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from relay.model.decision import DecisionKind
from relay.records.port.cases import NO_DECISION, CaseSearch, CasesFound
from relay.records.sql import schema as t
from relay.records.sql.connection import SqlConnection

GRAVITY = "ABCDEQ"
"""Letters of tiers from the gravest."""


async def search_cases(
    db: SqlConnection, asked: CaseSearch, at_most: int, looks_at: int
) -> CasesFound:
    """At most so many of the cases searched for, among the next ``looks_at``."""
    window = await _window(db, asked)
    found = list(await db.all(matching(window.limit(looks_at), asked).limit(at_most + 1)))
    is_full = len(found) > at_most
    last = found[at_most - 1] if is_full else await db.one(window.offset(looks_at - 1).limit(1))
    ids = tuple(row.id for row in found[:at_most])
    return CasesFound(ids, last.id if last else None, last.opened_at_us if last else None)


async def _window(db: SqlConnection, asked: CaseSearch) -> sa.Select[Any]:
    """The hospital's cases of these days, newest first, from where the last page ended."""
    if asked.hospital is None:
        key, opened = t.incidents.c.id, t.incidents.c.opened_at_us
        query = sa.select(key, opened)
    else:
        link = t.incident_hospitals.c
        key, opened = link.incident, link.opened_at_us
        query = sa.select(key.label("id"), opened).where(link.hospital == asked.hospital)
    if asked.from_us is not None:
        query = query.where(opened >= asked.from_us)
    if asked.to_us is not None:
        query = query.where(opened < asked.to_us)
    if asked.beyond is not None:
        last = await db.one(sa.select(t.incidents.c.opened_at_us).filter_by(id=asked.beyond))
        at_us = last.opened_at_us if last else -1
        # as one comparison of pairs, so that the index is entered where the last page ended
        query = query.where(
            sa.tuple_(opened, key) < sa.tuple_(sa.literal(at_us), sa.literal(asked.beyond, sa.Uuid))
        )
    return query.order_by(opened.desc(), key.desc())


def matching(window: sa.Select[Any], asked: CaseSearch) -> sa.Select[Any]:
    """Those of the window that are searched for, in its order."""
    near = window.subquery("near")
    case = t.incidents.c
    query = sa.select(case.id, case.opened_at_us).join_from(near, t.incidents, case.id == near.c.id)
    query = query.order_by(near.c.opened_at_us.desc(), near.c.id.desc())
    if asked.state is not None:
        query = query.where(case.state == asked.state.value)
    if asked.unit is not None:
        query = query.where(case.unit == asked.unit)
    if asked.tier is not None:
        query = query.where(_seen(asked.tier))
        query = query.where(*(~_seen(graver) for graver in GRAVITY.partition(asked.tier)[0]))
    if asked.decision is not None:
        query = query.where(_decided(asked.decision))
    return query.where(*(_says(word) for word in asked.words))


def _of_case(table: sa.Table, *such: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether the case has such a row."""
    return sa.exists().where(table.c.incident == t.incidents.c.id, *such)


def _seen(tier: str) -> sa.ColumnElement[bool]:
    """Whether any screening of the case gave this letter: of an ECG, of the live stream, or when it rang."""
    return sa.or_(
        *(_of_case(table, table.c.tier == tier) for table in (t.reports, t.live_reports, t.alerts))
    )


def _decided(decision: str) -> sa.ColumnElement[bool]:
    """Whether this is the newest decision."""
    if decision == NO_DECISION:
        return ~_of_case(t.decisions)
    of = t.decisions.c
    newest = (
        sa.select(of.decision)
        .where(of.incident == t.incidents.c.id)
        .order_by(of.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return newest == DecisionKind(decision).value


def _says(word: str) -> sa.ColumnElement[bool]:
    """Whether a note or a decision's text holds it."""
    return sa.or_(
        *(
            _of_case(table, table.c.text.icontains(word, autoescape=True))
            for table in (t.notes, t.decisions)
        )
    )
