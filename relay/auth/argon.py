"""Passwords by argon2id (RFC 9106), hashed in processes of their own so that nothing else waits for one.

Whoever asks for many waits behind themselves, and a try whose sender has hung up is not hashed at all.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Collection

from relay.auth.hash_processes import HashProcesses
from relay.auth.strength import check_password
from relay.turns.threads import FairThreads

AT_ONCE = 2
MOST_WAITING, MOST_OF_AN_ADDRESS = 128, 48
"""A hospital may have one address: its doctors' tries are few, and take turns with whoever else is behind it."""


def _nobodys(time_cost: int, memory_kib: int, parallelism: int) -> str:
    """A stored text that no password fits and that costs as much to try; made without hashing.

    Hashing one took a busy machine more than a second of every start, while tablets waited.
    """
    salt, answer = (b64encode(os.urandom(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${answer}"


class ArgonPasswords:
    """argon2id; at most ``AT_ONCE`` hashes at a time, each takes ``memory_kib`` of memory.

    The defaults are RFC 9106's second recommendation. Tests lower them.

    Args:
        processes: who hashes; its own where none are given.
    """

    def __init__(
        self,
        time_cost: int = 3,
        memory_kib: int = 65_536,
        parallelism: int = 4,
        processes: HashProcesses | None = None,
    ) -> None:
        self._costs = {
            "time_cost": time_cost, "memory_cost": memory_kib, "parallelism": parallelism,
        }  # fmt: skip
        self._processes = processes or HashProcesses()
        self._threads = FairThreads(
            "password",
            AT_ONCE,
            most=MOST_WAITING,
            most_each=MOST_OF_AN_ADDRESS,
            full="Too many people sign in at this moment; wait a few seconds and try again.",
        )
        self._nobody = _nobodys(time_cost, memory_kib, parallelism)

    async def hash(self, password: str, about: Collection[str] = ()) -> str:
        """The text to store for a password."""
        check_password(password, about)
        return str(await self._threads.run("", "", lambda: self._ask(password=password)))

    async def verify(
        self, stored: str | None, password: str, address: str = "", name: str = ""
    ) -> bool:
        """Whether the password is the stored one; equally slow where there is none."""
        tried = stored or self._nobody
        right = await self._threads.run(
            address, name, lambda: self._ask(password=password, stored=tried)
        )
        return bool(right) and stored is not None

    def _ask(self, **told: str) -> str | bool:
        """In a thread."""
        answer: str | bool = self._processes.ask(**told, **self._costs)
        return answer

    def close(self) -> None:
        """End the processes; the relay's own end does so too."""
        self._threads.close()
        self._processes.close()
