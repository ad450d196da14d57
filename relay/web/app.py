"""The web application of one running relay."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from relay.services.relay import Relay, Site
from relay.web import (
    about,
    cabin,
    caller,
    calls,
    clips,
    feed,
    incidents,
    link,
    pages,
    photos,
    problems,
    session,
    snapshots,
    streams,
    video,
)
from relay.web.headers import Doorkeeper


def prepared_app(site: Site) -> FastAPI:
    """The application of a site, still without its relay, every route built.

    FastAPI builds them at the first request, a tenth of a second of work: an upgrade must not do
    that while tablets wait.
    """
    app = FastAPI(
        title="Kyumei Relay",
        version=site.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    problems.install(app)
    for module in (
        session,
        about,
        incidents,
        snapshots,
        streams,
        calls,
        video,
        cabin,
        photos,
        clips,
        caller,
        pages,
    ):
        app.include_router(module.router)
    for socket in (link, feed):
        app.include_router(socket.router)
    app.include_router(caller.sockets)
    if site.demo is not None:
        app.include_router(pages.demo_router)
    pages.mount_files(app)
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}
    for route in app.router.routes:
        route.matches({**nowhere, "query_string": b"", "app": app})
    return app


def create_app(relay: Relay, prepared: FastAPI | None = None) -> FastAPI:
    """The application of a relay, which the caller opens and closes."""
    app = prepared or prepared_app(relay.site)
    app.state.relay = relay
    return app


def guarded_app(relay: Relay, prepared: FastAPI | None = None) -> ASGIApp:
    """The application with the doorkeeper around it: what the server runs."""
    return Doorkeeper(create_app(relay, prepared), relay.site)
