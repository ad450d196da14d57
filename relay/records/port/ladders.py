"""The part of ``Records`` that keeps how an unopened ECG climbs from person to person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from relay.model.ladder import Ladder, LadderRung


class LadderReads(Protocol):
    """What can be asked of ladders."""

    async def policy(self, hospital: str) -> Mapping[str, object] | None:
        """The steps this hospital has set, as JSON; None where it has set none."""

    async def climbing(self) -> list[Ladder]:
        """Ladders that have a step to come, the one that is due first at the head; at most 500 of them."""

    async def ladder(self, ladder: UUID) -> Ladder | None:
        """One ladder."""

    async def not_stopped(self, incident: UUID) -> list[Ladder]:
        """The ladders of a case that nobody has stopped, by hospital."""

    async def rungs(self, incident: UUID) -> list[LadderRung]:
        """Every step that was done for a case, the oldest first."""


class LadderWrites(LadderReads, Protocol):
    """Changes of ladders, inside one transaction of ``Records``."""

    async def put_policy(
        self, hospital: str, steps: Mapping[str, object] | None, at_us: int
    ) -> None:
        """Set a hospital's steps; None: it has those of the relay again."""

    async def add_ladder(self, ladder: Ladder) -> bool:
        """Keep a new ladder; False where it is there already (then do nothing)."""

    async def move(self, before: Ladder, after: Ladder) -> bool:
        """Set how far a ladder has come, where it still stands as ``before`` says; False where it does not.

        Only one of those who move it from the same step succeeds, however many relays run. Write what the step
        does in the same transaction.
        """

    async def add_rung(self, rung: LadderRung) -> None:
        """Keep a step that was done.

        Raises:
            Conflict: this step was done before; the transaction must not go on.
        """
