"""WHIP (RFC 9725) for the caller's phone, WHEP for whoever may look: SDP in, SDP out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from relay.errors import BadInput
from relay.protocol.answers import Json
from relay.services.calls.callers import Phone
from relay.services.ground.watcher import Watcher
from relay.services.ground.witness import Look, Nothing
from relay.video.port import Answer
from relay.web.guard import FOR_THE_PICTURE, HoldsLink, Watches, guarded_router, relay_of

router = guarded_router()
CALLERS_OWN = Nothing("the call's own timeline says when its camera was on")
Looker = Annotated[Watcher, Depends(Watches(Look("call-watched")))]
Glimpser = Annotated[Watcher, Depends(Watches(Look("glimpses-watched")))]
Connected = Annotated[Watcher, Depends(Watches(FOR_THE_PICTURE))]
Sender = Annotated[Phone, Depends(HoldsLink(CALLERS_OWN, bearer=True))]
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


@router.post("/live/whip")
async def publish(phone: Sender, request: Request) -> Response:
    """Begin to send video."""
    answer = await relay_of(request).calls.callers.publish(phone, await sdp_body(request, SDP))
    return created(answer, f"/live/whip/{answer.session}")


@router.patch("/live/whip/{session}")
async def patch_publisher(session: UUID, phone: Sender, request: Request) -> Response:
    """Trickled candidates, or an ICE restart."""
    body = await sdp_body(request, FRAGMENT)
    return fragment(await relay_of(request).calls.callers.patch(phone, session, body))


@router.delete("/live/whip/{session}", status_code=200)
async def unpublish(session: UUID, phone: Sender, request: Request) -> Response:
    """Stop sending video."""
    await relay_of(request).calls.callers.unpublish(phone, session)
    return Response()


@router.get("/api/calls/{call}/ice")
async def ice_servers(call: UUID, watcher: Connected, request: Request) -> Json:
    """Servers this viewer's browser may need to get through."""
    return {"ice_servers": relay_of(request).calls.viewers.ice(call)}


@router.post("/api/calls/{call}/whep")
async def watch(call: UUID, watcher: Looker, request: Request) -> Response:
    """Begin to watch."""
    answer = await relay_of(request).calls.viewers.watch(
        watcher, call, await sdp_body(request, SDP)
    )
    return created(answer, f"/api/calls/{call}/whep/{answer.session}")


@router.get("/api/calls/{call}/whep/{session}")
async def read_line(call: UUID, session: UUID, watcher: Connected, request: Request) -> Json:
    """What this viewer's line carries."""
    return relay_of(request).calls.viewers.line(watcher, call, session)


@router.get("/api/calls/{call}/glimpses")
async def ask_glimpses(call: UUID, watcher: Glimpser, request: Request) -> Json:
    """Wish for small pictures in place of video; the time of the newest."""
    return await relay_of(request).calls.glimpses.ask(call)


@router.get("/api/calls/{call}/glimpses/{at_us}")
async def read_glimpse(call: UUID, at_us: int, watcher: Connected, request: Request) -> Response:
    """The newest small picture."""
    return Response(relay_of(request).calls.glimpses.read(call, at_us), media_type="image/jpeg")


@router.patch("/api/calls/{call}/whep/{session}")
async def patch_viewer(call: UUID, session: UUID, watcher: Connected, request: Request) -> Response:
    """Trickled candidates, or an ICE restart."""
    body = await sdp_body(request, FRAGMENT)
    return fragment(await relay_of(request).calls.viewers.patch(watcher, call, session, body))


@router.delete("/api/calls/{call}/whep/{session}", status_code=200)
async def stop_watching(
    call: UUID, session: UUID, watcher: Connected, request: Request
) -> Response:
    """Stop watching."""
    await relay_of(request).calls.viewers.leave(watcher, call, session)
    return Response()


async def sdp_body(request: Request, media_type: str) -> bytes:
    """A session description's bytes.

    Raises:
        BadInput: something else was sent.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise BadInput(f"Send {media_type} here.")
    return await request.body()


def created(answer: Answer, location: str) -> Response:
    """The answer to an offer, and where its session is."""
    return Response(answer.sdp, 201, {"Location": location}, media_type=SDP)


def fragment(answer: str) -> Response:
    """The answer to a fragment: nothing for trickled candidates."""
    return Response(answer, media_type=FRAGMENT) if answer else Response(status_code=204)
