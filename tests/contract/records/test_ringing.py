"""What every ``Records`` adapter promises of devices that ring (``relay/records/port/ringing.py``)."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from relay.model.people import Account, Person, Role
from relay.model.ringing import MOST_DEVICES, RingDevice, device_id
from relay.records.port.records import Records
from tests.contract.conftest import PERSON


def a_device(account: str = "sato", at_us: int = 1, endpoint: str = "") -> RingDevice:
    endpoint = endpoint or f"https://push.example/{uuid4()}"
    return RingDevice(device_id(endpoint), account, "Chrome", endpoint, "key", "auth", at_us)


async def test_devices_come_back_and_go(records: Records) -> None:
    older, newer = a_device(), a_device(at_us=2)
    async with records.begin() as tx:
        await tx.ringing.put_device(older)
        await tx.ringing.put_device(newer)
        await tx.ringing.device_told(older.id, 9)
    older = replace(older, told_at_us=9)
    async with records.read() as reads:
        assert await reads.ringing.devices_of("sato") == [newer, older]
        assert await reads.ringing.devices() == [newer, older]
        assert await reads.ringing.devices_for(["chuo", "x"]) == [newer, older]
        assert await reads.ringing.devices_for(["daiichi"]) == []
        assert await reads.ringing.device(older.id) == older
        assert await reads.ringing.device(uuid4()) is None
    async with records.begin() as tx:
        assert await tx.ringing.drop_device(older.id)
        assert not await tx.ringing.drop_device(older.id)
        assert await tx.ringing.devices() == [newer]


async def test_a_browser_rings_for_one_account_and_an_account_has_a_few_devices(
    records: Records,
) -> None:
    shared = a_device(endpoint="https://push.example/one")
    many = [a_device("ito", n) for n in range(2, MOST_DEVICES + 2)]
    async with records.begin() as tx:
        await tx.people.put_account(Account(Person("ito", "伊藤", Role.ED, "chuo"), "hash"))
        await tx.ringing.put_device(shared)
        await tx.ringing.put_device(replace(shared, account="ito"))
        assert await tx.ringing.devices_of("sato") == []
        for device in many:
            await tx.ringing.put_device(device)
        assert await tx.ringing.devices_of("ito") == many[::-1], "the oldest made room"
        put_back = a_device("ito", 1)  # by a clock that has gone back since
        await tx.ringing.put_device(put_back)
        assert await tx.ringing.device(put_back.id), "a device just let ring rings"
        assert await tx.ringing.devices_of("ito") == [*many[:0:-1], put_back]


async def test_an_account_that_is_switched_off_rings_nowhere(records: Records) -> None:
    device = a_device()
    async with records.begin() as tx:
        await tx.ringing.put_device(device)
        await tx.people.put_account(Account(PERSON, "hash", disabled=True))
        assert await tx.ringing.device(device.id) is None
        assert await tx.ringing.devices_of("sato") == []
        assert await tx.ringing.devices_for(["chuo"]) == []
        assert await tx.ringing.devices() == []


async def test_who_reads_no_ecg_is_not_rung(records: Records) -> None:
    async with records.begin() as tx:
        await tx.people.put_account(Account(Person("adm", "管理", Role.ADMIN, "chuo"), "hash"))
        await tx.ringing.put_device(a_device("adm"))
        assert await tx.ringing.devices_for(["chuo"]) == []


async def test_a_key_is_made_once(records: Records) -> None:
    async with records.begin() as tx:
        assert await tx.ringing.site_key("vapid") is None
        assert await tx.ringing.put_site_key("vapid", b"one") == b"one"
        assert await tx.ringing.put_site_key("vapid", b"two") == b"one"
        assert await tx.ringing.site_key("vapid") == b"one"
