"""The web application of one running relay."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from relay.services.relay import Relay
from relay.web import (
    about,
    caller,
    calls,
    feed,
    incidents,
    link,
    pages,
    problems,
    session,
    snapshots,
    streams,
    video,
)
from relay.web.headers import Doorkeeper


def create_app(relay: Relay) -> FastAPI:
    """The application; the relay it serves is opened and closed by the caller."""
    app = FastAPI(
        title="Kyumei Relay",
        version=relay.site.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.relay = relay
    problems.install(app)
    for module in (session, about, incidents, snapshots, streams, calls, video, caller, pages):
        app.include_router(module.router)
    for socket in (link, feed):
        app.include_router(socket.router)
    app.include_router(caller.sockets)
    if relay.site.demo is not None:
        app.include_router(pages.demo_router)
    pages.mount_files(app)
    return app


def guarded_app(relay: Relay) -> ASGIApp:
    """The application with the doorkeeper around it: what the server runs."""
    return Doorkeeper(create_app(relay), relay.site)
