"""What every ``Records`` adapter promises of alerts (``relay/records/port/alerts.py``)."""

from __future__ import annotations

import pytest

from relay.errors import Conflict
from relay.model.alert import advance
from relay.records.port.records import Records
from tests.contract.records.made import a_case, an_alert


async def test_one_alert_of_a_case_waits_at_a_time(records: Records) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        first = an_alert(case, stream)
        await tx.alerts.put_alert(first)
    with pytest.raises(Conflict):
        async with records.begin() as tx:
            await tx.alerts.put_alert(an_alert(case, stream))
    decided = advance(first, "decide", who="佐藤", at_us=7)
    second = an_alert(case, stream, at_us=8)
    async with records.begin() as tx:
        assert await tx.alerts.open_alert(case.id) == first
        await tx.alerts.put_alert(decided)
        assert await tx.alerts.open_alert(case.id) is None
        await tx.alerts.put_alert(second)
    async with records.read() as reads:
        assert await reads.alerts.alert(first.id) == decided
        assert await reads.alerts.last_alert(case.id) == second
