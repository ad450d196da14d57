"""A media plane that loads its stack when the first picture comes.

The stack (DTLS, SRTP, their codecs) takes half a second and forty megabytes, and most hours of a relay do not need it. A
thread loads it as soon as a page asks how to connect. So it is ready when the offer follows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from relay.errors import Unavailable
from relay.video.absent import NoMediaPlane
from relay.video.port import Answer, CallStats, IceServer, Listener, MediaPlane
from relay.video.turn import TurnSettings, ice_servers

MOST_LIMITS = 10_000
Load = Callable[[], Callable[[], MediaPlane]]
"""Imports what a plane is made of (in any thread), and answers what makes it (on the loop's)."""


class LateMediaPlane:
    """Fulfils ``MediaPlane``: as one without a connection at first, then as the one that is made."""

    def __init__(self, load: Load, turn: TurnSettings) -> None:
        self._load, self._turn = load, turn
        self._now: MediaPlane = NoMediaPlane()
        self._loading: asyncio.Task[MediaPlane] | None = None
        self._listeners: list[Listener] = []
        self._limits: dict[UUID, int | None] = {}
        self._folders: dict[UUID, Path | None] = {}
        self._closed = False

    async def _made(self) -> MediaPlane:
        if self._closed:
            raise Unavailable("The media plane is closed; the relay is going away.")
        return await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Task[MediaPlane]:
        if self._loading is None:
            self._loading = asyncio.create_task(self._make(), name="media-plane")
            self._loading.add_done_callback(_seen)
        return self._loading

    async def _make(self) -> MediaPlane:
        try:
            make = await asyncio.to_thread(self._load)
        except ImportError as error:
            self._loading = None
            raise Unavailable(
                f"Video cannot be loaded ({error}); install the relay anew, or switch video off."
            ) from error
        plane = make()
        for listener in self._listeners:
            plane.on_change(listener)
        for call, kbps in self._limits.items():
            plane.limit_bitrate(call, kbps)
        for call, folder in self._folders.items():
            plane.record(call, folder)
        self._limits.clear()
        self._folders.clear()
        self._now = plane
        return plane

    @property
    def _is_made(self) -> bool:
        return not isinstance(self._now, NoMediaPlane)

    async def publish(self, call: UUID, offer_sdp: str) -> Answer:
        """See ``MediaPlane.publish``."""
        return await (await self._made()).publish(call, offer_sdp)

    async def subscribe(self, call: UUID, offer_sdp: str, viewer: str) -> Answer:
        """See ``MediaPlane.subscribe``."""
        return await (await self._made()).subscribe(call, offer_sdp, viewer)

    async def patch(self, session: UUID, fragment: str) -> str:
        """See ``MediaPlane.patch``."""
        return await self._now.patch(session, fragment)

    async def remove(self, session: UUID) -> None:
        """See ``MediaPlane.remove``."""
        await self._now.remove(session)

    async def end(self, call: UUID) -> None:
        """See ``MediaPlane.end``."""
        self._limits.pop(call, None)
        self._folders.pop(call, None)
        await self._now.end(call)

    def call_of(self, session: UUID) -> UUID | None:
        """See ``MediaPlane.call_of``."""
        return self._now.call_of(session)

    def request_keyframe(self, call: UUID) -> None:
        """See ``MediaPlane.request_keyframe``."""
        self._now.request_keyframe(call)

    def limit_bitrate(self, call: UUID, kbps: int | None) -> None:
        """See ``MediaPlane.limit_bitrate``."""
        if self._is_made:
            self._now.limit_bitrate(call, kbps)
        else:
            self._limits[call] = kbps
            if len(self._limits) > MOST_LIMITS:
                del self._limits[next(iter(self._limits))]

    def record(self, call: UUID, folder: Path | None) -> None:
        """See ``MediaPlane.record``."""
        if self._is_made:
            self._now.record(call, folder)
        else:
            self._folders[call] = folder

    def stats(self, call: UUID) -> CallStats | None:
        """See ``MediaPlane.stats``."""
        return self._now.stats(call)

    def on_change(self, listener: Listener) -> None:
        """See ``MediaPlane.on_change``."""
        self._listeners.append(listener)
        if self._is_made:
            self._now.on_change(listener)

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """See ``MediaPlane.ice_servers``; whoever asks will soon send an offer."""
        if not self._closed:
            self._begin()
        return ice_servers(self._turn, user, time.time())

    async def ping(self) -> None:
        """See ``MediaPlane.ping``."""
        if self._closed:
            raise Unavailable("The media plane is closed; the relay is going away.")
        await self._now.ping()

    async def close(self) -> None:
        """See ``MediaPlane.close``."""
        self._closed = True
        if self._loading is not None:
            await asyncio.gather(self._loading, return_exceptions=True)
        await self._now.close()


def _seen(task: asyncio.Task[MediaPlane]) -> None:
    """A failure is told to whoever sends the next offer."""
    if not task.cancelled():
        task.exception()
