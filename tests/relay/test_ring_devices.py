"""Devices that ring: what becomes of one that its push service knows no more."""

from __future__ import annotations

from relay.model.ringing import RingDevice, device_id
from tests.relay.world import World


async def test_a_device_that_is_gone_rings_no_more_and_the_audit_says_so_once(world: World) -> None:
    relay, endpoint = world.relay, "https://localhost:9/x"
    device = RingDevice(device_id(endpoint), "sato", "x", endpoint, "p", "a", 1)
    async with relay.records.begin() as tx:
        await tx.ringing.put_device(device)

    for _ in range(2):
        await relay.alarm.devices.gone(device.id)

    async with relay.records.read() as records:
        assert await records.ringing.device(device.id) is None
        rows = [r for r in await records.evidence.audit_rows(1) if r.action == "ring-device-gone"]
    assert [(row.who, row.subject) for row in rows] == [("relay", str(device.id))]
