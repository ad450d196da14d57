"""``/api/session``: signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from relay.auth.tokens import COOKIE
from relay.model.people import Session
from relay.services.render import Json, me_json
from relay.web.cookies import forget, keep
from relay.web.guard import Needs, Public, address_of, guarded_router, relay_of

router = guarded_router()
SignedIn = Annotated[Session, Depends(Needs(None))]


class Credentials(BaseModel):
    """Who somebody says they are."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(max_length=256)]


@router.post("/api/session", dependencies=[Depends(Public())])
async def sign_in(body: Credentials, request: Request) -> Response:
    """Sign in; the session's id goes into the cookie."""
    relay = relay_of(request)
    session_id, person = await relay.people.sign_in(body.name, body.password, address_of(request))
    answer = JSONResponse(me_json(person))
    keep(answer, request, COOKIE, session_id)
    return answer


@router.get("/api/session")
async def who_am_i(session: SignedIn) -> Json:
    """Who is signed in."""
    return me_json(session.person)


@router.delete("/api/session", status_code=204)
async def sign_out(session: SignedIn, request: Request) -> Response:
    """Sign out; open feeds of this session close."""
    await relay_of(request).people.sign_out(session)
    answer = Response(status_code=204)
    forget(answer, request, COOKIE)
    return answer
