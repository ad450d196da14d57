"""Who may come in. Every route names its permission and its relation to the case here; without them it is refused.

``GuardedRoute`` cannot be built without them. So a forgotten permission stops the start-up; it does not wait for a
stranger to find it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.requests import HTTPConnection

from relay.auth.tokens import CALLER_COOKIE, COOKIE, bearer_of
from relay.errors import (
    BadInput,
    Gone,
    LocalProtocolError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RelayError,
    SessionRests,
    TokenWithdrawn,
)
from relay.model.asker import ASKER, Asker
from relay.model.people import Device, Permission, Person, Role, Session, require
from relay.services.calls.callers import Phone
from relay.services.ground.access import Relation, asker_of, asker_of_device, asker_of_phone
from relay.services.ground.watcher import Watcher, watcher_of, watcher_of_device
from relay.services.ground.witness import AccessWitness, Act, Look, Nothing, Written
from relay.services.relay import Relay
from relay.web.bodies import takes_of
from relay.web.cookies import kept
from relay.web.headers import is_too_long, limited
from relay.web.places import owner_of
from relay.web.problems import TooLong

OPEN_TO_ALL = Nothing("anybody may know it")
ABOUT_ONESELF = Nothing("it tells a person about themselves alone")
FOR_THE_PICTURE = Nothing("it is part of a look or a sending that is written down where it begins")


def relay_of(connection: HTTPConnection) -> Relay:
    """The running relay behind this request."""
    return cast(Relay, connection.app.state.relay)


class Guard:
    """Three words about a route: which permission, which relation, what is written down."""

    permission: Permission | None = None
    relation = Relation.NONE
    written: Written

    async def __call__(self, connection: HTTPConnection) -> Any:
        """Let somebody in, and write it down; a refusal is written down too.

        Raises:
            NotSignedIn: nobody is known by what they showed.
            NotAllowed: the role does not hold the permission.
            NotFound: they do not stand to the case or call as the relation asks.
            Gone: a caller's link opens nothing.
        """
        relay, here = relay_of(connection), Asker(address=address_of(connection))
        ASKER.set(here)
        try:
            proof, asker = await self.known(relay, connection)
            ASKER.set(replace(asker, address=here.address))
            who, subject = await self.admitted(relay, connection, proof)
        except (NotSignedIn, NotAllowed, NotFound, Gone) as error:
            if self._counts(connection, error):
                code, route = f"refused-{error.code}", _route_of(connection)
                relay.ground.witness.refused(code, route, of_token(error))
            raise
        await self._write_down(relay.ground.witness, subject, connection.path_params)
        return who

    async def known(self, relay: Relay, connection: HTTPConnection) -> tuple[Any, Asker]:
        """Who they are by what they showed."""
        raise NotImplementedError

    async def admitted(
        self, relay: Relay, connection: HTTPConnection, proof: Any
    ) -> tuple[object, UUID | None]:
        """What the endpoint gets, and which case or call it is about; raises where they may not."""
        raise NotImplementedError

    def _counts(self, connection: HTTPConnection, error: RelayError) -> bool:
        """Whether a refusal says something: not where a page rests, nor where one without anybody asks who it is."""
        if isinstance(error, SessionRests):
            return False
        showed = bool(connection.cookies) or "authorization" in connection.headers
        return showed or not isinstance(self.written, Nothing)

    async def _write_down(
        self, witness: AccessWitness, subject: UUID | None, path: Mapping[str, Any]
    ) -> None:
        look = self.written
        if not isinstance(look, Look) or look.listed:
            return
        about = {name: str(path[name]) for name in ("snapshot", "stream", look.per) if name in path}
        part = (str(path[look.per]),) if look.per else ()
        await witness.look(look.kind, str(subject or ""), *part, **about)


class Public(Guard):
    """Anybody may. The route says so on purpose."""

    def __init__(self, written: Written = OPEN_TO_ALL) -> None:
        self.written = written

    async def known(self, _relay: Relay, _connection: HTTPConnection) -> tuple[None, Asker]:
        """Nobody in particular."""
        return None, Asker()

    async def admitted(self, *_: object) -> tuple[None, None]:
        """Everybody is."""
        return None, None


class Needs(Guard):
    """A session, a permission (None: any signed-in person) and a relation to the case."""

    def __init__(
        self,
        permission: Permission | None,
        relation: Relation,
        written: Written,
        *,
        rests: bool = False,
    ) -> None:
        self.permission = permission
        self.relation = relation
        self.written = written
        self._rests = rests
        """Whether a session that rests may come in too."""

    async def known(self, relay: Relay, connection: HTTPConnection) -> tuple[Session, Asker]:
        """The session of the cookie."""
        cookie = kept(connection, COOKIE)
        if self._rests:
            session = (await relay.people.people.ringing_session(cookie))[0]
        else:
            by_hand = isinstance(self.written, Act) and self.written.by_hand
            session = await relay.people.people.session(cookie, touch=by_hand)
        return session, asker_of(session)

    async def admitted(
        self, relay: Relay, connection: HTTPConnection, proof: Session
    ) -> tuple[Session, UUID | None]:
        """The session."""
        if self.permission is not None:
            require(proof.person.role, self.permission)
        if self.relation is Relation.ADDRESSED:
            return proof, await self._case(relay, proof.person, connection.path_params)
        if self.relation is Relation.SHARED:
            watcher = watcher_of(proof.person, "")
            return proof, await check_call(relay, watcher, connection)
        if self.relation is Relation.OWN_DEVICE:
            await relay.alarm.devices.owned(
                proof.person, _uuid(connection.path_params.get("device"))
            )
        return proof, None

    async def _case(self, relay: Relay, person: Person, path: Mapping[str, Any]) -> UUID:
        """The case of what the path names, where it is addressed to the person's hospital."""
        if "incident" in path:
            return (await relay.cases.cases.check(person, _uuid(path["incident"]))).id
        if "stream" in path:
            return (await relay.cases.cases.stream(person, _uuid(path["stream"]))).incident
        if "snapshot" in path:
            return (await relay.cases.cases.snapshot(person, _uuid(path["snapshot"]))).incident
        raise LocalProtocolError("The route names no case, recording or snapshot in its path.")


