"""Who may come in: every route names its permission and its relation to the case here, or is refused.

``GuardedRoute`` refuses to be built without such a word, so that forgetting it is found at start-up
and not by a stranger.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, cast
from uuid import UUID

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from relay.auth.tokens import CALLER_COOKIE, COOKIE, bearer_of
from relay.errors import LocalProtocolError, NotFound
from relay.model.people import Device, Permission, Role, Session, require
from relay.services.call_book import Watcher, watcher_of, watcher_of_device
from relay.services.callers import Phone
from relay.services.relay import Relay
from relay.web.cookies import kept


class Relation(Enum):
    """How the person must stand to what the route touches."""

    NONE = "nothing of a case is touched"
    OWN_HOSPITAL = "only cases addressed to the person's hospital are listed"
    ADDRESSED = "the case in the path is addressed to the person's hospital"
    SHARED = "the call in the path is shared with the person's place, or the role sees every call"
    CABIN = "the case in the path is addressed to the person's hospital, or began as a 119 call"
    OWN_CASE = "the case in the path is this tablet's own"
    HOLDS_LINK = "the phone's cookie or bearer token holds the link of its one call"


def relay_of(connection: HTTPConnection) -> Relay:
    """The running relay behind this request."""
    return cast(Relay, connection.app.state.relay)


class Guard:
    """Base of what counts as a word about who may come in."""


class Public(Guard):
    """Anybody may. The route says so on purpose."""

    async def __call__(self) -> None:
        """Let everybody in."""


class Needs(Guard):
    """A session, a permission (None: any signed-in person) and a relation to the case."""

    def __init__(self, permission: Permission | None, relation: Relation = Relation.NONE) -> None:
        self.permission = permission
        self.relation = relation

    async def __call__(self, connection: HTTPConnection) -> Session:
        """The session.

        Raises:
            NotSignedIn: there is none.
            NotAllowed: the role does not hold the permission.
            NotFound: the case is not addressed to the person's hospital.
        """
        relay = relay_of(connection)
        session = await relay.people.session(kept(connection, COOKIE))
        if self.permission is not None:
            require(session.person.role, self.permission)
        if self.relation is Relation.ADDRESSED:
            await self._check_case(relay, session, connection.path_params)
        if self.relation is Relation.SHARED:
            await check_call(relay, watcher_of(session.person, ""), connection)
        return session

    async def _check_case(self, relay: Relay, session: Session, path: dict[str, Any]) -> None:
        for kind, check in _checks(relay).items():
            if kind in path:
                await check(session.person, _uuid(path[kind]))
                return
        raise LocalProtocolError("The route names no case, recording or snapshot in its path.")


class Watches(Guard):
    """A session or a tablet's token, the right to watch, and a share of the call in the path."""

    permission = Permission.CALLS_WATCH

    def __init__(self, relation: Relation = Relation.SHARED) -> None:
        self.relation = relation

    async def __call__(self, connection: HTTPConnection) -> Watcher:
        """Who watches.

        Raises:
            NotSignedIn: neither a session nor a known tablet.
            NotAllowed: the role does not hold the permission.
            NotFound: the call is not shared with them.
        """
        relay = relay_of(connection)
        token = bearer_of(connection.headers.get("authorization"))
        if token is not None:
            require(Role.DEVICE, self.permission)
            watcher = watcher_of_device(await relay.people.device(token))
        else:
            session = await relay.people.session(kept(connection, COOKIE))
            require(session.person.role, self.permission)
            watcher = watcher_of(session.person, session.token_hash)
        if self.relation is Relation.SHARED:
            await check_call(relay, watcher, connection)
        return watcher


class WatchesCabin(Guard):
    """A session, the right to look into cabins, and a relation to the case in the path."""

    permission = Permission.CABIN_WATCH
    relation = Relation.CABIN

    async def __call__(self, connection: HTTPConnection) -> Watcher:
        """Who watches.

        Raises:
            NotSignedIn: there is no session.
            NotAllowed: the role does not hold the permission.
            NotFound: the case is none of theirs.
        """
        relay = relay_of(connection)
        session = await relay.people.session(kept(connection, COOKIE))
        require(session.person.role, self.permission)
        watcher = watcher_of(session.person, session.token_hash)
        incident = _uuid(connection.path_params.get("incident"))
        await relay.cabins.check(watcher, session.person, incident)
        return watcher


class OwnCase(Guard):
    """A tablet's token, and the case in the path is its ambulance's own."""

    permission = Permission.STREAM_SEND
    relation = Relation.OWN_CASE

    async def __call__(self, connection: HTTPConnection) -> Device:
        """The tablet.

        Raises:
            NotSignedIn: its token opens nothing.
            NotFound: the case is another ambulance's, or there is none yet.
        """
        relay = relay_of(connection)
        device = await relay.people.device(bearer_of(connection.headers.get("authorization")) or "")
        await relay.cabins.check_own(device, _uuid(connection.path_params.get("incident")))
        return device


class HoldsLink(Guard):
    """The caller's phone, by the cookie its link gave it; a bearer token where that is allowed."""

    relation = Relation.HOLDS_LINK

    def __init__(self, *, also_ended: bool = False, bearer: bool = False) -> None:
        self._also_ended = also_ended
        self._bearer = bearer

    async def __call__(self, connection: HTTPConnection) -> Phone:
        """The phone and its call.

        Raises:
            Gone: it holds no link, or the link opens nothing any more.
        """
        callers = relay_of(connection).callers
        token = bearer_of(connection.headers.get("authorization"))
        if self._bearer and token is not None:
            return await callers.bearer(token, address_of(connection))
        cookie = kept(connection, CALLER_COOKIE)
        return await callers.phone(cookie, also_ended=self._also_ended)


def address_of(connection: HTTPConnection) -> str:
    """The network address of whoever asks, for counting tries."""
    return connection.client.host if connection.client else "-"


async def check_call(relay: Relay, watcher: Watcher, connection: HTTPConnection) -> None:
    """Do nothing where this one may see the call in the path.

    Raises:
        NotFound: they may not, or there is none.
    """
    await relay.calls.check(watcher, _uuid(connection.path_params.get("call")))


def _checks(relay: Relay) -> dict[str, Callable[..., Any]]:
    return {
        "incident": relay.cases.check,
        "stream": relay.cases.stream,
        "snapshot": relay.cases.snapshot,
    }


def _uuid(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise NotFound("There is no such thing here.") from None


def guards_of(dependant: Dependant) -> list[Guard]:
    """The guards among a route's dependencies."""
    calls: list[object] = [dependency.call for dependency in dependant.dependencies]
    return [call for call in calls if isinstance(call, Guard)]


class GuardedRoute(APIRoute):
    """A route that cannot be made without exactly one guard."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if len(guards_of(self.dependant)) != 1:
            raise LocalProtocolError(f"The route {path} must name one guard of relay/web/guard.py.")


def guarded_router() -> APIRouter:
    """A router whose HTTP routes are all guarded."""
    return APIRouter(route_class=GuardedRoute)
