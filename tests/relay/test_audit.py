"""The audit: any change, any missing row and a cut tail are found."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from relay.anchors.files import HeadFile
from relay.records.sqlite import SqlRecords, open_sqlite
from relay.services.evidence.anchors import AuditAnchors
from relay.services.evidence.verifying import verify_audit

ROWS = 1_100


@pytest_asyncio.fixture
async def records(tmp_path: Path) -> AsyncIterator[SqlRecords]:
    made = await open_sqlite(tmp_path / "records.sqlite")
    async with made.begin() as tx:
        for n in range(1, ROWS):  # the first row is the database's own
            await tx.evidence.audit(n, "佐藤", "trace-opened", f"case {n}", {"n": n})
    yield made
    await made.close()


def tamper(folder: Path, *statements: str) -> None:
    """What somebody with the database file in their hands can do."""
    with sqlite3.connect(folder / "records.sqlite") as db:
        db.execute("DROP TRIGGER audit_no_update")
        db.execute("DROP TRIGGER audit_no_delete")
        for statement in statements:
            db.execute(statement)
    db.close()


async def test_an_untouched_audit_holds(records: SqlRecords, tmp_path: Path) -> None:
    anchors = AuditAnchors(HeadFile(tmp_path / "anchors"))
    await anchors.write(records)
    await anchors.write(records)
    check, _ = await verify_audit(records, anchors)
    assert (check.faults, check.said) == ([], f"The audit holds: {ROWS} rows.")
    held, faults = await anchors.heads()
    assert ([head.number for _, head in held], faults) == ([ROWS], [])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit SET who = 'nobody' WHERE number = 1050", "Row 1050 .* changed"),
        ("UPDATE audit SET data = '{}' WHERE number = 7", "Row 7 .* changed"),
        ("UPDATE audit SET at_us = 5 WHERE number = 1100", "Row 1100 .* changed"),
        ("DELETE FROM audit WHERE number = 1000", "Row 1000 .* missing"),
        ("DELETE FROM audit WHERE number <= 1", "Row 1 .* missing"),
        ("DELETE FROM audit WHERE number > 900", "Row 1100 .* anchored"),
        ("DELETE FROM audit", "Row 1100 .* anchored"),
        (
            "UPDATE audit SET number = CASE number WHEN 5 THEN 600000 ELSE number END",
            "Row 5 .* missing",
        ),
    ],
)
async def test_every_change_is_found(
    records: SqlRecords, tmp_path: Path, change: str, fault: str
) -> None:
    anchors = AuditAnchors(HeadFile(tmp_path / "anchors"))
    await anchors.write(records)
    tamper(tmp_path, change)
    check, _ = await verify_audit(records, anchors)
    assert re.search(fault, check.faults[0]), check.faults


async def test_a_rewritten_chain_is_found_by_its_anchor(
    records: SqlRecords, tmp_path: Path
) -> None:
    anchors = AuditAnchors(HeadFile(tmp_path / "anchors"))
    await anchors.write(records)
    tamper(tmp_path, "DELETE FROM audit WHERE number >= 1090")
    async with records.begin() as tx:
        for n in range(11):
            await tx.evidence.audit(n, "somebody", "else", "entirely")
    check, _ = await verify_audit(records, anchors)
    assert check.faults[0].startswith("Row 1100 of the audit is not the one anchored before")
