"""Every open feed of this relay, its beat, and the end of those whose session has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from relay.bus.port import Bus
from relay.errors import RelayError
from relay.model.clock import Clock
from relay.model.news import SESSION_ENDS, SessionEnded
from relay.model.people import SessionEnd, SessionState
from relay.protocol.feed import BEAT_EVERY_S
from relay.protocol.link import CLOSE_RESTART
from relay.services.ground.pace import Pace
from relay.services.ground.presence import Presence
from relay.services.ground.wire import CLOSE_TOO_MANY
from relay.services.people.people import People

log = structlog.get_logger(__name__)
CHECK_SESSIONS_EVERY_S = 2.0
WORDS_PER_S, MOST_WORDS = 20.0, 600.0
"""What the pages of one account may say. A page says a few words a minute, and one for each case when it opens."""
MOST_OF_AN_ACCOUNT = 64
"""Open pages of one account; each hears everything that happens at its hospital."""


class Feed(Protocol):
    """One page's feed, as the registry knows it."""

    rests: bool
    rests_at_us: int | None

    @property
    def user(self) -> str:
        """Whose page it is."""

    @property
    def token_hash(self) -> str:
        """What is stored of its session."""

    def leave(self, code: int, reason: str) -> None:
        """Close soon."""

    def beat(self, number: int) -> None:
        """Say that the relay reaches this page."""

    def session_ended(self, why: SessionEnd) -> None:
        """Close: the session is over."""

    def session_changed(self) -> None:
        """Close so that the page comes back at once with what its session may do now."""


class FeedRegistry:
    """Every open feed."""

    def __init__(self, bus: Bus, people: People, presence: Presence, clock: Clock) -> None:
        self._bus = bus
        self._people = people
        self._all: set[Feed] = set()
        self.presence = presence
        self.words = Pace(clock, "page", WORDS_PER_S, MOST_WORDS)
        self.closing = False

    def joined(self, session: Feed) -> None:
        """A feed was accepted; of an account with very many the newest is told so and closed."""
        others = sum(one.user == session.user for one in self._all)
        self._all.add(session)
        if others >= MOST_OF_AN_ACCOUNT:
            log.warning("too-many-pages", user=session.user)
            session.leave(CLOSE_TOO_MANY, f"Your account has {others} pages open; close some.")
        if self.closing:
            session.leave(CLOSE_RESTART, "The relay restarts; come back at once.")

    def left(self, session: Feed) -> None:
        """A feed is gone."""
        self._all.discard(session)

    @property
    def count(self) -> int:
        """How many pages are connected."""
        return len(self._all)

    @property
    def armed(self) -> int:
        """How many of them can ring, proved within the last seconds."""
        return self.presence.armed

    def goodbye(self) -> None:
        """The relay is going away."""
        self.closing = True
        for session in list(self._all):
            session.leave(CLOSE_RESTART, "The relay restarts; come back at once.")

    async def run(self) -> None:
        """Beat, and end feeds: at once on sign-out, soon on expiry. Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self._on_sign_out())
            group.create_task(self._on_expiry())

    async def _beat(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            number += 1
            for session in list(self._all):
                session.beat(number)

    async def _on_sign_out(self) -> None:
        async for news in self._bus.subscribe(SESSION_ENDS):
            if isinstance(news, SessionEnded):  # of lost ones _on_expiry asks within two seconds
                for session in [s for s in self._all if s.token_hash == news.token_hash]:
                    session.session_ended(SessionEnd.SIGNED_OUT)

    async def _on_expiry(self) -> None:
        """One question for all feeds, so that many pages cost no more than one."""
        while True:
            await asyncio.sleep(CHECK_SESSIONS_EVERY_S)
            feeds = list(self._all)
            try:
                hashes = [s.token_hash for s in feeds]
                await self._apply(feeds, await self._people.standings(hashes) if feeds else {})
            except RelayError as error:
                log.warning("sessions-not-checked", reason=str(error))

    async def _apply(
        self, feeds: Sequence[Feed], found: Mapping[str, tuple[SessionState, int | None]]
    ) -> None:
        for session in feeds:
            state, session.rests_at_us = found[session.token_hash]
            if state is SessionState.ENDED:
                session.session_ended(await self._people.why_ended(session.token_hash))
            elif (state is SessionState.RESTS) != session.rests:
                session.session_changed()
