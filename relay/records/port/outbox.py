"""The part of ``Records`` that keeps letters: who is to be told of which ECG, by which way, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from relay.model.letter import Letter


class OutboxReads(Protocol):
    """What can be asked of letters."""

    async def letter(self, letter: UUID) -> Letter | None:
        """One letter."""

    async def due(self, now_us: int, most: int, each: int) -> Sequence[Letter]:
        """Letters that a relay should take at this moment (``Letter.is_due``), urgent ones first, then the oldest.

        Args:
            now_us: this moment.
            most: at most so many.
            each: at most so many of one way and address, so that one that hangs holds back no other.
        """

    async def next_due_us(self, now_us: int) -> int | None:
        """When the next letter becomes due, at or after this moment; None where none waits."""

    async def letters_of(self, incident: UUID) -> Sequence[Letter]:
        """Every letter of a case, the oldest first."""

    async def newest(self, most: int) -> Sequence[Letter]:
        """The letters put last, the newest first."""


class OutboxWrites(OutboxReads, Protocol):
    """Changes of letters, inside one transaction of ``Records``."""

    async def put(self, letter: Letter) -> bool:
        """Add a letter; False where one with this id is there already (it stays as it is).

        After the commit the relay sends it; whoever wants it sent at once also wakes the worker
        (``Delivery.wake``), else it is seen within a second.
        """

    async def claim(
        self, letters: Collection[UUID], holder: str, *, now_us: int, until_us: int
    ) -> Sequence[Letter]:
        """Take letters to send them: those of these that are still due. Each is one relay's until ``until_us``.

        Once it is committed no other relay takes them before that. Each counts one more try.

        Raises:
            ValueError: ``until_us`` is not later than now, or more than ``LATEST_US`` away.
        """

    async def settle(self, letter: Letter) -> bool:
        """Write how a letter stands after a try; False where it waits no more (it stays as it is).

        The first outcome stays: a relay that stood still for a minute does not undo what another did meanwhile.
        """

    async def opened(self, letter: UUID, who: str, at_us: int) -> Letter | None:
        """Its link was used; the letter where this was the first time, else None."""

    async def free(self, holder: str) -> int:
        """Give back what a holder (or any holder whose name begins so) has taken; how many letters there were."""
