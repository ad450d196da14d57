"""What the abusing process is told, and the clients it may be."""

from __future__ import annotations

from dataclasses import dataclass

ABUSES = (
    "card-edits", "pings", "tiny-frames", "pictures", "viewer-sessions", "cabins", "wrong-sign-ins",
    "idle-sockets", "garbage-links", "snapshot-requests", "feeds",
)  # fmt: skip
STRANGER_SOURCES = tuple(f"127.0.1.{n}" for n in range(1, 21))


@dataclass(frozen=True, slots=True)
class Orders:
    """Everything an abuser may hold: a tablet, an account, a caller's phone.

    Attributes:
        name: which abuse (of ``ABUSES``).
        token: of its ambulance; cookie: of its account; link: the token behind a caller's link.
        call: the 119 call everybody may see; streams: recordings its account may watch.
        name_to_try: an account whose password it does not know.
    """

    name: str
    port: int
    token: str
    cookie: str
    link: str
    call: str
    streams: tuple[str, ...]
    name_to_try: str
