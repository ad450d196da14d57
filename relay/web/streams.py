"""``/api/streams``: stored frames, for what a page missed or wants to look back at."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from relay.model.people import Permission, Session
from relay.services.ground.access import Relation
from relay.services.ground.witness import Look
from relay.web.guard import Needs, guarded_router, relay_of
from relay.web.snapshots import BINARY

router = guarded_router()
READ = Permission.INCIDENTS_READ
Reader = Annotated[Session, Depends(Needs(READ, Relation.ADDRESSED, Look("frames-read")))]
Position = Annotated[int, Query(ge=0, lt=2**53)]


@router.get("/api/streams/{stream}/frames")
async def read_frames(
    stream: UUID, session: Reader, request: Request, from_sample: Position, to_sample: Position
) -> Response:
    """Stored frames that touch the range, each preceded by its length as u32 little-endian."""
    cases = relay_of(request).cases.cases
    frames = await cases.frames(session.person, stream, from_sample, to_sample)
    parts = (part for f in frames for part in (len(f.data).to_bytes(4, "little"), f.data))
    return Response(b"".join(parts), media_type=BINARY)
