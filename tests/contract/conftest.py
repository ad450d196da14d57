"""Every ``Records`` adapter, with two hospitals and one person in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from relay.model.people import Account, Hospital, Person, Role
from relay.records.port.records import Records
from relay.records.sqlite import open_sqlite

PERSON = Person("sato", "佐藤", Role.CARDIOLOGIST, "chuo")
Open = Callable[[], Awaitable[Records]]
"""Opens the test's database, each time by a connection of its own."""
ADAPTERS: dict[str, Callable[[Path], Awaitable[Records]]] = {
    "sqlite": lambda folder: open_sqlite(folder / "records.sqlite"),
}
"""By name, how each adapter is opened. A new one is a line here."""


@pytest.fixture(params=ADAPTERS)
def open_records(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return lambda: ADAPTERS[request.param](tmp_path)


@pytest_asyncio.fixture
async def records(open_records: Open) -> AsyncIterator[Records]:
    made = await open_records()
    async with made.begin() as tx:
        await tx.people.put_hospital(Hospital("chuo", "中央"))
        await tx.people.put_hospital(Hospital("daiichi", "第一"))
        await tx.people.put_account(Account(PERSON, "hash"))
    yield made
    await made.close()
