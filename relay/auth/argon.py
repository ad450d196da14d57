"""Passwords by argon2id (RFC 9106), hashed in threads so that the loop never waits for one."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode

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


def _nobodys(time_cost: int, memory_kib: int, parallelism: int) -> str:
    """A stored text that no password fits and that costs as much to try; made without hashing.

    Hashing one took a busy machine more than a second of every start, while tablets waited.
    """
    salt, answer = (b64encode(os.urandom(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${answer}"


class ArgonPasswords:
    """argon2id; at most two hashes at a time, each takes ``memory_kib`` of memory.

    The defaults are RFC 9106's second recommendation. Tests lower them.
    """

    def __init__(self, time_cost: int = 3, memory_kib: int = 65_536, parallelism: int = 4) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism
        )
        self._turn = asyncio.Semaphore(2)
        self._nobody = _nobodys(time_cost, memory_kib, parallelism)

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