class Watches(Guard):
    """A session or a tablet's token, the right to watch, and a share of the call in the path."""

    permission = Permission.CALLS_WATCH

    def __init__(self, written: Written, relation: Relation = Relation.SHARED) -> None:
        self.written = written
        self.relation = relation

    async def known(
        self, relay: Relay, connection: HTTPConnection
    ) -> tuple[tuple[Role, Watcher], Asker]:
        """The tablet of the token, or the session of the cookie."""
        token = bearer_of(connection.headers.get("authorization"))
        if token is not None:
            device = await relay.people.people.device(token)
            return (Role.DEVICE, watcher_of_device(device)), asker_of_device(device)
        session = await relay.people.people.session(kept(connection, COOKIE))
        watcher = watcher_of(session.person, session.token_hash)
        return (session.person.role, watcher), asker_of(session)

    async def admitted(
        self, relay: Relay, connection: HTTPConnection, proof: tuple[Role, Watcher]
    ) -> tuple[Watcher, UUID | None]:
        """Who watches."""
        role, watcher = proof
        require(role, self.permission)
        if self.relation is Relation.SHARED:
            return watcher, await check_call(relay, watcher, connection)
        return watcher, None


class WatchesCabin(Guard):
    """A session, the right to look into cabins, and a relation to the case in the path."""

    permission = Permission.CABIN_WATCH
    relation = Relation.CABIN

    def __init__(self, written: Written) -> None:
        self.written = written

    async def known(self, relay: Relay, connection: HTTPConnection) -> tuple[Session, Asker]:
        """The session of the cookie."""
        session = await relay.people.people.session(kept(connection, COOKIE))
        return session, asker_of(session)

    async def admitted(
        self, relay: Relay, connection: HTTPConnection, proof: Session
    ) -> tuple[Watcher, UUID]:
        """Who watches."""
        require(proof.person.role, self.permission)
        incident = _uuid(connection.path_params.get("incident"))
        await relay.cabin.cabins.check(proof.person, incident)
        return watcher_of(proof.person, proof.token_hash), incident


class OwnCase(Guard):
    """A tablet's token, and the case in the path is its ambulance's own."""

    permission = Permission.STREAM_SEND
    relation = Relation.OWN_CASE

    def __init__(self, written: Written) -> None:
        self.written = written

    async def known(self, relay: Relay, connection: HTTPConnection) -> tuple[Device, Asker]:
        """The tablet of the token."""
        token = bearer_of(connection.headers.get("authorization"))
        device = await relay.people.people.device(token)
        return device, asker_of_device(device)

    async def admitted(
        self, relay: Relay, connection: HTTPConnection, proof: Device
    ) -> tuple[Device, UUID]:
        """The tablet; not where the case is another ambulance's, or there is none yet."""
        incident = _uuid(connection.path_params.get("incident"))
        await relay.cabin.cabins.check_own(proof, incident)
        return proof, incident


