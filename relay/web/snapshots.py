"""``/api/snapshots``: the ten seconds that were kept, and their raw integers."""

from __future__ import annotations

import base64
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from relay.model.people import Permission, Session
from relay.model.snapshot import Snapshot, header_of
from relay.protocol.answers import Json
from relay.services.ground.access import Relation
from relay.services.ground.witness import Look
from relay.web.guard import Needs, guarded_router, relay_of

router = guarded_router()
READ, THEIRS = Permission.INCIDENTS_READ, Relation.ADDRESSED
Reader = Annotated[Session, Depends(Needs(READ, THEIRS, Look("snapshot-read")))]
Comparer = Annotated[Session, Depends(Needs(READ, THEIRS, Look("comparison-read")))]
Taker = Annotated[Session, Depends(Needs(READ, THEIRS, Look("samples-read")))]
BINARY = "application/octet-stream"


@router.get("/api/snapshots/{snapshot}")
async def read_snapshot(snapshot: UUID, session: Reader, request: Request) -> Json:
    """One snapshot with its report."""
    return await relay_of(request).cases.cases.snapshot_detail(session.person, snapshot)


@router.get("/api/snapshots/{snapshot}/comparison")
async def read_comparison(
    snapshot: UUID, session: Comparer, request: Request, earlier: UUID | None = None
) -> Json:
    """What has changed since an earlier snapshot of the case."""
    return await relay_of(request).cases.changes.comparison(session.person, snapshot, earlier)


@router.get("/api/snapshots/{snapshot}/samples")
async def read_samples(snapshot: UUID, session: Taker, request: Request) -> Response:
    """Its raw integers: little-endian int16, lead after lead."""
    kept, samples = await relay_of(request).cases.cases.samples(session.person, snapshot)
    return Response(samples, headers=headers_of(kept), media_type=BINARY)


def headers_of(snapshot: Snapshot) -> dict[str, str]:
    """What a reader must know to draw the integers."""
    return {
        "X-Lead-Mask": str(snapshot.lead_mask),
        "X-N-Samples": str(snapshot.n_samples),
        "X-Fs-Hz": repr(snapshot.fs_hz),
        "X-Uv-Per-Lsb": repr(snapshot.uv_per_lsb),
        "X-First-Sample": str(snapshot.first_sample),
        "X-Sha256": snapshot.sha256 or "",
        "X-Hash-Header": base64.b64encode(header_of(snapshot, snapshot.present)).decode(),
        "X-Present": ",".join(f"{first}-{end}" for first, end in snapshot.present),
    }
