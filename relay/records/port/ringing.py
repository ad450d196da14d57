"""The part of ``Records`` that keeps which devices ring for whom, and the keys that the site signs with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from relay.model.ringing import RingDevice


class RingingReads(Protocol):
    """What can be asked. Devices of an account that is switched off are never told of: they are as if they were not."""

    async def device(self, device: UUID) -> RingDevice | None:
        """One device, of an account that may sign in."""

    async def devices_of(self, account: str) -> Sequence[RingDevice]:
        """The devices of an account, the newest first."""

    async def devices_for(self, hospitals: Collection[str]) -> Sequence[RingDevice]:
        """The devices of everybody who reads ECGs at one of these hospitals."""

    async def devices(self) -> Sequence[RingDevice]:
        """Every device, by account."""

    async def site_key(self, name: str) -> bytes | None:
        """A key of the site by its name, None where none was made."""


class RingingWrites(RingingReads, Protocol):
    """Changes, inside one transaction of ``Records``."""

    async def put_device(self, device: RingDevice) -> None:
        """Let a device ring; a device that rang for another account rings for this one only."""

    async def device_told(self, device: UUID, at_us: int) -> None:
        """A push service took a message for it."""

    async def drop_device(self, device: UUID) -> bool:
        """It rings no more; False where there is none."""

    async def put_site_key(self, name: str, key: bytes) -> bytes:
        """Keep a key under this name; the one that is kept, which is the first that was put."""
