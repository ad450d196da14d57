"""The web application of one running relay."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from relay.services.relay import Relay, Site
from relay.web import (
    about,
    archive,
    cabin,
    caller,
    calls,
    clips,
    exports,
    feed,
    incidents,
    letters,
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
from relay.web.in_turn import InTurn
from relay.web.loop_share import mark_of_token
from relay.web.places import ConnectionPlaces
from relay.web.squeeze import Squeeze


def prepared_app(site: Site) -> FastAPI:
    """The application of a site, still without its relay, every route built."""
    app = FastAPI(
        title="Kyumei Relay",
        version=site.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    problems.install(app)
    rooms = (
        session,
        about,
        incidents,
        archive,
        snapshots,
        exports,
        letters,
        streams,
        calls,
        video,
        cabin,
        photos,
        clips,
        caller,
        pages,
        link,
        feed,
    )
    drill = [pages.demo_router] if site.demo is not None else []
    for router in (*(room.router for room in rooms), caller.sockets, *drill):
        # the routes themselves: those of an included router are all built a second time
        app.router.routes.extend(router.routes)
    pages.mount_files(app)
    return app


def create_app(relay: Relay, prepared: FastAPI | None = None) -> FastAPI:
    """The application of a relay, which the caller opens and closes."""
    app = prepared or prepared_app(relay.site)
    app.state.relay = relay
    return app


def guarded_app(
    relay: Relay, prepared: FastAPI | None = None, places: ConnectionPlaces | None = None
) -> ASGIApp:
    """The application with the doorkeeper around it: what the server runs."""
    app = create_app(relay, prepared)
    app.state.places = places
    known = [mark_of_token(token_hash) for token_hash in relay.known_tokens]
    return Doorkeeper(InTurn(Squeeze(app), known), relay.site)
