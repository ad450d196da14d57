"""What anybody may know: the site's name, and whether the relay is alive and ready."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import Depends, Request
from starlette.responses import JSONResponse, Response

from relay.protocol.answers import Json
from relay.services.ground.jpegs import MAX_BYTES
from relay.web.guard import Public, guarded_router, relay_of

router = guarded_router()
TIER_NAMES = {
    "A": {"ja": "STEMI基準を満たす", "en": "STEMI criteria met"},
    "B": {"ja": "基準を満たすが模倣所見・疑義あり", "en": "Criteria met, with a mimic or doubt"},
    "C": {"ja": "STEMI相当所見の可能性", "en": "Possible STEMI equivalent"},
    "D": {"ja": "境界域、再記録を", "en": "Borderline, record again"},
    "E": {"ja": "この記録では基準を満たさない", "en": "Criteria not met on this recording"},
    "Q": {"ja": "判読不能", "en": "Cannot be read"},
}
"""The words for the tiers (``ecg.screen.tiers``); none of them says "normal"."""


@router.get("/api/site", dependencies=[Depends(Public())])
async def site(request: Request) -> Json:
    """Name, version and what this site does."""
    relay = relay_of(request)
    return {
        "name": relay.site.name,
        "version": relay.site.version,
        "screen_enabled": relay.screening.screening.enabled,
        "demo": relay.site.demo is not None,
        "tier_names": TIER_NAMES,
        "limits": {"picture_bytes": MAX_BYTES},
    }


@router.get("/livez", dependencies=[Depends(Public())])
async def alive() -> Json:
    """The process answers."""
    return {"ok": True}


@router.get("/readyz", dependencies=[Depends(Public())])
async def ready(request: Request) -> Response:
    """The relay can store and show; 503 with what is wrong otherwise."""
    relay = relay_of(request)
    faults = await relay.faults()
    body = {
        "ok": not faults,
        "faults": faults,
        "tablets": relay.tablets.links.count,
        "pages": relay.pages.registry.count,
        "armed_pages": relay.pages.registry.armed,
        "screening": asdict(relay.screening.screening.queue.backlog()),
    }
    if (places := request.app.state.places) is not None:
        body["connections"] = {"open": places.count, "most": places.capacity}
    return JSONResponse(body, 503 if faults else 200)
