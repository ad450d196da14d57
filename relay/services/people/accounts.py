"""People's accounts: made, changed, closed and opened again by an administrator."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from relay.auth.port import Passwords
from relay.errors import BadInput, Conflict, NotFound
from relay.model.clock import Clock
from relay.model.people import Account, Person, Role, SessionEnd
from relay.records.port.records import RecordReads, Records, RecordWrites
from relay.services.people.devices import check_hospitals

AT_A_HOSPITAL = frozenset({Role.CARDIOLOGIST, Role.ED})
"""Roles that are of a hospital."""


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What is to be different of an account; None: stays as it is.

    Attributes:
        city_wide: belongs to no hospital any more.
    """

    role: Role | None = None
    hospital: str | None = None
    display_name: str | None = None
    city_wide: bool = False

    def of(self, person: Person) -> Person:
        """The person after it."""
        return Person(
            person.name,
            self.display_name or person.display_name,
            self.role or person.role,
            None if self.city_wide else self.hospital or person.hospital,
        )


class Accounts:
    """Accounts as an administrator handles them."""

    def __init__(self, records: Records, passwords: Passwords, clock: Clock, site: str) -> None:
        self._records = records
        self._passwords = passwords
        self._clock = clock
        self._site = site

    async def add_account(self, person: Person, password: str, by: str) -> None:
        """A new account.

        Raises:
            Conflict: the name is taken, by an open or a closed account.
            BadInput: the password is short or easily guessed, or the hospital is not known.
        """
        async with self._records.read() as records:
            about = await self._about(records, person)
        hashed = await self._passwords.hash(password, about)
        async with self._records.begin() as tx:
            known = await tx.people.account(person.name)
            if known is not None and known.disabled:
                raise Conflict(
                    f"The name {person.name} is a closed account's; open it with `kyumei users enable`, "
                    "or choose another."
                )
            if known is not None:
                raise Conflict(f"The name {person.name} is taken; choose another.")
            await _check_place(tx, person)
            now_us = self._clock.now_us()
            await tx.people.put_account(Account(person, hashed, created_at_us=now_us))
            await tx.evidence.audit(
                now_us, by, "account-added", person.name, {"role": person.role.value}
            )

    async def change_account(self, name: str, change: AccountChange, by: str) -> Person:
        """Another role, hospital or display name; where it may see something else now, its sessions end.

        Raises:
            NotFound: there is no such account.
            BadInput: the hospital is not known, or the role needs one.
        """
        async with self._records.begin() as tx:
            account = await _account(tx, name)
            before, after = account.person, change.of(account.person)
            await _check_place(tx, after)
            await tx.people.put_account(replace(account, person=after))
            if (before.role, before.hospital) != (after.role, after.hospital):
                await tx.people.end_sessions(
                    self._clock.now_us(), SessionEnd.ACCOUNT_CHANGED, user=name
                )
            told = {"role": after.role.value, "hospital": after.hospital}
            was = {"role": before.role.value, "hospital": before.hospital}
            about = {**told, "before": was}
            await tx.evidence.audit(self._clock.now_us(), by, "account-changed", name, about)
        return after

    async def set_password(self, name: str, password: str, by: str) -> None:
        """Change a password and end the account's sessions.

        Raises:
            NotFound: there is no such account.
            BadInput: the password is short or easily guessed.
        """
        async with self._records.read() as records:
            about = await self._about(records, (await _account(records, name)).person)
        hashed = await self._passwords.hash(password, about)
        async with self._records.begin() as tx:
            account = await _account(tx, name)
            await tx.people.put_account(replace(account, password_hash=hashed))
            await self._end_all(tx, name, by, SessionEnd.PASSWORD_CHANGED)

    async def disable(self, name: str, by: str) -> None:
        """Close an account and end its sessions. What it did stays on record, its name stays its own."""
        async with self._records.begin() as tx:
            await tx.people.put_account(replace(await _account(tx, name), disabled=True))
            await self._end_all(tx, name, by, SessionEnd.ACCOUNT_DISABLED)

    async def enable(self, name: str, by: str) -> None:
        """Open a closed account again, with its old password; sessions that were ended stay ended.

        Raises:
            NotFound: there is no such account.
            Conflict: it is not closed.
        """
        async with self._records.begin() as tx:
            account = await _account(tx, name)
            if not account.disabled:
                raise Conflict(f"The account {name} is not closed.")
            await tx.people.put_account(replace(account, disabled=False))
            await tx.evidence.audit(self._clock.now_us(), by, "account-enabled", name)

    async def accounts(self) -> list[Account]:
        """Every account."""
        async with self._records.read() as records:
            return await records.people.accounts()

    async def known(self, name: str) -> str:
        """The name where there is such an account, else ``-``: what somebody types there may be a password."""
        async with self._records.read() as records:
            return name if await records.people.account(name) is not None else "-"

    async def _about(self, records: RecordReads, person: Person) -> Collection[str]:
        """Names that somebody would try first for this person's password."""
        names = {h.id: h.name for h in await records.people.hospitals()}
        hospital = person.hospital or ""
        return [self._site, person.name, person.display_name, hospital, names.get(hospital, "")]

    async def _end_all(self, tx: RecordWrites, name: str, by: str, why: SessionEnd) -> None:
        now_us = self._clock.now_us()
        await tx.people.end_sessions(now_us, why, user=name)
        await tx.evidence.audit(now_us, by, why.value, name)


async def _check_place(tx: RecordWrites, person: Person) -> None:
    await check_hospitals(tx, {person.hospital} if person.hospital else set())
    if person.hospital is None and person.role in AT_A_HOSPITAL:
        raise BadInput("A cardiologist or ED account belongs to a hospital; name one.")


async def _account(records: RecordReads, name: str) -> Account:
    account = await records.people.account(name)
    if account is None:
        raise NotFound(f"There is no account {name}; see `kyumei users list`.")
    return account
