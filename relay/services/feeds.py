"""The pages' feeds: changed rows and timeline entries to every page of the addressed hospitals.

Texts are made once per change and handed to every page; a page that lost some gets all rows anew.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import structlog

from relay.bus.port import Bus, Overflow
from relay.errors import NotSignedIn, RelayError, RemoteProtocolError
from relay.model.clock import Clock
from relay.model.incident import Incident, IncidentState
from relay.model.people import Permission, Person, Session, has
from relay.protocol import feed
from relay.protocol.link import CLOSE_PROTOCOL, CLOSE_RESTART
from relay.services.alerting import Alerting
from relay.services.call_book import DISPATCHERS, share_topic, watcher_of
from relay.services.calls import Calls
from relay.services.cases import Cases
from relay.services.journal import CASES, CaseChanged, hospital_topic
from relay.services.live import LiveHub, Viewer
from relay.services.people import SESSION_ENDED, People
from relay.services.render import entry_message, me_json
from relay.services.wire import (
    CLOSE_BROKEN,
    CLOSE_SESSION_ENDED,
    CLOSE_SLOW,
    SEND_TIMEOUT_S,
    Wire,
)

log = structlog.get_logger(__name__)
GATHER_S = 0.1
CHECK_SESSIONS_EVERY_S = 2.0
MAX_WATCHED = 64


class FeedPublisher:
    """Turns changes of cases into feed texts, once for all pages."""

    def __init__(self, bus: Bus, cases: Cases) -> None:
        self._bus = bus
        self._cases = cases
        self._dirty: dict[UUID, Incident] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._rows())

    async def _listen(self) -> None:
        async for message in self._bus.subscribe(CASES, limit=10_000):
            if isinstance(message, CaseChanged):
                for entry in message.entries:
                    self._publish(message.incident, feed.to_text(entry_message(entry)))
                self._dirty[message.incident.id] = message.incident
                self._wake.set()
            else:
                log.error("feed-publisher-overflow", message=repr(message))

    async def _rows(self) -> None:
        """Rows of changed cases, gathered for a tenth of a second."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            dirty, self._dirty = self._dirty, {}
            for incident in dirty.values():
                try:
                    row = await self._cases.row(incident.id)
                except RelayError as error:
                    log.warning("row-not-published", reason=str(error))
                    self._dirty[incident.id] = incident
                    continue
                if row is not None:
                    self._publish(incident, feed.to_text(feed.IncidentChanged(row)))

    def _publish(self, incident: Incident, text: str) -> None:
        for hospital in incident.hospitals:
            self._bus.publish(hospital_topic(hospital), text)


