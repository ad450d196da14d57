"""What every ``Records`` adapter promises (``relay/records/port/records.py``)."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from relay.errors import Conflict, NotFound, Unavailable
from relay.model.alert import Alert, advance
from relay.model.call import Call, CallLink, Share, ShareKind
from relay.model.decision import Decision, DecisionKind, Opening
from relay.model.incident import Incident, IncidentState
from relay.model.people import (
    Account,
    Device,
    DeviceEntry,
    Hospital,
    Session,
    SessionEnd,
    Withdrawal,
)
from relay.model.report import Report
from relay.model.snapshot import Snapshot, SnapshotState
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream, StreamState
from relay.model.timeline import Stage
from relay.records.port.cases import CasesAsked
from relay.records.port.records import RecordWrites
from relay.records.sqlite import SqlRecords, open_sqlite
from tests.contract.conftest import PERSON
from tests.patience import PATIENCE_S


async def a_case(tx: RecordWrites, opened_at_us: int = 1) -> tuple[Incident, EcgStream]:
    case = Incident(uuid4(), "救急1", opened_at_us, frozenset({"chuo"}))
    stream = EcgStream(uuid4(), case.id, "救急1", 255, 500.0, 2.5, 1, "test")
    await tx.cases.put_incident(case)
    await tx.recordings.put_stream(stream)
    return case, stream


def a_snapshot(case: Incident, stream: EcgStream) -> Snapshot:
    return Snapshot(uuid4(), case.id, stream.id, 0, 4, "manual", 1, 3, 500.0, 2.5)


def an_alert(case: Incident, stream: EcgStream, at_us: int = 5) -> Alert:
    return Alert(uuid4(), case.id, stream.id, None, "A", "ja", "en", at_us)


def a_report(case: Incident, stream: EcgStream, tier: str, at_us: int, of: UUID | None) -> Report:
    return Report(case.id, stream.id, of, 0, 4, tier, "ja", "en", {"tier": tier}, at_us)


async def test_a_transaction_that_raised_left_nothing(records: SqlRecords) -> None:
    case = Incident(uuid4(), "救急1", 1, frozenset({"chuo"}))
    with pytest.raises(RuntimeError):
        async with records.begin() as tx:
            await tx.cases.put_incident(case)
            await tx.cases.add_entry(case.id, 1, Stage.NOTE, "x", {})
            raise RuntimeError("broken")
    async with records.read() as reads:
        assert await reads.cases.incident(case.id) is None
        assert await reads.cases.timeline(case.id) == []


async def test_what_is_committed_is_there_after_reopening(tmp_path: Path) -> None:
    file = tmp_path / "again.sqlite"
    first = await open_sqlite(file)
    async with first.begin() as tx:
        await tx.people.put_hospital(Hospital("chuo", "中央"))
        case, stream = await a_case(tx)
    await first.close()
    with pytest.raises(Unavailable):
        async with first.begin():
            pass
    second = await open_sqlite(file)
    async with second.read() as reads:
        assert await reads.cases.incident(case.id) == case
        assert await reads.recordings.stream(stream.id) == stream
    await second.close()


async def test_entries_rise_by_one_within_a_case_even_when_many_write(records: SqlRecords) -> None:
    async with records.begin() as tx:
        one, _ = await a_case(tx)
        other, _ = await a_case(tx)

    async def write(case: Incident, n: int) -> None:
        async with records.begin() as tx:
            await tx.cases.add_entry(case.id, n, Stage.NOTE, "", {"n": n})

    await asyncio.gather(*(write(case, n) for n in range(10) for case in (one, other)))
    async with records.read() as reads:
        for case in (one, other):
            entries = await reads.cases.timeline(case.id)
            assert [e.entry for e in entries] == list(range(1, 11))
            assert sorted(e.data["n"] for e in entries) == list(range(10))
            assert [e.entry for e in await reads.cases.timeline(case.id, after=8)] == [9, 10]
            newest = await reads.cases.newest_entries(case.id, 10, 3)
            assert [e.entry for e in newest] == [7, 8, 9]
            assert await reads.cases.newest_entries(case.id, 1, 3) == []
            assert await reads.cases.last_entry_at_us(case.id) == 9
        assert await reads.cases.last_entry_at_us(uuid4()) is None


async def test_an_event_is_marked_once(records: SqlRecords) -> None:
    event = uuid4()
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        assert await tx.cases.mark_event(event, case.id, 1) is True
    async with records.begin() as tx:
        assert await tx.cases.mark_event(event, case.id, 2) is False


async def test_epochs_rise_and_are_never_given_twice(records: SqlRecords) -> None:
    async with records.begin() as tx:
        _, stream = await a_case(tx)

    async def raise_it() -> int:
        async with records.begin() as tx:
            return await tx.recordings.raise_epoch(stream.id)

    assert sorted(await asyncio.gather(*(raise_it() for _ in range(8)))) == list(range(1, 9))
    async with records.begin() as tx:
        await tx.recordings.put_stream(replace(stream, state=StreamState.ENDED, end_seq=4))
        assert await tx.recordings.raise_epoch(stream.id) == 9
        with pytest.raises(NotFound):
            await tx.recordings.raise_epoch(uuid4())
    async with records.read() as reads:
        kept = await reads.recordings.stream(stream.id)
    assert kept == replace(stream, state=StreamState.ENDED, end_seq=4, epoch=9)


async def test_the_highest_revision_of_the_card_wins_whenever_it_comes(records: SqlRecords) -> None:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        for rev, age in ((2, 70), (1, 60), (2, 80)):
            await tx.cases.put_card(case.id, rev, {"age_years": age}, 1)
    async with records.read() as reads:
        assert await reads.cases.card(case.id) == {"age_years": 70}


async def test_only_addressed_hospitals_list_a_case_newest_first(records: SqlRecords) -> None:
    async with records.begin() as tx:
        old, _ = await a_case(tx, 1)
        new, _ = await a_case(tx, 2)
        await tx.cases.put_incident(replace(old, state=IncidentState.CLOSED))
    async with records.read() as reads:
        everything = CasesAsked("chuo")
        found = await reads.cases.incidents(everything, at_most=9)
        assert [c.id for c in found] == [new.id, old.id]
        assert await reads.cases.incidents(CasesAsked("daiichi"), at_most=9) == []
        open_ = await reads.cases.incidents(CasesAsked("chuo", IncidentState.OPEN), at_most=9)
        assert [c.id for c in open_] == [new.id]
        assert [c.id for c in await reads.cases.incidents(everything, at_most=1)] == [new.id]
        assert await reads.cases.count_incidents(everything) == 2


async def test_cases_are_listed_in_pages_and_none_twice_or_never(records: SqlRecords) -> None:
    """Many were opened at the same moment."""
    async with records.begin() as tx:
        made = [(await a_case(tx, 1 + n // 4))[0] for n in range(11)]
    for oldest_first in (False, True):
        found: list[UUID] = []
        asked = CasesAsked("chuo", oldest_first=oldest_first)
        async with records.read() as reads:
            while some := await reads.cases.incidents(asked, at_most=3):
                assert await reads.cases.count_incidents(asked) == 11 - len(found)
                found += [case.id for case in some]
                asked = replace(asked, beyond=some[-1].id)
        assert sorted(found) == sorted(case.id for case in made)
        times = [next(c.opened_at_us for c in made if c.id == one) for one in found]
        assert times == sorted(times, reverse=not oldest_first)
    async with records.read() as reads:
        (newest,) = await reads.cases.incidents(CasesAsked(unit=made[0].unit), at_most=1)
        assert newest.opened_at_us == 3
        assert len(await reads.cases.incidents(CasesAsked(opened_since_us=3), at_most=99)) == 3
        assert await reads.cases.incidents(CasesAsked(unit="another"), at_most=9) == []


async def test_a_kept_snapshot_never_changes(records: SqlRecords, tmp_path: Path) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        asked = a_snapshot(case, stream)
        assert await tx.recordings.add_snapshot(asked) is True
        assert await tx.recordings.add_snapshot(asked) is False
    async with records.read() as reads:
        assert await reads.recordings.awaited_snapshots() == [asked]
        assert await reads.recordings.snapshot_samples(asked.id) is None
    kept = replace(
        asked, state=SnapshotState.PARTIAL, stored_at_us=9, present=((0, 2),), sha256="f" * 64
    )
    async with records.begin() as tx:
        await tx.recordings.keep_samples(kept, b"1234\0\0\0\x005678\0\0\0\0")
    with pytest.raises(Unavailable):
        async with records.begin() as tx:
            await tx.recordings.keep_samples(kept, b"8765\0\0\0\x004321\0\0\0\0")
    async with records.read() as reads:
        assert await reads.recordings.snapshot(asked.id) == kept
        assert await reads.recordings.snapshot_samples(asked.id) == b"1234\0\0\0\x005678\0\0\0\0"
        assert await reads.recordings.awaited_snapshots() == []
        assert await reads.recordings.unscreened_snapshots() == [kept]
    for change in ("UPDATE snapshot_samples SET samples = 'x'", "DELETE FROM snapshot_samples"):
        with sqlite3.connect(tmp_path / "records.sqlite") as db, pytest.raises(sqlite3.Error):
            db.execute(change)


@pytest.mark.parametrize(
    "table", ["audit", "timeline", "decisions", "openings", "notes", "patient_cards", "reports"]
)
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
    with sqlite3.connect(tmp_path / "records.sqlite") as db:
        column = "prev_hash" if table == "audit" else "at_us"
        with pytest.raises(sqlite3.Error, match="never changed"):
            db.execute(f"UPDATE {table} SET {column} = 0")
        with pytest.raises(sqlite3.Error, match="never changed"):
            db.execute(f"DELETE FROM {table}")
    db.close()


async def test_one_alert_of_a_case_waits_at_a_time(records: SqlRecords) -> None:
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


async def test_calm_is_readable_and_below_the_criteria(records: SqlRecords) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        for at_us, tier in ((10, "E"), (20, "A"), (30, "B"), (40, "Q")):
            await tx.recordings.add_report(a_report(case, stream, tier, at_us, None))
        assert await tx.recordings.was_calm_since(case.id, 9) is True
        assert await tx.recordings.was_calm_since(case.id, 10) is False
        await tx.recordings.put_live([a_report(case, stream, "D", 50, None)])
        assert await tx.recordings.was_calm_since(case.id, 10) is True


async def test_points_of_the_st_trend_come_back_in_order_by_case_and_by_stream(
    records: SqlRecords,
) -> None:
    async with records.begin() as tx:
        one, stream = await a_case(tx, 1)
        other, another = await a_case(tx, 2)
        body = {"st_j60_uv": {"V2": 120.5, "V3": None}, "hr_bpm": 71.0}
        points = [StPoint(one.id, stream.id, 5_000 + 2_500 * k, k, "E", body) for k in range(3)]
        await tx.recordings.add_st_points(points[:2])
        await tx.recordings.add_st_points(
            [StPoint(other.id, another.id, 5_000, 1, "Q", {}), points[2]]
        )
        await tx.recordings.add_st_points([])
    async with records.read() as reads:
        assert await reads.recordings.st_points(incident=one.id) == points
        assert await reads.recordings.st_points(stream=stream.id) == points
        assert [p.tier for p in await reads.recordings.st_points(stream=another.id)] == ["Q"]
        assert await reads.recordings.st_points(stream=uuid4()) == []


async def test_the_facts_of_cases_come_in_one_go_and_in_order(records: SqlRecords) -> None:
    async with records.begin() as tx:
        one, stream = await a_case(tx, 1)
        other, _ = await a_case(tx, 2)
        shot = a_snapshot(one, stream)
        await tx.recordings.add_snapshot(shot)
        await tx.cases.put_card(one.id, 1, {"age_years": 5}, 1)
        report = a_report(one, stream, "A", 3, shot.id)
        await tx.recordings.add_report(a_report(one, stream, "E", 2, shot.id))
        await tx.recordings.add_report(report)
        live = a_report(one, stream, "D", 4, None)
        await tx.recordings.put_live([a_report(one, stream, "E", 3, None), live])
        alert = an_alert(one, stream)
        await tx.alerts.put_alert(alert)
        opening = Opening(one.id, shot.id, "佐藤", "sato", 6)
        await tx.cases.add_opening(opening)
        decision = Decision(one.id, DecisionKind.STEMI_CATH, "go", shot.id, "佐藤", "sato", 7)
        await tx.cases.add_decision(decision)
    async with records.read() as reads:
        empty, full = await reads.cases.facts([other.id, one.id])
        assert await reads.cases.facts([uuid4()]) == []
    assert (empty.incident, empty.card, empty.alert, empty.snapshots) == (other, None, None, ())
    assert full.card == {"age_years": 5}
    assert full.streams == (stream,)
    assert full.snapshots == (shot,)
    assert full.snapshot_reports == {shot.id: report}
    assert full.live == {stream.id: live}
    assert (full.alert, full.openings, full.decision) == (alert, (opening,), decision)


async def test_sessions_end_and_disabled_accounts_have_none(records: SqlRecords) -> None:
    one, two = Session("a" * 64, PERSON, 1, 1), Session("b" * 64, PERSON, 1, 1)
    async with records.begin() as tx:
        await tx.people.add_session(one)
        await tx.people.add_session(two)
        await tx.people.touch_session(one.token_hash, 5)
        await tx.people.end_sessions(9, SessionEnd.SIGNED_OUT, token_hash=two.token_hash)
    async with records.begin() as tx:
        hashes = [one.token_hash, two.token_hash]
        assert await tx.people.sessions(hashes) == [replace(one, seen_at_us=5)]
        await tx.people.put_account(Account(PERSON, "hash", disabled=True))
        assert await tx.people.sessions(hashes) == []


async def test_a_device_is_known_by_its_newest_token_until_revoked(records: SqlRecords) -> None:
    device = Device("救急1", frozenset({"chuo", "daiichi"}))
    async with records.begin() as tx:
        await tx.people.put_device(DeviceEntry(device, "1" * 64, 1))
        await tx.people.put_device(DeviceEntry(device, "2" * 64, 2))
        assert await tx.people.device_of_token("1" * 64) is None
        assert await tx.people.device_of_token("2" * 64) == device
        await tx.people.put_device(DeviceEntry(device, "2" * 64, 2, revoked_at_us=3))
        assert await tx.people.device_of_token("2" * 64) is None
        assert [d.revoked_at_us for d in await tx.people.devices()] == [3]


async def test_readers_do_not_wait_for_a_writer(records: SqlRecords) -> None:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        async with asyncio.timeout(PATIENCE_S), records.read() as reads:
            assert await reads.cases.incident(case.id) is None


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


async def test_the_version_of_rights_rises_with_every_end_and_with_nothing_else(
    records: SqlRecords,
) -> None:
    """By triggers, in the change's own transaction; what only gives something leaves it alone."""
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        await tx.people.add_session(Session("hash-1", PERSON, 1, 1))
        await tx.people.put_device(DeviceEntry(Device("救急1", frozenset({"chuo"})), "t1", 1))
        call = Call(uuid4(), "", "", "", "kato", 1)
        await tx.calls.put_call(call)
        await tx.calls.add_call_link(CallLink("link", call.id, 1, 9))
        share = Share(uuid4(), call.id, ShareKind.HOSPITAL, "chuo", 1, "kato")
        await tx.calls.add_share(share)
    moved = replace(PERSON, hospital="daiichi")
    ended = replace(call, ended_at_us=5)
    tablet = DeviceEntry(Device("救急1", frozenset({"chuo"})), "t1", 1)
    for change, rises in (
        (lambda tx: tx.people.touch_session("hash-1", 7), False),
        (lambda tx: tx.people.renew_session("hash-1", 8), False),
        (lambda tx: tx.people.end_sessions(9, SessionEnd.SIGNED_OUT, token_hash="hash-1"), True),
        (lambda tx: tx.people.put_account(Account(moved, "hash")), True),
        (lambda tx: tx.people.put_account(Account(moved, "hash", disabled=True)), True),
        (lambda tx: tx.people.put_device(replace(tablet, device=Device("救急1", frozenset({"daiichi"})))), True),
        (lambda tx: tx.people.put_device(replace(tablet, token_hash="t2")), True),
        (lambda tx: tx.people.put_device(replace(tablet, token_hash="t2", revoked_at_us=5)), True),
        (lambda tx: tx.calls.bind_call_link("link", "phone"), True),
        (lambda tx: tx.calls.revoke_call_links(call.id, 5), True),
        (lambda tx: tx.calls.put_call(replace(call, guidance="aed")), False),
        (lambda tx: tx.calls.put_call(ended), True),
        (lambda tx: tx.calls.end_share(share.id, 6), True),
        (lambda tx: tx.cases.put_incident(replace(case, hospitals=frozenset({"daiichi"}))), True),
        (lambda tx: tx.evidence.audit(1, "x", "y", "z"), False),
    ):  # fmt: skip
        async with records.read() as reads:
            before = await reads.people.rights_version()
        async with records.begin() as tx:
            await change(tx)
        async with records.read() as reads:
            assert (await reads.people.rights_version() > before) is rises, change
        with pytest.raises(RuntimeError):
            async with records.begin() as tx:
                await tx.people.put_account(Account(PERSON, "hash"))
                raise RuntimeError("broken")
        async with records.read() as reads:
            assert (
                await reads.people.rights_version() > before
            ) is rises  # what did not happen did not rise


async def test_a_token_that_opens_nothing_any_more_is_told_from_a_stranger(
    records: SqlRecords,
) -> None:
    entry = DeviceEntry(Device("救急1", frozenset({"chuo"})), "t1", 1)
    for step in (entry, replace(entry, token_hash="t2"), replace(entry, token_hash="t3")):
        async with records.begin() as tx:
            await tx.people.put_device(step)
    async with records.begin() as tx:
        await tx.people.put_device(replace(entry, token_hash="t3", revoked_at_us=5))
    async with records.read() as reads:
        told = {t: await reads.people.withdrawn_token(t) for t in ("t1", "t2", "t3", "t4")}
        assert await reads.people.device_of_token("t3") is None
        kept = await reads.people.device("救急1")
        assert kept is not None
        assert (kept.device.key, kept.device.hospitals) == ("t3", {"chuo"})
        assert await reads.people.device("救急2") is None
    replaced, revoked = ("救急1", Withdrawal.REPLACED), ("救急1", Withdrawal.REVOKED)
    assert told == {"t1": replaced, "t2": replaced, "t3": revoked, "t4": None}


async def test_the_audit_is_found_by_case_person_and_time_and_says_what_is_left_out(
    records: SqlRecords,
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
