"""Every ``Records`` adapter, with two hospitals and one person in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from relay.model.people import Account, Hospital, Person, Role
from relay.records.sqlite import SqlRecords, open_sqlite

PERSON = Person("sato", "佐藤", Role.CARDIOLOGIST, "chuo")


@pytest_asyncio.fixture
async def records(tmp_path: Path) -> AsyncIterator[SqlRecords]:
    made = await open_sqlite(tmp_path / "records.sqlite")
    async with made.begin() as tx:
        await tx.people.put_hospital(Hospital("chuo", "中央"))
        await tx.people.put_hospital(Hospital("daiichi", "第一"))
        await tx.people.put_account(Account(PERSON, "hash"))
    yield made
    await made.close()
