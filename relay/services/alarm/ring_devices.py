"""Devices that people let ring: let one ring, list them, let them ring no more. And the keys that the site signs with.

Both stand in the database: a backup holds them, so that after a restore devices go on ringing and receivers of
webhooks go on believing (ADR 0137).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from uuid import UUID

from relay.alerts.push_port import PushSubscription
from relay.errors import NotFound
from relay.model.people import Permission, Person, require
from relay.model.ringing import RingDevice, device_id
from relay.records.port.records import Records, RecordWrites
from relay.services.ground.late import Late

WEBHOOK_KEY, VAPID_KEY = "webhook", "vapid"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""A private key of P-256 is a number from 1 up to this one. Source: FIPS 186-5, D.1.2.3."""
MOST_NAME = 80
NO_DEVICE = "There is no such device, or it rings no more."


class RingDevices:
    """Fulfils ``Subscriptions``.

    Args:
        check: raises ``BadInput`` where a subscription is none.
        public_of: the public key of a private one.
    """

    def __init__(
        self,
        records: Records,
        late: Late,
        check: Callable[[PushSubscription], None],
        public_of: Callable[[bytes], str],
    ) -> None:
        self._records, self._late = records, late
        self._check, self._public_of = check, public_of
        self._webhook = self._vapid = b""

    # what a channel asks

    async def subscription(self, device: UUID) -> PushSubscription | None:
        """Of a device whose account may sign in."""
        async with self._records.read() as records:
            found = await records.ringing.device(device)
        return PushSubscription(found.endpoint, found.p256dh, found.auth) if found else None

    async def told(self, device: UUID) -> None:
        """The push service took a message."""
        at_us = self._late.clock.now_us()
        self._late.later(
            ("ring-device-told", device), lambda tx: tx.ringing.device_told(device, at_us)
        )

    async def gone(self, device: UUID) -> None:
        """The push service knows it no more."""

        async def write(tx: RecordWrites) -> None:
            if await tx.ringing.drop_device(device):
                now_us = self._late.clock.now_us()
                await tx.evidence.audit(now_us, "relay", "ring-device-gone", str(device), {})

        await self._late.do(("ring-device-gone", device), write)

    async def webhook_key(self) -> bytes:
        """The secret of which every webhook's key is made."""
        self._webhook = self._webhook or await self._key(WEBHOOK_KEY, secrets.token_bytes(32))
        return self._webhook

    async def vapid_key(self) -> bytes:
        """The private key by which push services know this site."""
        made = 1 + secrets.randbelow(P256_ORDER - 1)
        self._vapid = self._vapid or await self._key(VAPID_KEY, made.to_bytes(32))
        return self._vapid

    async def _key(self, name: str, new: bytes) -> bytes:
        async with self._records.read() as records:
            known = await records.ringing.site_key(name)
        if known is not None:
            return known
        async with self._records.begin() as tx:
            return await tx.ringing.put_site_key(name, new)

    # what people ask

    async def public_key(self) -> str:
        """What a browser is given to subscribe with."""
        return self._public_of(await self.vapid_key())

    async def let_ring(
        self, person: Person, name: str, subscription: PushSubscription
    ) -> RingDevice:
        """This browser rings for this person from now on.

        Raises:
            NotAllowed: they read no ECG.
            BadInput: the subscription cannot be used.
        """
        require(person.role, Permission.TRACE_OPEN)
        self._check(subscription)
        now_us, endpoint = self._late.clock.now_us(), subscription.endpoint
        name = " ".join(name.split())[:MOST_NAME] or "?"
        keys = (subscription.p256dh, subscription.auth)
        device = RingDevice(device_id(endpoint), person.name, name, endpoint, *keys, now_us)
        async with self._records.begin() as tx:
            await tx.ringing.put_device(device)
            about = {"name": name}
            await tx.evidence.audit(now_us, person.name, "ring-device-added", str(device.id), about)
        return device

    async def of(self, person: Person) -> Sequence[RingDevice]:
        """A person's devices, the newest first."""
        async with self._records.read() as records:
            return await records.ringing.devices_of(person.name)

    async def all(self) -> Sequence[RingDevice]:
        """Everybody's, for an administrator."""
        async with self._records.read() as records:
            return await records.ringing.devices()

    async def owned(self, person: Person, device: UUID) -> RingDevice:
        """A person's own device.

        Raises:
            NotFound: there is no such device, or it is somebody else's.
        """
        for one in await self.of(person):
            if one.id == device:
                return one
        raise NotFound(NO_DEVICE)

    async def stop(self, who: str, device: UUID, account: str | None = None) -> None:
        """It rings no more.

        Args:
            who: who says so.
            device: which.
            account: whose it must be; None for an administrator, who may stop any.

        Raises:
            NotFound: there is no such device, or it is somebody else's.
        """
        async with self._records.begin() as tx:
            found = await tx.ringing.device(device)
            if found is None or account not in {None, found.account}:
                raise NotFound(NO_DEVICE)
            await tx.ringing.drop_device(device)
            about = {"name": found.name, "account": found.account}
            now_us = self._late.clock.now_us()
            await tx.evidence.audit(now_us, who, "ring-device-stopped", str(device), about)
