"""Signing in and out, sessions and their ends, devices and their tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from relay.auth.port import Limiter, Passwords, Tokens
from relay.bus.port import Bus
from relay.errors import BadInput, Conflict, NotFound, NotSignedIn, TooMany
from relay.model.clock import Clock
from relay.model.people import Account, Device, DeviceEntry, Hospital, Person, Role, Session
from relay.services.gathered import Gathered
from relay.store.port import Records, RecordWrites

TOUCH_EVERY_US = 30_000_000
SESSION_ENDED = "session-ended"
"""Topic on which the hash of an ended session is told to its feeds."""
WRONG = "Name or password is wrong; try again."


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lives."""

    idle_s: float = 900.0
    absolute_s: float = 43_200.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """What signing in needs: passwords, ids, and how often somebody may try.

    Attributes:
        by_name / by_address: tries for one account, and from one network address.
    """

    passwords: Passwords
    tokens: Tokens
    by_name: Limiter
    by_address: Limiter


class People:
    """Accounts, sessions and devices."""

    def __init__(
        self, records: Records, sign_in: SignIn, bus: Bus, clock: Clock, rules: SessionRules
    ) -> None:
        self._records = records
        self._passwords = sign_in.passwords
        self._tokens = sign_in.tokens
        self._bus = bus
        self._clock = clock
        self._rules = rules
        self._by_address = sign_in.by_address
        self._by_name = sign_in.by_name
        self._sessions = Gathered(self._found)
        self._touching: set[str] = set()

    # sessions

    async def sign_in(self, name: str, password: str, address: str) -> tuple[str, Person]:
        """A new session's id and its person.

        Raises:
            TooMany: too many tries for this name or from this address.
            NotSignedIn: the name or the password is wrong, or the account is disabled.
        """
        now_s = self._clock.monotonic_s()
        if not self._by_address.take(address, now_s) or not self._by_name.take(name, now_s):
            raise TooMany("Too many tries; wait a minute and sign in again.")
        async with self._records.read() as records:
            account = await records.account(name)
        usable = account if account and not account.disabled else None
        right = await self._passwords.verify(usable.password_hash if usable else None, password)
        now_us = self._clock.now_us()
        async with self._records.begin() as tx:
            if not right or usable is None:
                await tx.audit(now_us, "-", "sign-in-refused", name[:64])
            else:
                session_id = self._tokens.new_session_id()
                session = Session(self._tokens.hash_of(session_id), usable.person, now_us, now_us)
                await tx.add_session(session)
                await tx.audit(now_us, name, "signed-in", name)
        if not right or usable is None:
            raise NotSignedIn(WRONG)
        self._by_name.forget(name)
        return session_id, usable.person

    async def session(self, session_id: str | None, *, touch: bool = True) -> Session:
        """The session of a cookie; with ``touch`` its idle time begins anew.

        Raises:
            NotSignedIn: none, ended, idle for too long, or too old.
        """
        if not session_id:
            raise NotSignedIn("Sign in first.")
        return await self.session_of_hash(self._tokens.hash_of(session_id), touch=touch)

    async def session_of_hash(self, token_hash: str, *, touch: bool = False) -> Session:
        """The same, by the hash that is stored."""
        session = await self._sessions.ask(token_hash)
        now_us = self._clock.now_us()
        if session is None or self._has_expired(session, now_us):
            raise NotSignedIn("Your session has ended; sign in again.")
        if touch and now_us - session.seen_at_us >= self._touch_after_us:
            await self._touch(token_hash, now_us)
        return session

    async def _found(self, token_hashes: Sequence[str]) -> Mapping[str, Session]:
        async with self._records.read() as records:
            return {s.token_hash: s for s in await records.sessions(sorted(set(token_hashes)))}

    async def _touch(self, token_hash: str, now_us: int) -> None:
        """Its idle time begins anew; once, however many of its pages moved at this moment."""
        if token_hash in self._touching:
            return
        self._touching.add(token_hash)
        try:
            async with self._records.begin() as tx:
                await tx.touch_session(token_hash, now_us)
        finally:
            self._touching.discard(token_hash)

    async def alive(self, token_hashes: Sequence[str]) -> set[str]:
        """Those of these sessions that have not ended, asked in one go."""
        async with self._records.read() as records:
            sessions = await records.sessions(token_hashes)
        now_us = self._clock.now_us()
        return {s.token_hash for s in sessions if not self._has_expired(s, now_us)}

    @property
    def _touch_after_us(self) -> float:
        return min(TOUCH_EVERY_US, self._rules.idle_s * 1e6 / 10)

    def _has_expired(self, session: Session, now_us: int) -> bool:
        idle_us = now_us - session.seen_at_us
        age_us = now_us - session.created_at_us
        return idle_us >= self._rules.idle_s * 1e6 or age_us >= self._rules.absolute_s * 1e6

    async def sign_out(self, session: Session) -> None:
        """End the session and its feeds."""
        now_us = self._clock.now_us()
        async with self._records.begin() as tx:
            await tx.end_sessions(now_us, token_hash=session.token_hash)
            await tx.audit(now_us, session.person.name, "signed-out", session.person.name)
        self._bus.publish(SESSION_ENDED, session.token_hash)

    # accounts

    async def add_account(self, person: Person, password: str, by: str) -> None:
        """A new account.

        Raises:
            Conflict: the name is taken.
            BadInput: the password is too short, or the hospital is not known.
        """
        hashed = await self._passwords.hash(password)
        async with self._records.begin() as tx:
            if await tx.account(person.name) is not None:
                raise Conflict(f"The name {person.name} is taken; choose another.")
            await _check_hospitals(tx, {person.hospital} if person.hospital else set())
            if person.hospital is None and person.role in {Role.CARDIOLOGIST, Role.ED}:
                raise BadInput("A cardiologist or ED account belongs to a hospital; name one.")
            now_us = self._clock.now_us()
            await tx.put_account(Account(person, hashed, created_at_us=now_us))
            await tx.audit(now_us, by, "account-added", person.name, {"role": person.role.value})

    async def set_password(self, name: str, password: str, by: str) -> None:
        """Change a password and end the account's sessions."""
        hashed = await self._passwords.hash(password)
        async with self._records.begin() as tx:
            account = await _account(tx, name)
            await tx.put_account(replace(account, password_hash=hashed))
            await self._end_all(tx, name, by, "password-changed")

    async def disable(self, name: str, by: str) -> None:
        """Close an account and end its sessions. What it did stays on record."""
        async with self._records.begin() as tx:
            await tx.put_account(replace(await _account(tx, name), disabled=True))
            await self._end_all(tx, name, by, "account-disabled")

    async def _end_all(self, tx: RecordWrites, name: str, by: str, action: str) -> None:
        now_us = self._clock.now_us()
        await tx.end_sessions(now_us, user=name)
        await tx.audit(now_us, by, action, name)

    async def accounts(self) -> list[Account]:
        """Every account."""
        async with self._records.read() as records:
            return await records.accounts()

    # hospitals and devices

    async def add_hospital(self, hospital: Hospital, by: str) -> None:
        """A new place cases can be addressed to, or a new name for it."""
        async with self._records.begin() as tx:
            await tx.put_hospital(hospital)
            await tx.audit(self._clock.now_us(), by, "hospital-set", hospital.id)

    async def hospitals(self) -> list[Hospital]:
        """Every hospital."""
        async with self._records.read() as records:
            return await records.hospitals()

    async def device(self, token: str | None) -> Device:
        """The tablet a token belongs to.

        Raises:
            NotSignedIn: the token is not known or was revoked.
        """
        if token:
            async with self._records.read() as records:
                device = await records.device_of_token(self._tokens.hash_of(token))
            if device is not None:
                return device
        raise NotSignedIn("This device token is not known; ask the administrator for a new one.")

    async def add_device(self, device: Device, by: str) -> str:
        """A new tablet's token, shown this once. A known unit gets a new token instead.

        Raises:
            BadInput: a hospital is not known, or none is named.
        """
        token = self._tokens.new_device_token()
        now_us = self._clock.now_us()
        async with self._records.begin() as tx:
            await _check_hospitals(tx, set(device.hospitals))
            if not device.hospitals:
                raise BadInput("A device needs at least one hospital its cases are addressed to.")
            await tx.put_device(DeviceEntry(device, self._tokens.hash_of(token), now_us))
            await tx.audit(
                now_us, by, "device-added", device.unit, {"hospitals": sorted(device.hospitals)}
            )
        return token

    async def revoke_device(self, unit: str, by: str) -> None:
        """Make a tablet's token worthless.

        Raises:
            NotFound: there is no such unit.
        """
        now_us = self._clock.now_us()
        async with self._records.begin() as tx:
            entry = next((d for d in await tx.devices() if d.device.unit == unit), None)
            if entry is None:
                raise NotFound(f"There is no device {unit}; see `kyumei devices list`.")
            await tx.put_device(replace(entry, revoked_at_us=now_us))
            await tx.audit(now_us, by, "device-revoked", unit)

    async def devices(self) -> list[DeviceEntry]:
        """Every device."""
        async with self._records.read() as records:
            return await records.devices()


async def _account(tx: RecordWrites, name: str) -> Account:
    account = await tx.account(name)
    if account is None:
        raise NotFound(f"There is no account {name}; see `kyumei users list`.")
    return account


async def _check_hospitals(tx: RecordWrites, wanted: set[str]) -> None:
    unknown = wanted - {hospital.id for hospital in await tx.hospitals()}
    if unknown:
        raise BadInput(
            f"There is no hospital {sorted(unknown)[0]}; add it with `kyumei hospitals add`."
        )
