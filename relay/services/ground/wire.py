"""The socket as a service sees it. The web floor fulfils it; no framework is named here."""

from __future__ import annotations

from typing import Protocol

CLOSE_SLOW = 4013
CLOSE_SESSION_ENDED = 4001
CLOSE_SESSION_CHANGED = 4003
CLOSE_RESTS = 4004
CLOSE_TOO_MANY = 4029
CLOSE_BROKEN = 1011
SEND_TIMEOUT_S = 4.0


class Wire(Protocol):
    """One open WebSocket."""

    async def send(self, message: str | bytes) -> None:
        """Return when the message is on its way, or when the peer is gone."""

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye. Harmless when already closed."""

    def abort(self) -> None:
        """Drop the connection at once, with whatever waits in its buffers."""
