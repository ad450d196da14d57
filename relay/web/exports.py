"""``/api/snapshots/…/exports``: a kept ECG in another program's format."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from relay.model.people import Permission, Session
from relay.services.ground.access import Relation
from relay.services.ground.witness import Look
from relay.web.guard import Needs, guarded_router, relay_of

router = guarded_router()
WRITTEN = Look("snapshot-exported", per="export")
Taker = Annotated[Session, Depends(Needs(Permission.INCIDENTS_READ, Relation.ADDRESSED, WRITTEN))]


@router.get("/api/snapshots/{snapshot}/exports/{export}")
async def export_snapshot(
    snapshot: UUID, export: str, session: Taker, request: Request
) -> Response:
    """The file, to be saved."""
    file = await relay_of(request).cases.exporting.file(session.person, snapshot, export)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, headers=headers, media_type=file.media_type)
