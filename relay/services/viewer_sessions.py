"""Who is let in to which picture, and the end of it: right taken back, signed out, room closed.

A room is what the media plane calls a call: a 119 call, or an ambulance's cabin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog

from relay.bus.port import Bus
from relay.errors import BadInput, NotFound, RelayError
from relay.services.call_book import Watcher
from relay.services.people import SESSION_ENDED, People
from relay.video.port import MediaPlane

log = structlog.get_logger(__name__)
MAX_SDP = 32_768
CHECK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Open:
    """One viewer's connection."""

    room: UUID
    watcher: Watcher


def checked_sdp(body: bytes) -> str:
    """An offer or fragment as text.

    Raises:
        BadInput: empty, too large, or not text.
    """
    if not 0 < len(body) <= MAX_SDP:
        raise BadInput(f"A session description has 1 to {MAX_SDP:,} bytes.")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise BadInput("The session description is not text.") from None


class ViewerSessions:
    """Every viewer's connection of this relay."""

    def __init__(self, bus: Bus, people: People, plane: MediaPlane) -> None:
        self._bus, self._people, self._plane = bus, people, plane
        self._open: dict[UUID, Open] = {}

    def enter(self, session: UUID, room: UUID, watcher: Watcher) -> None:
        """The plane has let this connection in."""
        self._open[session] = Open(room, watcher)

    async def patch(self, watcher: Watcher, room: UUID, session: UUID, body: bytes) -> str:
        """ICE for a viewer's own connection."""
        self.check_own(watcher, room, session)
        return await self._plane.patch(session, checked_sdp(body))

    async def leave(self, watcher: Watcher, room: UUID, session: UUID) -> None:
        """End a viewer's own connection."""
        self.check_own(watcher, room, session)
        await self.close([session])

    def check_own(self, watcher: Watcher, room: UUID, session: UUID) -> None:
        """Do nothing where the connection is theirs.

        Raises:
            NotFound: it is not, or it has ended.
        """
        found = self._open.get(session)
        if found is None or found.room != room or found.watcher.name != watcher.name:
            raise NotFound("This video connection has ended.")

    async def cut_off(self, room: UUID, no_longer: Callable[[Watcher], bool]) -> None:
        """Close the connections of those who may no longer look."""
        found = [s for s, o in self._open.items() if o.room == room and no_longer(o.watcher)]
        await self.close(found)

    async def end(self, room: UUID) -> None:
        """Close everything of a room, its sender too."""
        for session in [s for s, one in self._open.items() if one.room == room]:
            del self._open[session]
        await self._plane.end(room)

    async def close(self, sessions: list[UUID]) -> None:
        """End these connections; those that have ended already are no error."""
        for session in sessions:
            self._open.pop(session, None)
            with suppress(RelayError):
                await self._plane.remove(session)

    async def run(self) -> None:
        """Close connections whose sign-in has ended, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._on_sign_out())
            group.create_task(self._on_expiry())

    async def _on_sign_out(self) -> None:
        async for ended in self._bus.subscribe(SESSION_ENDED):
            await self.close([s for s, o in self._open.items() if o.watcher.session == ended])

    async def _on_expiry(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            for session in [s for s in self._open if self._plane.call_of(s) is None]:
                self._open.pop(session, None)
            hashes = sorted({o.watcher.session for o in self._open.values() if o.watcher.session})
            try:
                alive = await self._people.alive(hashes) if hashes else set()
            except RelayError as error:
                log.warning("sessions-not-checked", reason=str(error))
                continue
            await self.close(
                [s for s, o in self._open.items() if o.watcher.session not in {"", *alive}]
            )
