"""Hashes and tries passwords: a line of JSON in, a line out, until nobody asks any more.

``hash_processes`` runs it as a file, so that it loads nothing of the relay.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

STANDS_BACK = 15
"""Its priority, below the relay's: a hash is four threads, and an alarm must not share a core with them."""


def answer_to(asked: dict[str, Any]) -> str | bool:
    """The text to store for a ``password``, or whether it is the one that is ``stored``.

    ``time_cost``, ``memory_cost`` (KiB) and ``parallelism`` are argon2id's (RFC 9106).
    """
    password, stored = asked.pop("password"), asked.pop("stored", None)
    hasher = PasswordHasher(**asked)
    if stored is None:
        return hasher.hash(password)
    try:
        return hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def main() -> None:
    """Answer line by line."""
    os.nice(STANDS_BACK)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer_to(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
