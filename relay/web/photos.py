"""``/api/incidents/…/photos``: photos of the scene, sent by the crew's tablet."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from relay.model.people import Device
from relay.services.ground.jpegs import MAX_BYTES
from relay.services.ground.watcher import Watcher
from relay.services.ground.witness import Act, Look
from relay.web.asked import while_asked
from relay.web.bodies import takes
from relay.web.guard import OwnCase, WatchesCabin, guarded_router, relay_of

router = guarded_router()
PHOTO = "/api/incidents/{incident}/photos/{photo}"
Sender = Annotated[Device, Depends(OwnCase(Act("photo-kept")))]
Looker = Annotated[Watcher, Depends(WatchesCabin(Look("photo-read", per="photo")))]
AgeUs = Annotated[int, Query(ge=0, le=86_400_000_000)]


@router.put(PHOTO, status_code=204)
@takes(MAX_BYTES)
async def keep_photo(
    incident: UUID, photo: UUID, device: Sender, request: Request, age_us: AgeUs = 0
) -> None:
    """Keep a photo the crew took."""
    data = await request.body()
    async with while_asked(request):
        await relay_of(request).cabin.photos.keep(device, incident, photo, age_us, data)


@router.get(PHOTO)
async def read_photo(incident: UUID, photo: UUID, watcher: Looker, request: Request) -> Response:
    """The photo, as a JPEG."""
    jpeg = await relay_of(request).cabin.photos.fetch(incident, photo)
    return Response(jpeg, media_type="image/jpeg")
