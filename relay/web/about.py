"""What anybody may know: the site's name, and whether the relay is alive and ready."""

from __future__ import annotations

from fastapi import Depends, Request
from starlette.responses import JSONResponse, Response

from relay.services.render import Json
from relay.web.guard import Public, guarded_router, relay_of

router = guarded_router()
TIER_NAMES = {
    "A": {"ja": "ST上昇型心筋梗塞の基準を満たす", "en": "Meets ST-elevation infarction criteria"},
    "B": {"ja": "境界域のST上昇", "en": "Borderline ST elevation"},
    "C": {"ja": "閉塞を疑う他の所見", "en": "Other findings that suggest occlusion"},
    "D": {"ja": "ST上昇あり、模倣所見の可能性", "en": "ST elevation with a likely mimic"},
    "E": {"ja": "ST上昇の基準を満たさない", "en": "ST-elevation criteria not met"},
    "Q": {"ja": "判定できません", "en": "Cannot be read"},
}


@router.get("/api/site", dependencies=[Depends(Public())])
async def site(request: Request) -> Json:
    """Name, version and what this site does."""
    relay = relay_of(request)
    return {
        "name": relay.site.name,
        "version": relay.site.version,
        "screen_enabled": relay.screening.enabled,
        "demo": relay.site.demo is not None,
        "tier_names": TIER_NAMES,
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
        "tablets": relay.ingest.registry.count,
        "pages": relay.feeds.registry.count,
        "armed_pages": relay.feeds.registry.armed,
    }
    return JSONResponse(body, 503 if faults else 200)
