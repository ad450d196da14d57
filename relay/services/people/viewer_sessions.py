"""Who is let in to which picture, and the end of it: right taken back, signed out, room closed.

A room is what the media plane calls a call: a 119 call, or an ambulance's cabin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog

from relay.bus.port import Bus
from relay.errors import BadInput, NotFound, RelayError
from relay.model.news import SESSION_ENDS, SessionEnded
from relay.model.people import Permission, SessionState
from relay.services.ground.access import Claim, Lost, Proof, Relation
from relay.services.ground.rights import Rights
from relay.services.ground.watcher import Watcher
from relay.services.people.people import People
from relay.turns.places import Places
from relay.video.port import Answer, MediaPlane

log = structlog.get_logger(__name__)
MAX_SDP = 32_768
CHECK_EVERY_S = 5.0
PERMISSION_OF = {
    Relation.SHARED: Permission.CALLS_WATCH,
    Relation.CABIN: Permission.CABIN_WATCH,
}
MOST_OF_A_ROOM = 16
MOST_OF_AN_ACCOUNT = 64
"""Connections of one account to all rooms together: a wall of screens shows a dozen each."""
FULL = "This call has as many viewers as it may; close one and try again."


@dataclass(frozen=True, slots=True)
class Open:
    """One viewer's connection, and the place it holds."""

    room: UUID
    watcher: Watcher
    place: UUID


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


def claim_of(watcher: Watcher, relation: Relation, subject: UUID) -> Claim:
    """The right that somebody watches by."""
    who = watcher.device or watcher.session
    proof = Proof.DEVICE if watcher.device else Proof.SESSION
    name = watcher.shown if watcher.device else watcher.name
    return Claim(proof, who, name, PERMISSION_OF[relation], relation, subject)


class ViewerSessions:
    """Every viewer's connection of this relay."""

    def __init__(self, bus: Bus, people: People, plane: MediaPlane, rights: Rights) -> None:
        self._bus, self._people, self._plane = bus, people, plane
        self._rights = rights
        self._open: dict[UUID, Open] = {}
        self._rooms: dict[UUID, Places[UUID]] = {}
        self._accounts: Places[UUID] = Places(100_000, MOST_OF_AN_ACCOUNT, FULL)

    async def watch(
        self, room: UUID, watcher: Watcher, offer: bytes, relation: Relation, subject: UUID
    ) -> Answer:
        """Let somebody in to a room, by this relation to a call or a case. In a full one whoever holds most makes room.

        Raises:
            TooMany: everybody holds one.
            BadInput: the offer cannot be read.
        """
        sdp, place = checked_sdp(offer), uuid4()
        await self._enter(place, room, watcher)
        try:
            answer = await self._plane.subscribe(room, sdp, watcher.name)
        except BaseException:
            self._leave(place, room)
            raise
        session = answer.session
        self._open[session] = Open(room, watcher, place)

        async def cut(_why: Lost) -> None:
            await self.close([session])

        self._rights.hold(session, claim_of(watcher, relation, subject), cut)
        return answer

    async def _enter(self, place: UUID, room: UUID, watcher: Watcher) -> None:
        seats = self._rooms.setdefault(room, Places(MOST_OF_A_ROOM, MOST_OF_A_ROOM, FULL))
        left = {seats.enter(place, watcher.name), self._accounts.enter(place, watcher.name)}
        replaced = [session for session, one in self._open.items() if one.place in left]
        if replaced:
            log.info("viewer-replaced", room=str(room), connections=len(replaced))
            await self.close(replaced)

    def _leave(self, place: UUID, room: UUID) -> None:
        self._accounts.leave(place)
        seats = self._rooms.get(room)
        if seats is not None:
            seats.leave(place)
            if not len(seats):
                del self._rooms[room]

    def _forget(self, session: UUID) -> None:
        """Give back the place of a connection that is no more."""
        found = self._open.pop(session, None)
        if found is not None:
            self._leave(found.place, found.room)
        self._rights.release(session)

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
            self._forget(session)
        await self._plane.end(room)

    async def close(self, sessions: list[UUID]) -> None:
        """End these connections; those that have ended already are no error."""
        for session in sessions:
            self._forget(session)
            with suppress(RelayError):
                await self._plane.remove(session)

    async def run(self) -> None:
        """Close connections whose sign-in has ended, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._on_sign_out())
            group.create_task(self._on_expiry())

    async def _on_sign_out(self) -> None:
        async for news in self._bus.subscribe(SESSION_ENDS):
            if isinstance(news, SessionEnded):
                ended = news.token_hash
                await self.close([s for s, o in self._open.items() if o.watcher.session == ended])

    async def _on_expiry(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            for session in [s for s in self._open if self._plane.call_of(s) is None]:
                self._forget(session)
            # whoever comes while the answer is on its way was not asked about
            looked = {s: o.watcher.session for s, o in self._open.items() if o.watcher.session}
            hashes = sorted(set(looked.values()))
            try:
                states = await self._people.states(hashes) if hashes else {}
            except RelayError as error:
                log.warning("sessions-not-checked", reason=str(error))
                continue
            fresh = {h for h, state in states.items() if state is SessionState.FRESH}
            await self.close([s for s, session in looked.items() if session not in fresh])
