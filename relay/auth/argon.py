"""Passwords by argon2id (RFC 9106), hashed in threads so that the loop never waits for one."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from relay.errors import BadInput

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 256


def check_password(password: str) -> None:
    """Refuse what is too short to protect a patient's data.

    Raises:
        BadInput: shorter or longer than allowed.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise BadInput(
            f"A password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters; "
            "choose a longer sentence."
        )


class ArgonPasswords:
    """argon2id; at most two hashes at a time, each takes ``memory_kib`` of memory.

    The defaults are RFC 9106's second recommendation. Tests lower them.
    """

    def __init__(self, time_cost: int = 3, memory_kib: int = 65_536, parallelism: int = 4) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism
        )
        self._turn = asyncio.Semaphore(2)
        self._nobody = self._hasher.hash("no account has this password")

    async def hash(self, password: str) -> str:
        """The text to store for a password."""
        check_password(password)
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; equally slow where there is none."""
        async with self._turn:
            right = await asyncio.to_thread(self._verify, stored or self._nobody, password)
        return right and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
