"""``/api/session``: signing in and out."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from relay.auth.tokens import COOKIE, KNOWN_COOKIE
from relay.causes import words
from relay.errors import NotAllowed, RelayError
from relay.model.people import Session
from relay.protocol.answers import Json
from relay.services.cases.render import me_json
from relay.services.ground.access import Relation
from relay.services.ground.witness import Act
from relay.web.asked import while_asked
from relay.web.bodies import Body
from relay.web.cookies import forget, keep, kept
from relay.web.guard import ABOUT_ONESELF, Needs, Public, address_of, guarded_router, relay_of
from relay.web.headers import foreign_origin, is_our_name
from relay.web.places import owner_of
from relay.web.refusals import Refusals

log = structlog.get_logger(__name__)
refusals = Refusals()
router = guarded_router()
KNOWN_LIFE_S = 400 * 86_400
"""As long as a browser keeps any cookie (RFC 6265bis)."""
SignedIn = Annotated[Session, Depends(Needs(None, Relation.NONE, ABOUT_ONESELF))]
Asking = Annotated[Session, Depends(Needs(None, Relation.NONE, ABOUT_ONESELF, rests=True))]
Waking = Annotated[Session, Depends(Needs(None, Relation.NONE, Act("session-woken"), rests=True))]
Changing = Annotated[Session, Depends(Needs(None, Relation.NONE, Act("password-changed")))]
Leaving = Annotated[Session, Depends(Needs(None, Relation.NONE, Act("signed-out"), rests=True))]


class Credentials(Body):
    """Who somebody says they are."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(max_length=256)]


def other_origin(origin: str) -> NotAllowed:
    """What to say where a page comes from a name this relay does not know as its own."""
    told = words("page-other-origin", origin=origin[:200])
    log.warning(told["cause"], origin=origin[:200])
    return NotAllowed(told["words_en"], told["cause"], origin=origin[:200])


@router.post("/api/session", dependencies=[Depends(Public(Act("signed-in")))])
async def sign_in(body: Credentials, request: Request) -> Response:
    """Sign in; the session's id goes into the cookie."""
    relay = relay_of(request)
    if (origin := foreign_origin(request.headers, relay.site)) is not None:
        raise other_origin(origin)  # the live feed would be refused for ever: say it now
    try:
        async with while_asked(request):
            session_id, person = await relay.people.people.sign_in(
                body.name, body.password, owner_of(address_of(request)), kept(request, KNOWN_COOKIE)
            )
    except RelayError as error:
        refusals.note(log, f"sign-in-refused-{error.code}", address_of(request))
        named = await relay.people.people.known(body.name)  # what is not a name may be a password
        relay.ground.witness.refused(f"sign-in-{error.code}", named)
        raise
    answer = JSONResponse(me_json(person))
    keep(answer, request, COOKIE, session_id)
    keep(answer, request, KNOWN_COOKIE, relay.people.people.mark_of(session_id), KNOWN_LIFE_S)
    return answer


class Again(Body):
    """The password of the person whose session rests."""

    password: Annotated[str, Field(max_length=256)]


@router.post("/api/session/wake")
async def wake(body: Again, session: Waking, request: Request) -> Json:
    """You are here again: the resting session of the cookie shows cases as before."""
    relay = relay_of(request)
    try:
        async with while_asked(request):
            person = await relay.people.people.wake(session, body.password)
    except RelayError as error:
        relay.ground.witness.refused(f"wake-{error.code}", session.person.name)
        raise
    return me_json(person)


class NewPassword(Body):
    """The password a person has, and the one they want."""

    old: Annotated[str, Field(max_length=256)]
    new: Annotated[str, Field(max_length=256)]


@router.post("/api/session/password", status_code=204)
async def change_password(body: NewPassword, session: Changing, request: Request) -> Response:
    """Your own password is another one; every other session of yours ends."""
    relay = relay_of(request)
    try:
        async with while_asked(request):
            await relay.people.people.change_own_password(session, body.old, body.new)
    except RelayError as error:
        if error.cause in {"", "password-old-wrong"}:
            relay.ground.witness.refused(f"password-{error.code}", session.person.name)
        raise
    return Response(status_code=204)


@router.get("/api/session")
async def who_am_i(session: SignedIn) -> Json:
    """Who is signed in."""
    return me_json(session.person)


@router.get("/api/session/feed")
async def why_no_feed(
    session: Asking, request: Request, origin: Annotated[str, Query(max_length=200)]
) -> Json:
    """Why a page of this origin whose requests are answered cannot dial the live feed."""
    ours = is_our_name(origin, request.headers, relay_of(request).site)
    told = words("page-feed-blocked") if ours else words("page-other-origin", origin=origin)
    log.warning(told["cause"], origin=origin, role=session.person.role.value)
    return dict(told)


@router.delete("/api/session", status_code=204)
async def sign_out(session: Leaving, request: Request) -> Response:
    """Sign out, of a session that rests too; its open feeds close."""
    await relay_of(request).people.people.sign_out(session)
    answer = Response(status_code=204)
    forget(answer, request, COOKIE)
    return answer
