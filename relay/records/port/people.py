"""The part of ``Records`` that keeps people, their sessions, tablets and rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from relay.model.people import (
    Account,
    Device,
    DeviceEntry,
    Hospital,
    Session,
    SessionEnd,
    Withdrawal,
)


class PeopleReads(Protocol):
    """What can be asked of people and tablets."""

    async def account(self, name: str) -> Account | None:
        """One account."""

    async def accounts(self) -> list[Account]:
        """Every account, by name."""

    async def sessions(self, token_hashes: Sequence[str]) -> list[Session]:
        """Those of these sessions that were not ended, of accounts that are not disabled."""

    async def session_user(self, token_hash: str) -> str | None:
        """The account of this session, also of one that has ended; None where there was none."""

    async def session_ends(self, token_hashes: Sequence[str]) -> dict[str, SessionEnd]:
        """Why those of these sessions that were ended were ended."""

    async def device_of_token(self, token_hash: str) -> Device | None:
        """The device whose token, not revoked, has this hash."""

    async def device(self, unit: str) -> DeviceEntry | None:
        """One device."""

    async def devices(self) -> list[DeviceEntry]:
        """Every device, by unit."""

    async def withdrawn_token(self, token_hash: str) -> tuple[str, Withdrawal] | None:
        """The unit whose token this was, and why it is not any more; None: it never was one, or still is."""

    async def rights_version(self) -> int:
        """A number that has risen since somebody's right changed last, in whatever process.

        Rights are what accounts, ended sessions, devices and their hospitals, ended shares, callers' links,
        ended calls and the addressing of cases say; a new session or share takes nothing from anybody.
        """

    async def hospitals(self) -> list[Hospital]:
        """Every hospital, by id."""


class PeopleWrites(PeopleReads, Protocol):
    """Changes of people and tablets, inside one transaction of ``Records``."""

    async def put_account(self, account: Account) -> None:
        """Add an account or replace it."""

    async def add_session(self, session: Session) -> None:
        """Keep a new session."""

    async def touch_session(self, token_hash: str, seen_at_us: int) -> None:
        """The person did something."""

    async def renew_session(self, token_hash: str, at_us: int) -> None:
        """The person has proved again who they are: its times begin anew."""

    async def end_sessions(
        self,
        at_us: int,
        why: SessionEnd,
        *,
        token_hash: str | None = None,
        user: str | None = None,
        but: str | None = None,
    ) -> None:
        """End one session, or all of an account (``but`` this one); the first reason is kept."""

    async def put_device(self, entry: DeviceEntry) -> None:
        """Add a device or replace it."""

    async def put_hospital(self, hospital: Hospital) -> None:
        """Add a hospital or rename it."""