class FeedRegistry:
    """Every open feed of this relay, and the end of those whose session has ended."""

    def __init__(self, bus: Bus, people: People) -> None:
        self._bus = bus
        self._people = people
        self._all: set[FeedSession] = set()
        self.closing = False

    def joined(self, session: FeedSession) -> None:
        """A feed was accepted."""
        self._all.add(session)
        if self.closing:
            session.leave(CLOSE_RESTART, "The relay restarts; come back at once.")

    def left(self, session: FeedSession) -> None:
        """A feed is gone."""
        self._all.discard(session)

    @property
    def count(self) -> int:
        """How many pages are connected."""
        return len(self._all)

    @property
    def armed(self) -> int:
        """How many of them may make a sound."""
        return sum(session.armed for session in self._all)

    def goodbye(self) -> None:
        """The relay is going away."""
        self.closing = True
        for session in list(self._all):
            session.leave(CLOSE_RESTART, "The relay restarts; come back at once.")

    async def run(self) -> None:
        """End feeds until cancelled: at once on sign-out, soon on expiry."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._on_sign_out())
            group.create_task(self._on_expiry())

    async def _on_sign_out(self) -> None:
        async for ended in self._bus.subscribe(SESSION_ENDED):
            for session in [s for s in self._all if s.token_hash == ended]:
                session.session_ended()

    async def _on_expiry(self) -> None:
        """One question for all feeds, so that many pages cost no more than one."""
        while True:
            await asyncio.sleep(CHECK_SESSIONS_EVERY_S)
            feeds = list(self._all)
            try:
                alive = await self._people.alive([s.token_hash for s in feeds]) if feeds else set()
            except RelayError as error:
                log.warning("sessions-not-checked", reason=str(error))
                continue
            for session in feeds:
                if session.token_hash not in alive:
                    session.session_ended()


@dataclass(frozen=True, slots=True)
class FeedParts:
    """What every feed shares."""

    bus: Bus
    clock: Clock
    hub: LiveHub
    cases: Cases
    calls: Calls
    alerting: Alerting
    people: People
    registry: FeedRegistry


class FeedSession:
    """The relay's side of one page's feed."""

    def __init__(self, session: Session, wire: Wire, parts: FeedParts) -> None:
        self._session = session
        self._person = session.person
        self._wire = wire
        self._parts = parts
        self._viewer = Viewer()
        self._leaving: asyncio.Task[None] | None = None
        self.armed = False
        self._console = console_of(session)

    async def run(self, incoming: AsyncIterator[str | bytes]) -> None:
        """Serve until the socket ends."""
        self._parts.registry.joined(self)
        self._say(feed.FeedWelcome(me_json(self._person), self._parts.clock.now_us()))
        tasks = [
            asyncio.create_task(self._guarded(work)) for work in (self._send(), self._listen())
        ]
        try:
            async for message in incoming:
                if self._leaving is None:
                    await self._take(message)
        finally:
            self._parts.registry.left(self)
            self._parts.hub.gone(self._viewer)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
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
        except NotSignedIn:
            self.session_ended()
        except RelayError as error:
            self._say(feed.FeedRefusal(error.code, str(error)))

    async def _act(self, asked: feed.FromPage) -> None:
        match asked:
            case feed.FeedPing():
                self._say(feed.FeedPong(asked.page_us, self._parts.clock.now_us()))
                return
            case feed.Watch():
                await self._watch(asked)
            case feed.Unwatch():
                self._parts.hub.unwatch(self._viewer, asked.stream)
            case feed.Console():
                self.armed = asked.armed
            case feed.Delivered():
                await self._parts.alerting.delivered(asked.alert, self._person, self._console)
            case feed.Shown():
                await self._parts.alerting.shown(asked.snapshot, self._person, self._console)
        await self._parts.people.session_of_hash(self._session.token_hash, touch=True)

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
            if message is None:
                self._viewer.wake.clear()
                await self._viewer.wake.wait()
                continue
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._wire.send(message)
            except TimeoutError:
                log.info("feed-too-slow", user=self._person.name)
                self._parts.hub.gone(self._viewer)
                self.leave(CLOSE_SLOW, "This page was too slow; reload it.")
                return
            if self._viewer.lost_texts:
                self._viewer.lost_texts = False
                await self._all_rows()

    async def _listen(self) -> None:
        """Hand this person's texts to the viewer."""
        topics = topics_of(self._person)
        if not topics:
            return
        subscription = self._parts.bus.subscribe(*topics)
        try:
            async for message in subscription:
                if isinstance(message, Overflow):
                    await self._all_rows()
                elif isinstance(message, str):
                    self._viewer.offer_text(message)
        finally:
            subscription.close()

    async def _all_rows(self) -> None:
        """Every open case's and call's row, for a page that may have missed some."""
        if has(self._person.role, Permission.INCIDENTS_READ):
            rows = await self._parts.cases.rows(self._person.hospital, IncidentState.OPEN)
            for row in reversed(rows):
                self._say(feed.IncidentChanged(row))
        if has(self._person.role, Permission.CALLS_WATCH):
            watcher = watcher_of(self._person, self._session.token_hash)
            for call in reversed(await self._parts.calls.list(watcher)):
                self._say(feed.CallChanged(call))

    # the session

    @property
    def token_hash(self) -> str:
        """What is stored of this feed's session."""
        return self._session.token_hash

    def session_ended(self) -> None:
        """Close: the person has signed out, or did nothing for too long."""
        self._parts.hub.gone(self._viewer)
        self.leave(CLOSE_SESSION_ENDED, "Your session has ended; sign in again.")


def topics_of(person: Person) -> tuple[str, ...]:
    """What a person's pages hear: cases of their hospital, calls they may see, nothing else."""
    topics = set()
    if has(person.role, Permission.INCIDENTS_READ) and person.hospital is not None:
        topics.add(hospital_topic(person.hospital))
    if has(person.role, Permission.CALLS_READ):
        topics.add(DISPATCHERS)
    elif has(person.role, Permission.CALLS_WATCH):
        topics |= {share_topic(*one) for one in watcher_of(person, "").may_see}
    return tuple(sorted(topics))


def console_of(session: Session) -> str:
    """A short stable name of the browser a session lives in; says nothing about its id."""
    mark = hashlib.sha256(f"console {session.token_hash}".encode()).hexdigest()[:6]
    return f"{session.person.hospital or 'city'}-{mark}"
