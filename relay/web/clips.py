"""``/api/calls/…/clips``: what was kept of a call's video, for those who may see the call."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import FileResponse, Response

from relay.model.people import Permission, Session
from relay.protocol.answers import Json
from relay.services.ground.access import Relation
from relay.services.ground.watcher import Watcher
from relay.services.ground.witness import Act, Look
from relay.web.bodies import Body
from relay.web.guard import Needs, Watches, guarded_router, relay_of

router = guarded_router()
Lister = Annotated[Watcher, Depends(Watches(Look("clips-listed")))]
Looker = Annotated[Watcher, Depends(Watches(Look("clip-read", per="clip")))]
Deleter = Annotated[
    Session, Depends(Needs(Permission.CALLS_TAKE, Relation.SHARED, Act("clip-deleted")))
]


class Deleted(Body):
    """Why a clip goes before its time."""

    reason: Annotated[str, Field(min_length=1, max_length=400, pattern=r"\S")]


@router.get("/api/calls/{call}/clips")
async def list_clips(call: UUID, watcher: Lister, request: Request) -> Json:
    """A call's clips, oldest first."""
    clips = relay_of(request).calls.clips
    return {"clips": await clips.listed(call), "shared_until_us": await clips.shared_until_us(call)}


@router.get("/api/calls/{call}/clips/{clip}")
async def read_clip(call: UUID, clip: int, watcher: Looker, request: Request) -> Response:
    """The file; parts of it where a player asks for parts."""
    found = await relay_of(request).calls.clips.fetch(call, clip)
    name = f"119-{found.id}{found.path.suffix}"
    return FileResponse(
        found.path,
        media_type=found.media_type,
        filename=name,
        content_disposition_type="inline",
    )


@router.post("/api/calls/{call}/clips/{clip}/delete", status_code=204)
async def delete_clip(
    call: UUID, clip: int, body: Deleted, session: Deleter, request: Request
) -> None:
    """Delete a clip before its time."""
    await relay_of(request).calls.clips.delete(session.person, call, clip, body.reason.strip())
