"""Who watches a call's video, and the end of it: unshared, signed out, call ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog

from relay.bus.port import Bus
from relay.errors import BadInput, Conflict, NotFound, RelayError
from relay.model.call import ShareKind
from relay.services.call_book import CallBook, Watcher
from relay.services.people import SESSION_ENDED, People
from relay.services.render_calls import Json, ice_json, stats_json
from relay.video.port import Answer, MediaPlane

log = structlog.get_logger(__name__)
MAX_SDP = 32_768
CHECK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Open:
    """One viewer's connection."""

    call: UUID
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


class CallViewers:
    """Lets viewers in to a call's video and out again."""

    def __init__(self, book: CallBook, bus: Bus, people: People, plane: MediaPlane) -> None:
        self._book = book
        self._bus = bus
        self._people = people
        self._plane = plane
        self._open: dict[UUID, Open] = {}
        self.publishers: dict[UUID, UUID] = {}

    async def watch(self, watcher: Watcher, call: UUID, offer: bytes) -> Answer:
        """Begin to watch; written down.

        Raises:
            Conflict: the call has ended.
        """
        sdp = checked_sdp(offer)
        answer = await self._plane.subscribe(call, sdp, watcher.name)
        self._open[answer.session] = Open(call, watcher)
        try:
            # read again after the plane let them in: a share may have ended in between
            async with self._book.change(call) as change:
                if not change.call.is_open:
                    raise Conflict("This call has ended; there is nothing to watch.")
                if not watcher.sees(change.facts):
                    raise NotFound("There is no such call.")
                await change.audit(watcher.name, "call-watched")
        except RelayError:
            await self._close([answer.session])
            raise
        return answer

    async def patch(self, watcher: Watcher, call: UUID, session: UUID, body: bytes) -> str:
        """ICE for a viewer's own connection."""
        self._check_own(watcher, call, session)
        return await self._plane.patch(session, checked_sdp(body))

    async def leave(self, watcher: Watcher, call: UUID, session: UUID) -> None:
        """End a viewer's own connection."""
        self._check_own(watcher, call, session)
        await self._close([session])

    def _check_own(self, watcher: Watcher, call: UUID, session: UUID) -> None:
        found = self._open.get(session)
        if found is None or found.call != call or found.watcher.name != watcher.name:
            raise NotFound("This video connection has ended.")

    def stats(self, call: UUID) -> Json:
        """What the plane knows."""
        return stats_json(self._plane.stats(call))

    def ice(self, call: UUID) -> list[Json]:
        """Servers a viewer's browser may need."""
        return [ice_json(server) for server in self._plane.ice_servers(str(call))]

    # the end

    async def cut_off(self, call: UUID, kind: ShareKind, target: str) -> None:
        """A share has ended: close what it had let in."""
        await self._close(
            [
                session
                for session, one in self._open.items()
                if one.call == call
                and not one.watcher.all_calls
                and (kind, target) in one.watcher.may_see
            ]
        )

    async def drop_publisher(self, call: UUID) -> None:
        """Close the phone's connection; viewers stay for the next one."""
        session = self.publishers.pop(call, None)
        if session is not None:
            with suppress(RelayError):
                await self._plane.remove(session)

    async def end(self, call: UUID) -> None:
        """Close everything of a call."""
        self.publishers.pop(call, None)
        for session in [s for s, one in self._open.items() if one.call == call]:
            del self._open[session]
        await self._plane.end(call)

    async def _close(self, sessions: list[UUID]) -> None:
        for session in sessions:
            self._open.pop(session, None)
            with suppress(RelayError):
                await self._plane.remove(session)

    async def run(self) -> None:
        """Close connections whose session has ended, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._on_sign_out())
            group.create_task(self._on_expiry())

    async def _on_sign_out(self) -> None:
        async for ended in self._bus.subscribe(SESSION_ENDED):
            await self._close([s for s, o in self._open.items() if o.watcher.session == ended])

    async def _on_expiry(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            dead = [s for s in self._open if self._plane.call_of(s) is None]
            for session in dead:
                self._open.pop(session, None)
            hashes = sorted({o.watcher.session for o in self._open.values() if o.watcher.session})
            try:
                alive = await self._people.alive(hashes) if hashes else set()
            except RelayError as error:
                log.warning("sessions-not-checked", reason=str(error))
                continue
            await self._close(
                [s for s, o in self._open.items() if o.watcher.session not in {"", *alive}]
            )
