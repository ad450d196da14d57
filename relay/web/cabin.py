"""``/api/incidents/…/cabin``: the ambulance's cabin camera, sent by its tablet, seen by its hospitals."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from relay.model.people import Device
from relay.protocol.answers import Json
from relay.services.cabin.cabin_board import CabinStep, room_of
from relay.services.ground.jpegs import MAX_BYTES
from relay.services.ground.watcher import Watcher
from relay.services.ground.witness import Act, Look, Nothing
from relay.web.asked import while_asked
from relay.web.bodies import Body, takes
from relay.web.guard import FOR_THE_PICTURE, OwnCase, WatchesCabin, guarded_router, relay_of
from relay.web.video import FRAGMENT, SDP, created, fragment, sdp_body

router = guarded_router()
CABIN = "/api/incidents/{incident}/cabin"
NEWEST_ONLY = Nothing("nothing of it is kept but what the camera does now")
Publisher = Annotated[Device, Depends(OwnCase(Act("cabin-published")))]
Sender = Annotated[Device, Depends(OwnCase(FOR_THE_PICTURE))]
Reporter = Annotated[Device, Depends(OwnCase(NEWEST_ONLY))]
Looker = Annotated[Watcher, Depends(WatchesCabin(Look("cabin-read")))]
StillLooker = Annotated[Watcher, Depends(WatchesCabin(Look("cabin-still-read")))]
Viewer = Annotated[Watcher, Depends(WatchesCabin(Look("cabin-watched")))]
Connected = Annotated[Watcher, Depends(WatchesCabin(FOR_THE_PICTURE))]


class Reported(Body):
    """What the tablet lets its camera do."""

    step: CabinStep


@router.post(CABIN + "/whip")
async def publish(incident: UUID, device: Publisher, request: Request) -> Response:
    """Begin to send video."""
    body = await sdp_body(request, SDP)
    answer = await relay_of(request).cabin.cabins.publish(device, incident, body)
    return created(answer, f"/api/incidents/{incident}/cabin/whip/{answer.session}")


@router.patch(CABIN + "/whip/{session}")
async def patch_sender(incident: UUID, session: UUID, device: Sender, request: Request) -> Response:
    """Trickled candidates, or an ICE restart."""
    body = await sdp_body(request, FRAGMENT)
    return fragment(await relay_of(request).cabin.cabins.patch(incident, session, body))


@router.delete(CABIN + "/whip/{session}", status_code=200)
async def unpublish(incident: UUID, session: UUID, device: Sender, request: Request) -> Response:
    """Stop sending video."""
    await relay_of(request).cabin.cabins.unpublish(incident, session)
    return Response()


@router.post(CABIN + "/step", status_code=204)
async def report(incident: UUID, body: Reported, device: Reporter, request: Request) -> None:
    """Say what the radio can spare."""
    await relay_of(request).cabin.cabins.report(incident, body.step)


@router.post(CABIN + "/stills", status_code=204)
@takes(MAX_BYTES)
async def keep_still(incident: UUID, device: Reporter, request: Request) -> None:
    """Send a picture instead of video."""
    data = await request.body()
    async with while_asked(request):
        await relay_of(request).cabin.cabins.keep_still(device, incident, data)


@router.get(CABIN)
async def show(incident: UUID, watcher: Looker, request: Request) -> Json:
    """What the camera is doing, and why."""
    return await relay_of(request).cabin.cabins.show(incident)


@router.get(CABIN + "/still")
async def read_still(incident: UUID, watcher: StillLooker, request: Request) -> Response:
    """The newest picture sent instead of video."""
    return Response(relay_of(request).cabin.cabins.still(incident), media_type="image/jpeg")


@router.get(CABIN + "/ice")
async def ice_servers(incident: UUID, watcher: Connected, request: Request) -> Json:
    """Servers this viewer's browser may need to get through."""
    return {"ice_servers": relay_of(request).calls.viewers.ice(room_of(incident))}


@router.post(CABIN + "/whep")
async def watch(incident: UUID, watcher: Viewer, request: Request) -> Response:
    """Begin to watch."""
    body = await sdp_body(request, SDP)
    answer = await relay_of(request).cabin.cabins.watch(watcher, incident, body)
    return created(answer, f"/api/incidents/{incident}/cabin/whep/{answer.session}")


@router.patch(CABIN + "/whep/{session}")
async def patch_viewer(
    incident: UUID, session: UUID, watcher: Connected, request: Request
) -> Response:
    """Trickled candidates, or an ICE restart."""
    body = await sdp_body(request, FRAGMENT)
    viewers = relay_of(request).calls.viewers
    return fragment(await viewers.patch(watcher, room_of(incident), session, body))


@router.delete(CABIN + "/whep/{session}", status_code=200)
async def leave(incident: UUID, session: UUID, watcher: Connected, request: Request) -> Response:
    """Stop watching."""
    await relay_of(request).calls.viewers.leave(watcher, room_of(incident), session)
    return Response()
