"""What every ``Records`` adapter promises of people, sessions and tablets (``relay/records/port/people.py``)."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from relay.model.call import Call, CallLink, Share, ShareKind
from relay.model.people import (
    Account,
    Device,
    DeviceEntry,
    Hospital,
    Person,
    Role,
    Session,
    SessionEnd,
    Withdrawal,
)
from relay.records.port.records import Records
from tests.contract.conftest import PERSON
from tests.contract.records.made import a_case


async def test_sessions_end_and_disabled_accounts_have_none(records: Records) -> None:
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


async def test_a_device_is_known_by_its_newest_token_until_revoked(records: Records) -> None:
    device = Device("救急1", frozenset({"chuo", "daiichi"}))
    async with records.begin() as tx:
        await tx.people.put_device(DeviceEntry(device, "1" * 64, 1))
        await tx.people.put_device(DeviceEntry(device, "2" * 64, 2))
        assert await tx.people.device_of_token("1" * 64) is None
        assert await tx.people.device_of_token("2" * 64) == device
        await tx.people.put_device(DeviceEntry(device, "2" * 64, 2, revoked_at_us=3))
        assert await tx.people.device_of_token("2" * 64) is None
        assert [d.revoked_at_us for d in await tx.people.devices()] == [3]


async def test_the_version_of_rights_rises_with_every_end_and_with_nothing_else(
    records: Records,
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
    records: Records,
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


async def test_people_are_listed_by_name_and_why_a_session_ended_is_kept(records: Records) -> None:
    mori = Account(Person("mori", "森", Role.DISPATCHER, None), "hash", disabled=True)
    async with records.begin() as tx:
        await tx.people.put_account(mori)
        await tx.people.put_hospital(Hospital("chuo", "中央病院"))
        for token in "ab":
            await tx.people.add_session(Session(token, PERSON, 1, 1))
        await tx.people.end_sessions(9, SessionEnd.SIGNED_OUT, user="sato", but="b")
        await tx.people.end_sessions(10, SessionEnd.PASSWORD_CHANGED, token_hash="a")
    async with records.read() as reads:
        assert await reads.people.account("mori") == mori
        assert await reads.people.account("nobody") is None
        assert [a.person.name for a in await reads.people.accounts()] == ["mori", "sato"]
        assert [(h.id, h.name) for h in await reads.people.hospitals()] == [
            ("chuo", "中央病院"),
            ("daiichi", "第一"),
        ]
        assert [await reads.people.session_user(t) for t in "abc"] == ["sato", "sato", None]
        ends = await reads.people.session_ends(["a", "b", "c"])
        assert ends == {"a": SessionEnd.SIGNED_OUT}, "the first reason stays"
