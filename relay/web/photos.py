"""``/api/incidents/…/photos``: photos of the scene, sent by the crew's tablet."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from relay.model.people import Device
from relay.services.call_book import Watcher
from relay.web.guard import OwnCase, WatchesCabin, guarded_router, relay_of

router = guarded_router()
PHOTO = "/api/incidents/{incident}/photos/{photo}"
Sender = Annotated[Device, Depends(OwnCase())]
Looker = Annotated[Watcher, Depends(WatchesCabin())]
AgeUs = Annotated[int, Query(ge=0, le=86_400_000_000)]


@router.put(PHOTO, status_code=204)
async def keep_photo(
    incident: UUID, photo: UUID, device: Sender, request: Request, age_us: AgeUs = 0
) -> None:
    """Keep a photo the crew took."""
    await relay_of(request).photos.keep(device, incident, photo, age_us, await request.body())


@router.get(PHOTO)
async def read_photo(incident: UUID, photo: UUID, watcher: Looker, request: Request) -> Response:
    """The photo, as a JPEG."""
    jpeg = await relay_of(request).photos.fetch(watcher, incident, photo)
    return Response(jpeg, media_type="image/jpeg")
