"""Fingerprints of kept rows in SQL: of those a transaction adds, of all that are there, of those an upgrade finds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from relay.model.audit import GENESIS, AuditRow, hash_row
from relay.model.evidence import ADOPTED, BEGUN, FORMS, Fingerprint, carried, fingerprint
from relay.records.sql import schema as t

PAGE = 200
"""Rows in one go: a snapshot's samples weigh 80 kB."""
Key = tuple[Any, ...]


def query_of(kind: str) -> sa.Select[Any]:
    """The columns of a kind that are hashed, in the order of its key."""
    table, form = t.metadata.tables[kind], FORMS[kind]
    columns = [table.c[name] for name in form.columns]
    return sa.select(*columns).order_by(*(table.c[name] for name in form.key))


def page_of(kind: str, after: Key | None) -> sa.Select[Any]:
    """The next rows after a key."""
    table, query = t.metadata.tables[kind], query_of(kind).limit(PAGE)
    if after is None:
        return query
    columns = sa.tuple_(*(table.c[name] for name in FORMS[kind].key))
    types = [table.c[name].type for name in FORMS[kind].key]
    return query.where(columns > sa.tuple_(*after, types=types))


def one_of(kind: str, key: Sequence[Any]) -> sa.Select[Any]:
    """One row."""
    table, form = t.metadata.tables[kind], FORMS[kind]
    return query_of(kind).where(
        *(table.c[name] == value for name, value in zip(form.key, key, strict=True))
    )


def key_of(kind: str, row: sa.Row[Any]) -> Key:
    """Where to go on after a row."""
    columns = FORMS[kind].columns
    return tuple(row[columns.index(name)] for name in FORMS[kind].key)


def print_of(kind: str, row: sa.Row[Any]) -> Fingerprint:
    """A row's fingerprint."""
    return fingerprint(kind, dict(zip(FORMS[kind].columns, row, strict=True)))


def adopt(connection: sa.Connection) -> None:
    """Let the chain tell of every row that is there; called once, when a database learns of evidence."""
    _append(connection, BEGUN, {"forms": sorted(FORMS)})
    for kind in FORMS:
        for prints in _pages(connection, kind):
            _append(connection, ADOPTED, carried(prints))


def _pages(connection: sa.Connection, kind: str) -> Iterator[list[Fingerprint]]:
    after: Key | None = None
    while rows := connection.execute(page_of(kind, after)).all():
        after = key_of(kind, rows[-1])
        yield [print_of(kind, row) for row in rows]


def _append(connection: sa.Connection, action: str, data: dict[str, Any]) -> None:
    query = sa.select(t.audit.c.number, t.audit.c.hash).order_by(t.audit.c.number.desc()).limit(1)
    head = connection.execute(query).first()
    row = AuditRow(
        number=head.number + 1 if head else 1,
        at_us=time.time_ns() // 1000,
        who="relay",
        action=action,
        subject="-",
        data=data,
        prev_hash=head.hash if head else GENESIS,
        hash="",
    )
    connection.execute(
        t.audit.insert().values(
            number=row.number, at_us=row.at_us, who=row.who, action=row.action,
            subject=row.subject, data=data, prev_hash=row.prev_hash, hash=hash_row(row),
        )
    )  # fmt: skip
