"""What is written late: in order, bounded, marked, and never in place of what has changed meanwhile; room kept back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from relay.ecglog.reserve import Reserve
from relay.errors import NotSignedIn, Unavailable
from relay.model.clock import SystemClock
from relay.model.people import Account, Person, Role
from relay.records import sqlite as records_sql
from relay.records.sqlite import SqlRecords, open_sqlite
from relay.services.ground import late as late_module
from relay.services.ground.late import Late
from tests.held_database import held
from tests.patience import PATIENCE_S
from tests.relay.world import PASSWORD, a_world


@pytest.fixture(autouse=True)
def _a_lock_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_sql, "BUSY_TIMEOUT_MS", 100)


async def actions(records: SqlRecords) -> list[tuple[str, bool]]:
    async with records.read() as reads:
        return [(r.action, "happened_at_us" in r.data) for r in await reads.evidence.audit_rows(1)]


async def test_what_waits_is_bounded_in_order_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_module, "MOST", 5)
    records = await open_sqlite(tmp_path / "a.sqlite")
    late = Late(records, SystemClock())
    async with held(tmp_path / "a.sqlite"):
        for n in range(8):
            await late.audit("x", f"look-{n}", "y")
        assert (late.waiting, late.lost) == (5, 3)
        await late.flush()
        assert late.waiting == 5
    await until_it_takes_writes(records)
    await late.flush()
    assert await actions(records) == [(f"look-{n}", True) for n in range(3, 8)]
    await late.audit("x", "now", "y")
    assert (await actions(records))[-1] == ("now", False)
    await records.close()


async def until_it_takes_writes(records: SqlRecords) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await records.ping()
            except Unavailable:
                await asyncio.sleep(0.1)
            else:
                return


async def test_one_write_that_can_never_be_made_holds_up_no_other(tmp_path: Path) -> None:
    records = await open_sqlite(tmp_path / "a.sqlite")
    late = Late(records, SystemClock())

    async def never(_: object) -> None:
        raise NotSignedIn("never")

    async with held(tmp_path / "a.sqlite"):
        await late.audit("x", "first", "y")
        await late.do("k", never)
        await late.audit("x", "last", "y")
    await until_it_takes_writes(records)
    await late.flush()
    assert late.waiting == 0
    assert [action for action, _ in await actions(records)] == ["first", "last"]
    await records.close()


@pytest.mark.parametrize("change", ["password", "disabled"])
async def test_a_late_sign_in_of_a_changed_account_is_none(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed in while nothing could be stored; the account is closed before the session is: it is no session."""
    monkeypatch.setattr(late_module, "EVERY_S", 3_600.0)  # the test says when
    async with a_world(tmp_path) as world:
        people, records = world.relay.people.people, world.relay.records
        async with held(tmp_path / "records.sqlite"):
            session_id, _ = await people.sign_in("sato", PASSWORD, "here")
            assert (await people.session(session_id)).person.name == "sato"
        assert isinstance(records, SqlRecords)
        await until_it_takes_writes(records)
        async with records.begin() as tx:  # what another process would have done first
            account = await tx.people.account("sato")
            assert account is not None
            changed = Account(
                Person("sato", "Dr sato", Role.CARDIOLOGIST, "chuo"),
                "another" if change == "password" else account.password_hash,
                change == "disabled",
                account.created_at_us,
            )
            await tx.people.put_account(changed)
        await people._late.flush()
        with pytest.raises(NotSignedIn):
            await people.session(session_id)


def test_the_reserve_is_given_before_the_last_byte_is_taken_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {"bytes": 80 * 2**20}
    monkeypatch.setattr(Reserve, "_free", lambda _: free["bytes"])
    reserve = Reserve(tmp_path, 4 * 2**20)
    reserve.hold()
    file = tmp_path / "reserve"
    assert file.stat().st_size == 4 * 2**20
    assert file.stat().st_blocks * 512 >= 4 * 2**20  # the room is really taken
    free["bytes"] = 2 * 2**20
    reserve.look()
    assert not reserve.given
    free["bytes"] = 2**19
    reserve.look()
    assert reserve.given
    assert not file.exists()
    free["bytes"] = 5 * 2**20
    reserve.look()
    assert reserve.given  # not enough for it and for the ECG
    free["bytes"] = 80 * 2**20
    reserve.look()
    assert not reserve.given
    assert file.stat().st_size == 4 * 2**20


def test_a_small_disk_gives_an_eighth_and_a_tiny_one_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reserve, "_free", lambda _: 8 * 2**20)
    small = Reserve(tmp_path, 64 * 2**20)
    small.hold()
    assert (tmp_path / "reserve").stat().st_size == 2**20
    (tmp_path / "reserve").unlink()
    monkeypatch.setattr(Reserve, "_free", lambda _: 2**16)
    tiny = Reserve(tmp_path, 64 * 2**20)
    tiny.hold()
    tiny.give()
    assert not (tmp_path / "reserve").exists()
    assert not tiny.given  # nothing was kept back: the ECG is not refused for it
    monkeypatch.setattr(Reserve, "_free", lambda _: 2**30)
    tiny.look()
    assert (tmp_path / "reserve").stat().st_size == 64 * 2**20
