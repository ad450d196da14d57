"""What every ``Records`` adapter promises of the audit (``relay/records/port/evidence.py``)."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

from relay.model.audit import GENESIS, hash_row
from relay.model.evidence import FORMS, KEPT, Witness
from relay.model.snapshot import SnapshotState
from relay.model.st_point import StPoint
from relay.model.timeline import Stage
from relay.records.port.records import Records
from tests.contract.records.made import a_case, a_snapshot


async def test_the_audit_is_found_by_case_person_and_time_and_says_what_is_left_out(
    records: Records,
) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        await tx.evidence.audit(10, "sato", "case-read", str(case.id))
        await tx.evidence.audit(20, "unit:救急1", "tablet-connected", "救急1")
        await tx.evidence.audit(30, "mori", "cases-listed", "daiichi", {"shown": [str(case.id)]})
        await tx.evidence.audit(40, "relay", "watched", str(stream.id))
        await tx.evidence.audit(50, "root", "account-disabled", "sato")
    async with records.read() as reads:
        names = await reads.evidence.ids_of_case(case.id)
        assert set(names) == {str(case.id), str(stream.id)}

        async def found(**asked: object) -> tuple[list[int], int]:
            rows, left_out = await reads.evidence.find_audit(**asked)  # type: ignore[arg-type]
            return [row.at_us for row in rows if row.who != "relay" or row.at_us < 1_000], left_out

        assert await found(case=case.id, subjects=names) == ([10, 30, 40], 0)
        assert await found(case=case.id, subjects=names, limit=2) == ([30, 40], 1)
        assert await found(person="sato") == ([10, 50], 0)
        assert await found(person="救急1") == ([20], 0)
        assert await found(since_us=40) == ([40, 50], 0)
        assert await found(case=case.id, subjects=names, person="mori", since_us=30) == ([30], 0)
        assert await found(case=uuid4()) == ([], 0)


async def test_the_audits_rows_are_a_chain_and_are_read_in_pages(records: Records) -> None:
    """Also where many write at once."""

    async def write(n: int) -> None:
        async with records.begin() as tx:
            row = await tx.evidence.audit(
                n, "sato", "case-read" if n % 2 else "note", "x", {"n": n}
            )
            assert await tx.evidence.audit_head() == row

    async with records.read() as reads:
        before = await reads.evidence.audit_head()
        assert before is None or before.hash == hash_row(before)
    await asyncio.gather(*(write(n) for n in range(1, 10)))
    async with records.read() as reads:
        rows, after = [], 0
        while page := await reads.evidence.audit_rows(after, 4):
            rows += page
            after = page[-1].number
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert rows[0].prev_hash == GENESIS
        assert all(row.hash == hash_row(row) for row in rows)
        assert all(b.prev_hash == a.hash for a, b in pairwise(rows))
        assert await reads.evidence.audit_head() == rows[-1]
        odd = await reads.evidence.audit_rows_of("case-read")
        assert odd == [row for row in rows if row.action == "case-read"]
        assert sorted(row.data["n"] for row in odd) == [1, 3, 5, 7, 9]


async def test_the_chain_tells_of_every_row_of_a_kind_that_a_transaction_added(
    records: Records,
) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        shot = a_snapshot(case, stream)
        await tx.recordings.add_snapshot(shot)
        kept = replace(shot, state=SnapshotState.PARTIAL, stored_at_us=9, sha256="f" * 64)
        await tx.recordings.keep_samples(replace(kept, present=((0, 1), (2, 3))), bytes(16))
        await tx.recordings.add_st_points([StPoint(case.id, stream.id, 500, 1, "E", {})])
        for at_us in range(3):
            await tx.cases.add_entry(case.id, at_us, Stage.NOTE, "", {})
    async with records.begin() as tx:
        await tx.cases.add_entry(case.id, 9, Stage.NOTE, "", {})
        assert await tx.evidence.audit_rows_of(KEPT) != []
    async with records.read() as reads:
        told: dict[tuple[str, str], str] = {}
        for row in await reads.evidence.audit_rows_of(KEPT):
            for kind, hashes in row.data.items():
                assert isinstance(hashes, dict)
                told |= {(kind, key): sha256 for key, sha256 in hashes.items()}
        there = {}
        for kind in FORMS:
            after = None
            while (page := await reads.evidence.fingerprints(kind, after))[0]:
                there |= {(p.kind, p.key): p.sha256 for p in page[0]}
                after = page[1]
        assert told == there
        kinds = Counter(kind for kind, _ in there)
        assert (kinds["timeline"], kinds["snapshot_samples"], kinds["streams"]) == (4, 1, 1)
        found = await reads.evidence.witnessed_samples()
        assert set(found) == {
            Witness(stream.id, 0, 1), Witness(stream.id, 2, 3), Witness(stream.id, 499, 500),
        }  # fmt: skip
