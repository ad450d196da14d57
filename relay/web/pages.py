"""The pages themselves: files served as they are written."""

from __future__ import annotations

from pathlib import Path

from fastapi import Depends, FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

import browser_kit
import hospital_viewer
import live119
from relay.errors import NotFound
from relay.services.render import Json
from relay.web.guard import Public, guarded_router, relay_of

router = guarded_router()
demo_router = guarded_router()


@router.get("/", dependencies=[Depends(Public())])
async def viewer_page() -> Response:
    """The viewer; it signs in by itself."""
    return _page(hospital_viewer.STATIC_DIR / "index.html")


@router.get("/live", dependencies=[Depends(Public())])
async def caller_page() -> Response:
    """The caller's page; its link's secret stays behind the ``#``."""
    return _page(live119.CALLER_DIR / "index.html")


@router.get("/dispatch", dependencies=[Depends(Public())])
async def dispatch_page() -> Response:
    """The dispatcher's console; it signs in by itself."""
    return _page(live119.DISPATCH_DIR / "index.html")


@demo_router.get("/demo", dependencies=[Depends(Public())])
async def demo_page() -> Response:
    """The drill: the city on one page."""
    return _page(browser_kit.STATIC_DIR / "demo" / "demo.html")


@demo_router.get("/api/demo", dependencies=[Depends(Public())])
async def demo_data(request: Request) -> Json:
    """What the drill's page shows."""
    return dict(relay_of(request).site.demo or {})


def _page(file: Path) -> Response:
    if not file.is_file():
        raise NotFound("This page is not installed.")
    return FileResponse(file)


def mount_files(app: FastAPI) -> None:
    """Scripts and styles."""
    kit, viewer = browser_kit.STATIC_DIR, hospital_viewer.STATIC_DIR
    app.mount("/static/kit", StaticFiles(directory=kit, check_dir=False), name="kit")
    caller, dispatch = live119.CALLER_DIR, live119.DISPATCH_DIR
    small = GZipMiddleware(StaticFiles(directory=caller, check_dir=False), minimum_size=400)
    app.mount("/static/caller", small, name="caller")  # callers stand where the radio is poor
    app.mount("/static/dispatch", StaticFiles(directory=dispatch, check_dir=False), name="dispatch")
    app.mount("/static/viewer", StaticFiles(directory=viewer, check_dir=False), name="viewer")
