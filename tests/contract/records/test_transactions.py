"""What every ``Records`` adapter promises of transactions (``relay/records/port/records.py``)."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from relay.errors import Unavailable
from relay.model.call import CallLink, Still
from relay.model.incident import Incident
from relay.model.people import Hospital
from relay.model.timeline import Stage
from relay.records.port.records import Records
from tests.contract.conftest import Open
from tests.contract.records.made import a_call, a_case
from tests.patience import PATIENCE_S


async def test_a_transaction_that_raised_left_nothing(records: Records) -> None:
    case = Incident(uuid4(), "救急1", 1, frozenset({"chuo"}))
    with pytest.raises(RuntimeError):
        async with records.begin() as tx:
            await tx.cases.put_incident(case)
            await tx.cases.add_entry(case.id, 1, Stage.NOTE, "x", {})
            raise RuntimeError("broken")
    async with records.read() as reads:
        assert await reads.cases.incident(case.id) is None
        assert await reads.cases.timeline(case.id) == []


async def test_a_transaction_that_raised_left_nothing_of_a_call(records: Records) -> None:
    call = a_call()
    with pytest.raises(RuntimeError):
        async with records.begin() as tx:
            await tx.calls.put_call(call)
            await tx.calls.add_call_link(CallLink("hash", call.id, 1, 2))
            await tx.calls.add_still(Still(uuid4(), call.id, 1, "caller"), b"jpeg")
            raise RuntimeError("broken")
    async with records.read() as reads:
        assert await reads.calls.call(call.id) is None
        assert await reads.calls.call_link("hash") is None


async def test_what_is_committed_is_there_after_reopening(open_records: Open) -> None:
    first = await open_records()
    async with first.begin() as tx:
        await tx.people.put_hospital(Hospital("chuo", "中央"))
        case, stream = await a_case(tx)
    await first.close()
    with pytest.raises(Unavailable):
        async with first.begin():
            pass
    second = await open_records()
    async with second.read() as reads:
        assert await reads.cases.incident(case.id) == case
        assert await reads.recordings.stream(stream.id) == stream
    await second.close()


async def test_readers_do_not_wait_for_a_writer(records: Records) -> None:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        async with asyncio.timeout(PATIENCE_S), records.read() as reads:
            assert await reads.cases.incident(case.id) is None
