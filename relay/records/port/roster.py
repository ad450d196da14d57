"""The part of ``Records`` that keeps who is on call, and how people and desks are reached."""

from __future__ import annotations

from typing import Protocol

from relay.model.roster import Contact, Duty, DutyDesk


class RosterReads(Protocol):
    """What can be asked of the roster."""

    async def duties(
        self, hospital: str | None, from_us: int, until_us: int, *, withdrawn: bool = False
    ) -> list[Duty]:
        """Entries that touch this stretch, in the order they were written; of every hospital with None.

        With ``withdrawn`` also those that were taken off again.
        """

    async def has_duties(self, hospital: str) -> bool:
        """Whether this hospital has ever kept a roster: an entry that was not taken off."""

    async def desks(self, hospital: str | None) -> list[DutyDesk]:
        """Desks of a hospital, or all, by id."""

    async def contacts(self) -> list[Contact]:
        """How everybody is reached, by person and channel."""


class RosterWrites(RosterReads, Protocol):
    """Changes of the roster, inside one transaction of ``Records``."""

    async def add_duty(self, duty: Duty) -> Duty:
        """Keep an entry; it comes back with its number, higher than every one before."""

    async def withdraw_duty(self, number: int) -> bool:
        """Take an entry off the roster; False where there is none that still stands."""

    async def put_desk(self, desk: DutyDesk) -> None:
        """Add a desk or rename it."""

    async def put_contact(self, contact: Contact) -> None:
        """Set how somebody is reached by a channel; an empty ``to`` takes it away."""
