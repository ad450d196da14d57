"""For whom something is done now, and from where. Every row of the audit that follows says so.

This is a context variable. Rows are written deep in a service's transaction; a parameter through every function would be
forgotten somewhere. Work that runs for nobody in particular has none.
"""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from dataclasses import dataclass

RELAY = "relay"
"""Who does what nobody asked for; it asks from nowhere."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and from where.

    Attributes:
        who: the account, ``unit:…``, ``caller``, or ``-`` where nobody is known.
        address: of the network, as the relay sees it.
        console: a stable mark of the browser's session, of the tablet's token or of the phone's link.
    """

    who: str = "-"
    address: str = ""
    console: str = ""


NOBODY = Asker()
ASKER: ContextVar[Asker] = ContextVar("asker", default=NOBODY)


def mark_of(kind: str, key: str) -> str:
    """Six signs that stand for a hash, and say nothing about what was hashed."""
    return hashlib.sha256(f"{kind} {key}".encode()).hexdigest()[:6]


def from_where() -> dict[str, object]:
    """What a row says of where it was asked from; empty where the relay acts by itself."""
    asker = ASKER.get()
    told = {"address": asker.address, "console": asker.console}
    return {name: text for name, text in told.items() if text}
