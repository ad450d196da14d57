"""Where the heads of the audit's chain are kept: beside the database, and where its owner cannot reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from relay.model.audit import Head


class HeadPlace(Protocol):
    """A place that heads are appended to.

    Attributes:
        where: as an administrator reads it.
    """

    where: str

    async def append(self, head: Head) -> None:
        """Keep a head, after those that are there.

        Raises:
            Unavailable: it cannot, with the reason in one sentence.
        """

    async def heads(self) -> Sequence[Head] | None:
        """What was kept, in order; None where the place cannot be asked.

        Raises:
            Unavailable: it is absent or damaged, with what is wrong in one sentence.
        """


__all__ = ["HeadPlace"]
