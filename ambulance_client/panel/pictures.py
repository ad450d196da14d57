"""Live pictures on the crew's page: the words of WHEP pass through the tablet, the media does not.

The page never holds the device token. Its requests go to the same addresses as at the relay, and
only those: the tablet adds the token. Packets then travel straight between relay and page.
"""

from __future__ import annotations

from uuid import UUID

from fastapi import FastAPI, Request, Response

from ambulance_client.relay_http import RelayRequest
from ambulance_client.tablet import Tablet

MOST_SDP_BYTES = 32_768
REFUSALS = {401, 403, 404, 409}
WHEP = "/api/calls/{call}/whep"


def add_pictures(app: FastAPI) -> None:
    """Put the picture routes on the panel's application."""
    app.get("/api/calls/{call}")(_call)
    app.get("/api/calls/{call}/ice")(_ice)
    app.get("/api/calls/{call}/stills/{still}")(_still)
    app.get("/api/calls/{call}/glimpses")(_glimpses)
    app.get("/api/calls/{call}/glimpses/{at_us}")(_glimpse)
    app.post(WHEP)(_watch)
    app.get(WHEP + "/{session}")(_line)
    app.patch(WHEP + "/{session}")(_patch)
    app.delete(WHEP + "/{session}")(_leave)


async def _call(call: UUID, request: Request) -> Response:
    return await _passed(request, "GET", f"/api/calls/{call}")


async def _ice(call: UUID, request: Request) -> Response:
    return await _passed(request, "GET", f"/api/calls/{call}/ice")


async def _still(call: UUID, still: UUID, request: Request) -> Response:
    return await _passed(request, "GET", f"/api/calls/{call}/stills/{still}")


async def _glimpses(call: UUID, request: Request) -> Response:
    return await _passed(request, "GET", f"/api/calls/{call}/glimpses")


async def _glimpse(call: UUID, at_us: int, request: Request) -> Response:
    return await _passed(request, "GET", f"/api/calls/{call}/glimpses/{at_us}")


async def _line(call: UUID, session: UUID, request: Request) -> Response:
    return await _passed(request, "GET", f"/api/calls/{call}/whep/{session}")


async def _watch(call: UUID, request: Request) -> Response:
    return await _passed(request, "POST", f"/api/calls/{call}/whep")


async def _patch(call: UUID, session: UUID, request: Request) -> Response:
    return await _passed(request, "PATCH", f"/api/calls/{call}/whep/{session}")


async def _leave(call: UUID, session: UUID, request: Request) -> Response:
    return await _passed(request, "DELETE", f"/api/calls/{call}/whep/{session}")


async def _passed(request: Request, method: str, path: str) -> Response:
    tablet: Tablet = request.app.state.tablet
    body = await _body(request)
    if body is None:
        return Response(status_code=413)
    media_type = request.headers.get("content-type", "") if body else ""
    reply = await tablet.video.http.ask(RelayRequest(method, path, body, media_type))
    if reply.status in REFUSALS:  # the share may have ended: show what is true at once
        tablet.video.shared.poke()
    headers: dict[str, str] = {"Location": reply.location} if reply.location else {}
    return Response(reply.body, reply.status, headers, media_type=reply.media_type or None)


async def _body(request: Request) -> bytes | None:
    """The body, None where it is larger than any session description."""
    taken = b""
    async for part in request.stream():
        taken += part
        if len(taken) > MOST_SDP_BYTES:
            return None
    return taken
