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

from relay.auth.tokens import COOKIE
from relay.errors import LocalProtocolError, NotFound
from relay.model.people import Permission, Session, require
from relay.services.relay import Relay


class Relation(Enum):
    """How the person must stand to what the route touches."""

    NONE = "nothing of a case is touched"
    OWN_HOSPITAL = "only cases addressed to the person's hospital are listed"
    ADDRESSED = "the case in the path is addressed to the person's hospital"


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
        session = await relay.people.session(connection.cookies.get(COOKIE))
        if self.permission is not None:
            require(session.person.role, self.permission)
        if self.relation is Relation.ADDRESSED:
            await self._check_case(relay, session, connection.path_params)
        return session

    async def _check_case(self, relay: Relay, session: Session, path: dict[str, Any]) -> None:
        for kind, check in _checks(relay).items():
            if kind in path:
                await check(session.person, _uuid(path[kind]))
                return
        raise LocalProtocolError("The route names no case, recording or snapshot in its path.")


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
            raise LocalProtocolError(f"The route {path} must name one guard: Needs or Public.")


def guarded_router() -> APIRouter:
    """A router whose HTTP routes are all guarded."""
    return APIRouter(route_class=GuardedRoute)
