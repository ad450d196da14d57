"""What SQLite in one file promises beside what every ``Records`` does: durable, overwritten, never changed from outside."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from relay.errors import Unavailable
from relay.model.call import Still
from relay.model.decision import Decision, DecisionKind, Opening
from relay.model.incident import IncidentState
from relay.model.snapshot import SnapshotState
from relay.model.timeline import Stage
from relay.records.port.cases import CaseSearch
from relay.records.sql import case_search
from relay.records.sqlite import SqlRecords, open_sqlite
from tests.contract.conftest import Open
from tests.contract.records.made import a_call, a_case, a_report, a_snapshot


@pytest.fixture
def open_records(tmp_path: Path) -> Open:
    return lambda: open_sqlite(tmp_path / "records.sqlite")


@pytest.mark.parametrize(
    "table",
    ["audit", "timeline", "decisions", "openings", "notes", "patient_cards", "reports", "snapshot_samples"],
)  # fmt: skip
async def test_what_was_written_down_cannot_be_changed(
    records: SqlRecords, tmp_path: Path, table: str
) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        await tx.evidence.audit(1, "x", "y", "z")
        await tx.cases.add_entry(case.id, 1, Stage.NOTE, "", {})
        kind = DecisionKind.NOT_STEMI
        await tx.cases.add_decision(Decision(case.id, kind, "", None, "佐藤", "sato", 1))
        await tx.cases.add_opening(Opening(case.id, None, "佐藤", "sato", 1))
        await tx.cases.add_note(case.id, "a", "佐藤", "sato", 1)
        await tx.cases.put_card(case.id, 1, {}, 1)
        await tx.recordings.add_report(a_report(case, stream, "E", 1, None))
        asked = a_snapshot(case, stream)
        await tx.recordings.add_snapshot(asked)
        kept = replace(
            asked, state=SnapshotState.PARTIAL, stored_at_us=9, present=((0, 2),), sha256="f" * 64
        )
        await tx.recordings.keep_samples(kept, b"1234\0\0\0\x005678\0\0\0\0")
    with sqlite3.connect(tmp_path / "records.sqlite") as db:
        column = {"audit": "prev_hash", "snapshot_samples": "samples"}.get(table, "at_us")
        with pytest.raises(sqlite3.Error, match="never changed"):
            db.execute(f"UPDATE {table} SET {column} = 0")
        with pytest.raises(sqlite3.Error, match="never changed"):
            db.execute(f"DELETE FROM {table}")
    db.close()


async def test_a_full_disk_is_said_in_a_sentence(records: SqlRecords) -> None:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        pages = (await tx._db.execute(sa.text("PRAGMA page_count"))).scalar_one()
    async with records._writer.connect() as db:
        await db.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Unavailable, match="full"):
        async with records.begin() as tx:
            await tx.cases.add_note(case.id, "x" * 500_000, "a", "a", 1)
    async with records.read() as reads:
        assert await reads.cases.incident(case.id) == case


async def test_a_deleted_picture_is_in_no_file(records: SqlRecords, tmp_path: Path) -> None:
    """Its bytes once stood in the journal until something else happened to be written over them."""
    call, secret = a_call(), b"\xff\xd8" + b"the room of a stranger" * 400
    async with records.begin() as tx:
        await tx.calls.put_call(call)
        await tx.calls.add_still(Still(uuid4(), call.id, 1, "caller"), secret)
    async with records.begin() as tx:
        await tx.calls.drop_stills(call.id, by="caller", keep=0)
    files = [path for path in tmp_path.iterdir() if path.name.startswith("records")]
    assert any(b"of a stranger" in path.read_bytes() for path in files)
    await records.forget_deleted()
    assert not any(b"of a stranger" in path.read_bytes() for path in files)


@pytest.mark.parametrize("hospital", ["chuo", None])
async def test_no_search_reads_a_table_from_end_to_end(
    records: SqlRecords, hospital: str | None
) -> None:
    """Every step of its plan enters by an index; what is scanned is the window alone."""
    asked = CaseSearch(
        hospital, IncidentState.CLOSED, 1, 9, "救急1", "C", "stemi-cath", ("胸痛",), uuid4()
    )
    async with records.begin() as tx:
        window = await case_search._window(tx.cases._db, asked)
        query = case_search.matching(window.limit(9), asked).limit(9)
        said = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        plan = await tx.cases._db.execute(sa.text(f"EXPLAIN QUERY PLAN {said}"))
        steps = [row.detail for row in plan]
    assert any("USING" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN") and step != "SCAN near"] == []
    sorting = [n for n, step in enumerate(steps) if step == "USE TEMP B-TREE FOR ORDER BY"]
    assert all(n > steps.index("SCAN near") for n in sorting), "the window comes in its order"
