"""What every ``Records`` adapter promises of the audit (``relay/records/port/evidence.py``)."""

from __future__ import annotations

from uuid import uuid4

from relay.records.port.records import Records
from tests.contract.records.made import a_case


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
