"""What the services need of authentication, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Passwords(Protocol):
    """Keeps passwords so that nobody can read them back."""

    async def hash(self, password: str, about: Collection[str] = ()) -> str:
        """What to store for a password. Takes about 50 ms of a thread, never of the loop.

        Args:
            password: as it was typed.
            about: names of the person, the hospital and the site: a password is not made of them.

        Raises:
            BadInput: it is short, or easily guessed.
        """

    async def verify(
        self, stored: str | None, password: str, address: str = "", name: str = ""
    ) -> bool:
        """Whether the password is the stored one.

        ``None`` (no such account) takes as long as a wrong password, so that names cannot be
        found out by the clock. Addresses go in turn, and in each the names that are tried.

        Raises:
            TooMany: too many wait, and most of them are from this address.
            Unavailable: whoever asked has gone.
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
