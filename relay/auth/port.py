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


class Tokens(Protocol):
    """Makes opaque ids and says what to keep of them."""

    def new_session_id(self) -> str:
        """A fresh session id that cannot be guessed."""

    def new_device_token(self) -> str:
        """A fresh device token that cannot be guessed."""

    def new_link_token(self) -> str:
        """A fresh token for a caller's link that cannot be guessed while it lives."""

    def hash_of(self, token: str) -> str:
        """What is stored of an id; the id cannot be had back from it."""


class Limiter(Protocol):
    """Says how often somebody may try."""

    def take(self, key: str, now_s: float) -> bool:
        """Use one try; False where none is left."""

    def forget(self, key: str) -> None:
        """Give all tries back."""
