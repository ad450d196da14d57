"""What the services need of authentication, in words."""

from __future__ import annotations

from typing import Protocol


class Passwords(Protocol):
    """Keeps passwords so that nobody can read them back."""

    async def hash(self, password: str) -> str:
        """What to store for a password. Takes about 50 ms of a thread, never of the loop."""

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one.

        ``None`` (no such account) takes as long as a wrong password, so that names cannot be
        found out by the clock.
        """
