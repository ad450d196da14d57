"""The pages themselves, and the files they stand on."""

from __future__ import annotations

from typing import Final

from fastapi import Depends, FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

import browser_kit
import hospital_viewer
import live119
from relay.protocol.answers import Json
from relay.web.guard import Public, guarded_router, relay_of
from relay.web.page_files import MOUNT, PageFiles

ROOMS: Final = {
    "kit": browser_kit.STATIC_DIR,
    "viewer": hospital_viewer.STATIC_DIR,
    "caller": live119.CALLER_DIR,
    "dispatch": live119.DISPATCH_DIR,
}
VIEWER: Final = hospital_viewer.STATIC_DIR / "index.html"
CALLER: Final = live119.CALLER_DIR / "index.html"
DISPATCH: Final = live119.DISPATCH_DIR / "index.html"
DEMO: Final = browser_kit.STATIC_DIR / "demo" / "demo.html"
FILES: Final = PageFiles(ROOMS, (VIEWER, CALLER, DISPATCH, DEMO))

router = guarded_router()
demo_router = guarded_router()


@router.get("/", dependencies=[Depends(Public())])
async def viewer_page() -> Response:
    """The viewer; it signs in by itself."""
    return await FILES.page(VIEWER)


@router.get("/live", dependencies=[Depends(Public())])
async def caller_page() -> Response:
    """The caller's page; its link's secret stays behind the ``#``."""
    return await FILES.page(CALLER)


@router.get("/dispatch", dependencies=[Depends(Public())])
async def dispatch_page() -> Response:
    """The dispatcher's console; it signs in by itself."""
    return await FILES.page(DISPATCH)


@demo_router.get("/demo", dependencies=[Depends(Public())])
async def demo_page() -> Response:
    """The drill: the city on one page."""
    return await FILES.page(DEMO)


@demo_router.get("/api/demo", dependencies=[Depends(Public())])
async def demo_data(request: Request) -> Json:
    """What the drill's page shows."""
    return dict(relay_of(request).site.demo or {})


def mount_files(app: FastAPI) -> None:
    """Scripts, styles and words: this edition's, and each file by its plain name."""
    app.mount(MOUNT, FILES, name="pages")
    for name, folder in ROOMS.items():
        plain = StaticFiles(directory=folder, check_dir=False)
        app.mount(f"/static/{name}", GZipMiddleware(plain, minimum_size=400), name=name)
