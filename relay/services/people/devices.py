"""Tablets and their tokens, and the hospitals their cases are addressed to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from relay.auth.port import Tokens
from relay.causes import words
from relay.errors import BadInput, NotFound, NotSignedIn, TokenWithdrawn
from relay.model.clock import Clock
from relay.model.people import Device, DeviceEntry, Hospital, Permission, has
from relay.records.port.records import Records, RecordWrites


class Devices:
    """Tablets and hospitals."""

    def __init__(self, records: Records, tokens: Tokens, clock: Clock) -> None:
        self._records = records
        self._tokens = tokens
        self._clock = clock

    async def add_hospital(self, hospital: Hospital, by: str) -> None:
        """A new place cases can be addressed to, or a new name for it."""
        async with self._records.begin() as tx:
            await tx.people.put_hospital(hospital)
            await tx.evidence.audit(self._clock.now_us(), by, "hospital-set", hospital.id)

    async def hospitals(self) -> list[Hospital]:
        """Every hospital."""
        async with self._records.read() as records:
            return await records.people.hospitals()

    async def device(self, token: str | None) -> Device:
        """The tablet a token belongs to.

        Raises:
            NotSignedIn: the token is not known or was revoked.
        """
        if token:
            async with self._records.read() as records:
                device = await records.people.device_of_token(self._tokens.hash_of(token))
                if device is not None:
                    return device
                if withdrawn := await records.people.withdrawn_token(self._tokens.hash_of(token)):
                    error = withdrawal(withdrawn[1])
                    error.unit = withdrawn[0]
                    raise error
        raise NotSignedIn("This device token is not known; ask the administrator for a new one.")

    async def readers(self, hospitals: Collection[str]) -> int:
        """How many accounts of these hospitals may decide on an ECG; 0: a tablet would send to nobody."""
        async with self._records.read() as records:
            accounts = await records.people.accounts()
        return sum(
            not account.disabled
            and account.person.hospital in hospitals
            and has(account.person.role, Permission.DECIDE)
            for account in accounts
        )

    async def add_device(self, device: Device, by: str) -> str:
        """A new tablet's token, shown this once. A known unit gets a new token instead.

        Raises:
            BadInput: a hospital is not known, or none is named.
        """
        token = self._tokens.new_device_token()
        now_us = self._clock.now_us()
        async with self._records.begin() as tx:
            await _check_addressed(tx, device.hospitals)
            await tx.people.put_device(DeviceEntry(device, self._tokens.hash_of(token), now_us))
            await tx.evidence.audit(
                now_us, by, "device-added", device.unit, {"hospitals": sorted(device.hospitals)}
            )
        return token

    async def address_device(self, unit: str, hospitals: Collection[str], by: str) -> None:
        """Address a tablet's next cases to other hospitals; its token stays, open cases stay where they are.

        Raises:
            NotFound: there is no such unit.
            BadInput: a hospital is not known, or none is named.
        """
        now_us = self._clock.now_us()
        async with self._records.begin() as tx:
            entry = await tx.people.device(unit)
            if entry is None:
                raise NotFound(f"There is no device {unit}; see `kyumei devices list`.")
            await _check_addressed(tx, hospitals)
            device = replace(entry.device, hospitals=frozenset(hospitals))
            await tx.people.put_device(replace(entry, device=device))
            told = {"hospitals": sorted(hospitals), "before": sorted(entry.device.hospitals)}
            await tx.evidence.audit(now_us, by, "device-addressed", unit, told)

    async def revoke_device(self, unit: str, by: str) -> None:
        """Make a tablet's token worthless.

        Raises:
            NotFound: there is no such unit.
        """
        now_us = self._clock.now_us()
        async with self._records.begin() as tx:
            entry = await tx.people.device(unit)
            if entry is None:
                raise NotFound(f"There is no device {unit}; see `kyumei devices list`.")
            await tx.people.put_device(replace(entry, revoked_at_us=now_us))
            await tx.evidence.audit(now_us, by, "device-revoked", unit)

    async def devices(self) -> list[DeviceEntry]:
        """Every device."""
        async with self._records.read() as records:
            return await records.people.devices()


def withdrawal(why: str) -> TokenWithdrawn:
    """What a tablet is told whose token was taken back: ``device-revoked`` or ``device-replaced``."""
    cause = f"link-{why}"
    return TokenWithdrawn(words(cause)["words_en"], cause)


async def _check_addressed(tx: RecordWrites, hospitals: Collection[str]) -> None:
    await check_hospitals(tx, set(hospitals))
    if not hospitals:
        raise BadInput("A device needs at least one hospital its cases are addressed to.")


async def check_hospitals(tx: RecordWrites, wanted: set[str]) -> None:
    """Raise where one of these hospitals is not known."""
    unknown = wanted - {hospital.id for hospital in await tx.people.hospitals()}
    if unknown:
        raise BadInput(
            f"There is no hospital {sorted(unknown)[0]}; add it with `kyumei hospitals add`."
        )
