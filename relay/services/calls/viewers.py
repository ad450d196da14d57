"""Who watches a call's video, and the end of it: unshared or ended."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from relay.errors import Conflict, NotFound, RelayError
from relay.model.call import ShareKind
from relay.protocol.answers import Json
from relay.services.calls.call_book import CallBook
from relay.services.calls.render_calls import ice_json, stats_json
from relay.services.ground.access import Claim, Lost, Relation
from relay.services.ground.rights import Rights
from relay.services.ground.watcher import Watcher
from relay.services.people.viewer_sessions import ViewerSessions
from relay.video.port import Answer, MediaPlane

PICTURES_BELOW_KBPS = 150
"""A line that carries no more is better served by a picture every few seconds than by torn video."""


class CallViewers:
    """Lets viewers in to a call's video and out again."""

    def __init__(
        self, book: CallBook, sessions: ViewerSessions, plane: MediaPlane, rights: Rights
    ) -> None:
        self._book = book
        self._plane = plane
        self._sessions, self.rights = sessions, rights
        self.publishers: dict[UUID, UUID] = {}

    async def watch(self, watcher: Watcher, call: UUID, offer: bytes) -> Answer:
        """Begin to watch.

        Raises:
            Conflict: the call has ended.
        """
        answer = await self._sessions.watch(call, watcher, offer, Relation.SHARED, call)
        try:
            # read again after the plane let them in: a share may have ended in between
            facts = await self._book.read(call)
            if not facts.call.is_open:
                raise Conflict("This call has ended; there is nothing to watch.")
            if not watcher.sees(facts):
                raise NotFound("There is no such call.")
        except RelayError:
            await self._sessions.close([answer.session])
            raise
        return answer

    async def patch(self, watcher: Watcher, call: UUID, session: UUID, body: bytes) -> str:
        """ICE for a viewer's own connection."""
        return await self._sessions.patch(watcher, call, session, body)

    async def leave(self, watcher: Watcher, call: UUID, session: UUID) -> None:
        """End a viewer's own connection."""
        await self._sessions.leave(watcher, call, session)

    def line(self, watcher: Watcher, call: UUID, session: UUID) -> Json:
        """What a viewer's own line carries; ``pictures``: too little for video, show glimpses.

        Raises:
            NotFound: the connection is not theirs, or has ended.
        """
        self._sessions.check_own(watcher, call, session)
        stats = self._plane.stats(call)
        mine = next((v for v in stats.viewers if v.session == session), None) if stats else None
        if mine is None:
            raise NotFound("This video connection has ended.")
        narrow = mine.budget_kbps is not None and mine.budget_kbps <= PICTURES_BELOW_KBPS
        return {
            "kbps": mine.kbps,
            "budget_kbps": mine.budget_kbps,
            "slow": mine.slow,
            "playable": mine.playable,
            "pictures": narrow or not mine.playable,
        }

    def stats(self, call: UUID) -> Json:
        """What the plane knows."""
        return stats_json(self._plane.stats(call))

    def ice(self, room: UUID) -> list[Json]:
        """Servers a viewer's browser may need."""
        return [ice_json(server) for server in self._plane.ice_servers(str(room))]

    # the end

    async def cut_off(self, call: UUID, kind: ShareKind, target: str) -> None:
        """A share has ended: close what it had let in."""
        await self._sessions.cut_off(
            call, lambda who: not who.all_calls and (kind, target) in who.may_see
        )

    def published(self, call: UUID, session: UUID, claim: Claim) -> None:
        """The phone sends on this connection, by the right of its link."""
        self.publishers[call] = session

        async def cut(_why: Lost) -> None:
            await self.drop_publisher(call)

        self.rights.hold(("phone", call), claim, cut)

    async def drop_publisher(self, call: UUID) -> None:
        """Close the phone's connection; viewers stay for the next one."""
        session = self.publishers.pop(call, None)
        self.rights.release(("phone", call))
        if session is not None:
            with suppress(RelayError):
                await self._plane.remove(session)

    async def end(self, call: UUID) -> None:
        """Close everything of a call."""
        self.publishers.pop(call, None)
        self.rights.release(("phone", call))
        await self._sessions.end(call)
