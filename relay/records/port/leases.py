"""The part of ``Records`` that says which relay does what must be done once, however many relays run.

A lease is held for a time and then ends by itself, so that a relay that dies does not stop the work for ever.
"""

from __future__ import annotations

from typing import Protocol

LONGEST_US = 3_600_000_000
"""No lease is longer than this hour. One that says it ends later was taken by a clock that was wrong."""


class LeaseReads(Protocol):
    """What can be asked of leases."""

    async def holder(self, name: str, now_us: int) -> str | None:
        """Who holds the lease at this moment, None where nobody does."""


class LeaseWrites(LeaseReads, Protocol):
    """Changes of leases, inside one transaction of ``Records``."""

    async def take(self, name: str, holder: str, *, now_us: int, until_us: int) -> bool:
        """Take a free lease, or make one's own longer; False where another holds it (then do nothing).

        A lease is free when nobody took it, when it was given back, when it has ended, and when it says that
        it ends more than ``LONGEST_US`` from now.

        Take it in the transaction that writes the work. What is written there was then written by the holder,
        also where the relay stood still for minutes between two transactions.

        Args:
            name: the work, at most 64 characters.
            holder: the relay, at most 200 characters; another process has another name.
            now_us: this moment by the relay's clock, µs since 1970.
            until_us: when the lease ends by itself; later than ``now_us``, by at most ``LONGEST_US``.

        Raises:
            ValueError: ``until_us`` is not within these bounds.
        """

    async def release(self, name: str, holder: str) -> None:
        """Give one's own lease back; another's stays as it is."""