class HoldsLink(Guard):
    """The caller's phone, by the cookie its link gave it; a bearer token where that is allowed."""

    relation = Relation.HOLDS_LINK

    def __init__(self, written: Written, *, also_ended: bool = False, bearer: bool = False) -> None:
        self.written = written
        self._also_ended = also_ended
        self._bearer = bearer

    async def known(self, relay: Relay, connection: HTTPConnection) -> tuple[Phone, Asker]:
        """The phone that holds the link."""
        token = bearer_of(connection.headers.get("authorization"))
        if self._bearer and token is not None:
            phone = await relay.calls.callers.bearer(token, owner_of(address_of(connection)))
        else:
            cookie = kept(connection, CALLER_COOKIE)
            phone = await relay.calls.callers.phone(cookie, also_ended=self._also_ended)
        return phone, asker_of_phone(phone.phone_hash)

    async def admitted(self, _: Relay, __: HTTPConnection, proof: Phone) -> tuple[Phone, UUID]:
        """The phone and its call."""
        return proof, proof.call


class Door(Public):
    """The three words of a socket; the endpoint asks, so that it can refuse in the socket's own words."""

    def __init__(self, permission: Permission | None, relation: Relation, written: Written) -> None:
        super().__init__(written)
        self.permission = permission
        self.relation = relation

    async def _write_down(self, *_: object) -> None:
        """The endpoint does, once it knows who came."""


def of_token(error: RelayError) -> Asker | None:
    """Who asks, where it is only known whose token it once was; None: whoever is known already."""
    if not isinstance(error, TokenWithdrawn):
        return None
    return replace(ASKER.get(), who=f"unit:{error.unit}"[:64])


def _route_of(connection: HTTPConnection) -> str:
    """The route as it is written down: its path without what stands in it."""
    path = getattr(connection.scope.get("route"), "path", "-")
    return f"{connection.scope.get('method', 'WS')} {path}"


def address_of(connection: HTTPConnection) -> str:
    """The network address of whoever asks, for counting tries."""
    return connection.client.host if connection.client else "-"


async def check_call(relay: Relay, watcher: Watcher, connection: HTTPConnection) -> UUID:
    """The call in the path, where this one may see it.

    Raises:
        NotFound: they may not, or there is none.
    """
    return (
        await relay.calls.calls.check(watcher, _uuid(connection.path_params.get("call")))
    ).call.id


def _uuid(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise NotFound("There is no such thing here.") from None


def guards_of(dependant: Dependant) -> list[Guard]:
    """The guards among a route's dependencies."""
    calls: list[object] = [dependency.call for dependency in dependant.dependencies]
    return [call for call in calls if isinstance(call, Guard)]


def queries_of(dependant: Dependant) -> set[str]:
    """Names a route's query may hold, with those of its dependencies."""
    own = {field.alias for field in dependant.query_params}
    return own.union(*(queries_of(dependency) for dependency in dependant.dependencies))


class GuardedRoute(APIRoute):
    """A route that cannot be made without exactly one guard."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if len(guards_of(self.dependant)) != 1:
            raise LocalProtocolError(f"The route {path} must name one guard of relay/web/guard.py.")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI's, but a query that the route does not know is refused: it was meant to do something."""
        handle = super().get_route_handler()
        known = queries_of(self.dependant)
        most_bytes = takes_of(self.endpoint)

        async def strict(request: Request) -> Response:
            if is_too_long(request.headers, most_bytes):
                raise TooLong(most_bytes)
            request = Request(request.scope, limited(request.receive, most_bytes))
            extra = sorted(set(request.query_params) - known)
            if extra and request.url.path.startswith("/api/"):
                raise BadInput(f"This address takes no {extra[0]!r}; see docs/http.md.")
            return await handle(request)

        return strict


class GuardedRouter(APIRouter):
    """A router whose routes and sockets are all guarded."""

    def __init__(self) -> None:
        super().__init__(route_class=GuardedRoute)

    def add_api_websocket_route(self, path: str, *args: Any, **options: Any) -> None:
        """As FastAPI's, but a socket without exactly one ``Door`` is refused."""
        super().add_api_websocket_route(path, *args, **options)
        route = self.routes[-1]
        if not isinstance(route, APIWebSocketRoute) or len(guards_of(route.dependant)) != 1:
            raise LocalProtocolError(f"The socket {path} must name one Door of relay/web/guard.py.")


def guarded_router() -> GuardedRouter:
    """A router whose routes and sockets are all guarded."""
    return GuardedRouter()
