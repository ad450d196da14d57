"""One page's feed: what it asks for, what it says of itself, and what it is sent.

A page that lost texts gets all rows anew. A page that nobody touched for a while *rests*: it still
rings and says that a case waits; of patients it is sent nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import structlog

from relay.errors import NotSignedIn, RelayError, RemoteProtocolError, SessionRests, TooMany
from relay.model.asker import ASKER
from relay.model.clock import Clock
from relay.model.people import Permission, Person, Session, SessionEnd, has
from relay.protocol import feed
from relay.protocol.link import CLOSE_PROTOCOL
from relay.services.alarm.hearing import Hearing
from relay.services.cases.cases import Cases
from relay.services.cases.render import me_json
from relay.services.evidence.storing import Storing
from relay.services.ground.access import Claim, Lost, Proof, console_of
from relay.services.ground.presence import Presence
from relay.services.ground.rights import Rights
from relay.services.ground.watcher import watcher_of
from relay.services.ground.wire import (
    CLOSE_BROKEN,
    CLOSE_SESSION_CHANGED,
    CLOSE_SESSION_ENDED,
    CLOSE_SLOW,
    SEND_TIMEOUT_S,
    Wire,
)
from relay.services.ground.witness import AccessWitness
from relay.services.pages.audience import (
    DISPATCHERS,
    Audience,
    Shows,
    hospital_pages,
    resting_pages,
    shared_with,
)
from relay.services.pages.every_row import EveryRow
from relay.services.pages.registry import FeedRegistry
from relay.services.people.people import People
from relay.services.recordings.live import MAX_QUEUED_TEXTS, LiveHub, Viewer
from relay.services.recordings.stream_ages import Ages

log = structlog.get_logger(__name__)
MAX_WATCHED = 64
TOO_FAST = "The pages of this account say more than pages need to; they are heard more slowly."
ENDED = {
    SessionEnd.SIGNED_OUT: "You have signed out.",
    SessionEnd.PASSWORD_CHANGED: "Your password was changed; sign in with the new one.",
    SessionEnd.ACCOUNT_DISABLED: "The administrator has closed this account; ask there.",
    SessionEnd.ACCOUNT_CHANGED: "Your role or hospital was changed; sign in again.",
    SessionEnd.TOO_OLD: "This session is too old; sign in again.",
}


@dataclass(frozen=True, slots=True)
class FeedParts:
    """What every feed shares."""

    audience: Audience
    every_row: EveryRow
    clock: Clock
    hub: LiveHub
    cases: Cases
    hearing: Hearing
    people: People
    registry: FeedRegistry
    presence: Presence
    ages: Ages
    storing: Storing
    rights: Rights
    witness: AccessWitness


class FeedSession:
    """The relay's side of one page's feed."""

    def __init__(
        self, session: Session, wire: Wire, parts: FeedParts, *, rests: bool = False
    ) -> None:
        self.rests = rests
        self.rests_at_us: int | None = None
        self._session = session
        self._person = session.person
        self._wire = wire
        self._parts = parts
        self._viewer = Viewer()
        self._leaving: asyncio.Task[None] | None = None
        self._held: deque[str] | None = None
        self._console = console_of(session)
        self._asker = ASKER.get()

    async def run(self, incoming: AsyncIterator[str | bytes]) -> None:
        """Serve until the socket ends."""
        self._parts.presence.joined(self, self._person, self._console)
        self._parts.registry.joined(self)
        mine = Claim(Proof.SESSION, self.token_hash, self._person.name, as_was=self._person)
        self._parts.rights.hold(self, mine, self.rights_lost)
        now_us = self._parts.clock.now_us()
        self._say(feed.FeedWelcome(me_json(self._person), now_us, self.rests))
        self.beat(0)
        groups = groups_of(self._person, rests=self.rests)
        self._parts.audience.join(self, *groups)
        if self.rests and groups:  # a page in use asks for its rows by HTTP; this one may not
            self.read_again()
        sending = asyncio.create_task(self._guarded(self._send()))
        try:
            async for message in incoming:
                if self._leaving is None:
                    await self._take(message)
                    if await self._parts.registry.words.wait(self.user):
                        self._say(feed.FeedRefusal(TooMany.code, TOO_FAST))
        finally:
            self._parts.audience.leave(self)
            self._parts.registry.left(self)
            self._parts.rights.release(self)
            self._parts.presence.left(self)
            self._parts.hub.gone(self._viewer)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            if self._leaving is not None:
                await self._leaving

    async def _guarded(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]  # a coroutine of this class
        except Exception:  # one page's fault must not stop the others'
            log.exception("feed-broke", user=self._person.name)
            self.leave(CLOSE_BROKEN, "Something in the relay broke; reload the page.")

    def leave(self, code: int, reason: str) -> None:
        """Close soon; a page that does not even take the goodbye is dropped."""
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._goodbye(code, reason))

    async def _goodbye(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._wire.close(code, reason)
        except TimeoutError:
            self._wire.abort()

    def _say(self, message: feed.ToPage) -> None:
        self._viewer.offer_text(feed.to_text(message))

    # what comes in

    async def _take(self, message: str | bytes) -> None:
        try:
            if isinstance(message, bytes):
                raise RemoteProtocolError("A page sends text only.")
            asked = feed.from_page(message)
        except RelayError as error:
            self.leave(CLOSE_PROTOCOL, str(error)[:120])
            return
        try:
            await self._act(asked)
        except SessionRests as error:
            if self.rests:  # it has come back already, and only asks for too much
                self._say(feed.FeedRefusal(error.code, str(error)))
            else:
                self.session_changed()
        except NotSignedIn:
            token_hash = self._session.token_hash
            self.session_ended(await self._parts.people.why_ended(token_hash))
        except RelayError as error:
            self._say(feed.FeedRefusal(error.code, str(error)))

    async def _act(self, asked: feed.FromPage) -> None:
        match asked:
            case feed.FeedPing():
                self._say(feed.FeedPong(asked.page_us, self._parts.clock.now_us()))
            case feed.Console():
                await self._stands(asked)
            case feed.Delivered():
                await self._parts.hearing.delivered(asked.alert, self._person, self._console)
            case feed.Shown():
                await self._parts.hearing.shown(asked.snapshot, self._person, self._console)
            case feed.Unwatch():
                self._parts.hub.unwatch(self._viewer, asked.stream)
            case feed.Watch():
                await self._parts.people.session_of_hash(self._session.token_hash)
                await self._watch(asked)

    async def _stands(self, said: feed.Console) -> None:
        """A page that rests shows nothing; a person's hand, and nothing else, keeps a session."""
        if self.rests:
            said = replace(said, incident=None, snapshot=None)
        elif said.incident is not None:
            await self._parts.cases.check(self._person, said.incident)
        self._parts.presence.told(self, said)
        if said.input and not self.rests:
            await self._parts.people.session_of_hash(self._session.token_hash, touch=True)

    def beat(self, number: int) -> None:
        """Say that the relay reaches this page, and how it and its colleagues stand."""
        hospital = self._person.hospital
        presence, clock = self._parts.presence, self._parts.clock
        consoles = presence.consoles({hospital} if hospital else ())
        left_us = (
            None if self.rests or self.rests_at_us is None else self.rests_at_us - clock.now_us()
        )
        lost = (c for c in consoles.lost if c.who != self._person.display_name)
        self._say(
            feed.Beat(
                number,
                clock.now_us(),
                presence.is_armed(self),
                consoles.pages,
                consoles.armed,
                tuple(feed.ConsoleLost(c.who, c.since_us, c.why) for c in lost),
                {} if self.rests else self._parts.ages.of(hospital),
                tuple(feed.Trouble(**told) for told in self._parts.storing.troubles()),
                None if left_us is None else max(0, left_us // 1_000_000),
            )
        )

    async def _watch(self, asked: feed.Watch) -> None:
        if len(self._viewer.watched) >= MAX_WATCHED:
            raise RemoteProtocolError(f"A page watches at most {MAX_WATCHED} recordings.")
        stream = await self._parts.cases.watch(self._person, asked.stream)
        await self._parts.hub.watch(self._viewer, stream, asked.look_back_s)

    # what goes out

    async def _send(self) -> None:
        """Send what the viewer has; a send that does not finish in time ends this feed alone."""
        while True:
            message = self._viewer.take()
            if message is not None and not await self._sent(message):
                return
            if self._viewer.lost_texts:
                self._viewer.lost_texts = False
                await self._catch_up()
            elif message is None:
                self._viewer.wake.clear()
                await self._viewer.wake.wait()

    async def _sent(self, message: str | bytes) -> bool:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._wire.send(message)
        except TimeoutError:
            log.info("feed-too-slow", user=self._person.name)
            self._parts.hub.gone(self._viewer)
            self.leave(CLOSE_SLOW, "This page was too slow; reload it.")
            return False
        return True

    def hear(self, text: str, shows: Shows | None) -> None:
        """Send a text soon, and write down whom it showed."""
        if shows is not None:
            self._shows(shows.listed, [shows.id])
        if self._held is None:
            self._viewer.offer_text(text)
        else:
            self._held.append(text)

    def read_again(self) -> None:
        """Texts for this page were lost: every row is sent anew."""
        self._viewer.texts_were_lost()

    async def _catch_up(self) -> None:
        """Every row, and what was said while they were read after them: no older row after a newer one."""
        self._held = deque(maxlen=MAX_QUEUED_TEXTS + 1)  # one too many, and it begins again
        try:
            rows = await self._parts.every_row.texts(self._session, self._shows, rests=self.rests)
            self._viewer.offer_all(rows)
        finally:
            held, self._held = self._held, None
            for text in held:
                self._viewer.offer_text(text)

    def _shows(self, kind: str, ids: Sequence[object]) -> None:
        """Written down: which cases and calls were on this person's page."""
        self._parts.witness.showed(kind, self._person.hospital or "", ids, self._asker)

    # the session

    @property
    def user(self) -> str:
        """Whose page it is."""
        return self._person.name

    @property
    def token_hash(self) -> str:
        """What is stored of this feed's session."""
        return self._session.token_hash

    def session_ended(self, why: SessionEnd) -> None:
        """Close: the session is over; the page says why, in words, and that it will not ring."""
        if why is SessionEnd.SIGNED_OUT:
            self._parts.presence.ended(self._console)
        self._parts.hub.gone(self._viewer)
        self.leave(CLOSE_SESSION_ENDED, f"{why.value}: {ENDED[why]}")

    async def rights_lost(self, why: Lost) -> None:
        """The session is over, or its person is another than it was: another role, another hospital."""
        if why is Lost.CHANGED:
            self.session_changed()
        else:
            self.session_ended(await self._parts.people.why_ended(self.token_hash))

    def session_changed(self) -> None:
        """Close so that the page comes back at once with what its session may do now."""
        self._parts.hub.gone(self._viewer)
        self.leave(CLOSE_SESSION_CHANGED, "Come back at once.")


def groups_of(person: Person, *, rests: bool) -> frozenset[str]:
    """What a person's page hears: cases of their hospital, calls they may see, nothing else.

    A page that rests hears what may ring at its hospital, and nothing of a patient.
    """
    groups, role = set(), person.role
    if has(role, Permission.INCIDENTS_READ) and person.hospital is not None:
        groups.add((resting_pages if rests else hospital_pages)(person.hospital))
    if rests:
        return frozenset(groups)
    if has(role, Permission.CALLS_READ):
        groups.add(DISPATCHERS)
    elif has(role, Permission.CALLS_WATCH):
        groups |= {shared_with(*one) for one in watcher_of(person, "").may_see}
    return frozenset(groups)
