"""A site that forwards no video: callers send pictures by HTTP instead, and everybody is told why."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from relay.errors import NotFound, Unavailable
from relay.video.port import Answer, CallStats, IceServer, Listener

SENTENCE = "This relay forwards no video; the caller can still send pictures."


class NoMediaPlane:
    """Fulfils ``MediaPlane`` by refusing."""

    async def publish(self, call: UUID, offer_sdp: str) -> Answer:
        """Refuse."""
        raise Unavailable(SENTENCE)

    async def subscribe(self, call: UUID, offer_sdp: str, viewer: str) -> Answer:
        """Refuse."""
        raise Unavailable(SENTENCE)

    async def patch(self, session: UUID, fragment: str) -> str:
        """Nothing is open."""
        raise NotFound("This video connection has ended.")

    async def remove(self, session: UUID) -> None:
        """Nothing is open."""
        raise NotFound("This video connection has ended.")

    async def end(self, call: UUID) -> None:
        """Nothing is open."""

    def call_of(self, session: UUID) -> UUID | None:
        """Nothing is open."""
        return None

    def request_keyframe(self, call: UUID) -> None:
        """Nobody to ask."""

    def record(self, call: UUID, folder: Path | None) -> None:
        """Nothing to keep."""

    def limit_bitrate(self, call: UUID, kbps: int | None) -> None:
        """Nobody to ask."""

    def stats(self, call: UUID) -> CallStats | None:
        """Nothing is known."""
        return None

    def on_change(self, listener: Listener) -> None:
        """Nothing ever changes."""

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """None are needed."""
        return ()

    async def ping(self) -> None:
        """A site without video is as ready as it can be."""

    async def close(self) -> None:
        """Nothing to close."""
