"""Devices that ring, and the site's keys, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from relay.model.people import GRANTS, Permission
from relay.model.ringing import MOST_DEVICES, RingDevice
from relay.records.sql import schema as t
from relay.records.sql.connection import SqlChange, SqlConnection
from relay.records.sql.values import AnyRow

_COLUMNS = tuple(field.name for field in fields(RingDevice))
_OF = t.ring_devices.c
_READERS = [role.value for role, may in GRANTS.items() if Permission.TRACE_OPEN in may]


class SqlRingingReads:
    """Questions."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def device(self, device: UUID) -> RingDevice | None:
        """One device."""
        row = await self._db.one(_devices().where(_OF.id == device))
        return _device_of(row) if row else None

    async def devices_of(self, account: str) -> Sequence[RingDevice]:
        """Those of an account."""
        return await self._found(_devices().where(_OF.account == account))

    async def devices_for(self, hospitals: Collection[str]) -> Sequence[RingDevice]:
        """Those of readers of these hospitals."""
        reads = t.users.c.role.in_(_READERS)
        return await self._found(_devices().where(t.users.c.hospital.in_(hospitals), reads))

    async def devices(self) -> Sequence[RingDevice]:
        """All."""
        return await self._found(_devices())

    async def site_key(self, name: str) -> bytes | None:
        """A key."""
        row = await self._db.one(sa.select(t.site_keys.c.key).filter_by(name=name))
        return bytes(row.key) if row else None

    async def _found(self, query: sa.Select[Any]) -> Sequence[RingDevice]:
        rows = await self._db.all(query.order_by(_OF.account, _OF.put_at_us.desc(), _OF.id))
        return [_device_of(row) for row in rows]


class SqlRingingWrites(SqlRingingReads):
    """Changes."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def put_device(self, device: RingDevice) -> None:
        """Add it, or give it to this account."""
        values = {name: getattr(device, name) for name in _COLUMNS}
        await self._db.put(t.ring_devices, "id", values)
        # this one stays, also where a clock that was ahead has written the others
        others = sa.select(_OF.id).where(_OF.account == device.account, _OF.id != device.id)
        rows = await self._db.all(others.order_by(_OF.put_at_us.desc(), _OF.id))
        over = [row.id for row in rows][MOST_DEVICES - 1 :]
        await self._db.execute(t.ring_devices.delete().where(_OF.id.in_(over)))

    async def device_told(self, device: UUID, at_us: int) -> None:
        """When it last went well."""
        await self._db.update(t.ring_devices, {"id": device}, told_at_us=at_us)

    async def drop_device(self, device: UUID) -> bool:
        """Forget it."""
        done = await self._db.execute(t.ring_devices.delete().where(_OF.id == device))
        return bool(done.rowcount)

    async def put_site_key(self, name: str, key: bytes) -> bytes:
        """Keep the first."""
        if (known := await self.site_key(name)) is not None:
            return known
        await self._db.insert(t.site_keys, name=name, key=key)
        return key


def _devices() -> sa.Select[Any]:
    """Devices of accounts that may sign in."""
    of_account = sa.join(t.ring_devices, t.users, t.users.c.name == _OF.account)
    enabled = t.users.c.disabled.is_(False)
    return sa.select(t.ring_devices).select_from(of_account).where(enabled)


def _device_of(row: AnyRow) -> RingDevice:
    return RingDevice(**{name: getattr(row, name) for name in _COLUMNS})
