"""HTTP and WebSocket of the crew's page, on the tablet's loopback address only.

Requests must name a loopback host and, where they change something, come from this page: no web page
opened on the tablet can press the crew's buttons.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from ambulance_client.panel.pictures import add_pictures
from ambulance_client.panel.state import panel_state
from ambulance_client.presses import FIELDS, press_of
from ambulance_client.tablet import Tablet
from browser_kit import STATIC_DIR as KIT_DIR
from relay.errors import BadInput, RelayError

PANEL_DIR = Path(__file__).parent / "static"
DRILL_PAGES = "http://localhost:* http://127.0.0.1:* https://localhost:* https://127.0.0.1:*"
QUEUED_FRAMES = 40
LOOK_BACK_S = 12.0
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
Json = Annotated[dict[str, Any], Body()]
NoFields = Annotated[dict[str, Any] | None, Body()]


def make_panel(tablet: Tablet) -> FastAPI:
    """The panel's application for one tablet."""
    app = FastAPI(title="Kyumei crew panel", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.tablet = tablet
    app.middleware("http")(_guard(tablet.settings.drill))
    app.exception_handler(RelayError)(_problem)
    app.exception_handler(RequestValidationError)(_not_understood)
    app.get("/", include_in_schema=False)(_page)
    app.get("/api/state")(_state)
    app.post("/api/patient")(_patient)
    app.post("/api/snapshot", status_code=201)(_snapshot)
    app.post("/api/mark")(_mark)
    app.post("/api/note", status_code=201)(_note)
    app.post("/api/understood", status_code=201)(_understood)
    app.post("/api/photo", status_code=201)(_photo)
    app.post("/api/case", status_code=201)(_case)
    app.post("/api/remarks/seen")(_seen)
    app.post("/api/refused/again")(_again)
    app.post("/api/refused/remove")(_remove)
    app.get("/api/refused/{photo}")(_refused_picture)
    app.websocket("/api/feed")(_feed)
    add_pictures(app)
    app.mount("/static/kit", StaticFiles(directory=KIT_DIR))
    app.mount("/static/panel", StaticFiles(directory=PANEL_DIR))
    return app


def _guard(
    drill: bool,
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    ancestors = "'self'" + (f" {DRILL_PAGES}" if drill else "")
    policy = (
        "default-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )

    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        foreign = not _is_local(request.headers.get("host", ""))
        if request.method != "GET":
            foreign = foreign or not _same_origin(request.headers)
        if foreign:
            return _problem_json(403, "not-allowed", "This page is only for this tablet.")
        response = await go_on(request)
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-cache"
        return response

    return guard


def _is_local(host: str) -> bool:
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return name in LOOPBACK


def _same_origin(headers: Any) -> bool:
    origin = headers.get("origin")
    if origin is None:
        return bool(headers.get("x-kyumei") == "1")
    return bool(origin.partition("://")[2] == headers.get("host"))


async def _not_understood(_: Request, _error: Exception) -> Response:
    return _problem_json(422, "bad-input", "Send one JSON object with the fields of docs/http.md.")


async def _problem(_: Request, error: Exception) -> Response:
    status = error.http_status if isinstance(error, RelayError) else 500
    code = error.code if isinstance(error, RelayError) else "relay"
    return _problem_json(status, code, str(error))


def _problem_json(status: int, code: str, title: str) -> Response:
    return JSONResponse(
        {"type": f"urn:kyumei:{code}", "title": title, "status": status, "code": code},
        status_code=status,
        media_type="application/problem+json",
    )


def _tablet(request: Request) -> Tablet:
    tablet: Tablet = request.app.state.tablet
    return tablet


async def _page() -> FileResponse:
    return FileResponse(PANEL_DIR / "index.html")


async def _state(request: Request) -> dict[str, Any]:
    return panel_state(_tablet(request))


async def _patient(request: Request, fields: Json) -> dict[str, Any]:
    tablet = _tablet(request)
    incident = _incident(fields.pop("incident", None))
    await tablet.set_patient(fields, incident)
    return panel_state(tablet)


def _only(fields: dict[str, Any], *known: str) -> None:
    """What is not understood is refused, never left out in silence.

    Raises:
        BadInput: there is a field beside these.
    """
    extra = sorted(set(fields) - set(known))
    if extra:
        have = ", ".join(known) or "none"
        raise BadInput(f"There is no field {extra[0]!r} here (it takes {have}).")


def _incident(given: object) -> UUID | None:
    try:
        return None if given is None else UUID(str(given))
    except ValueError:
        raise BadInput("The case of an entry is a UUID.") from None


async def _snapshot(request: Request, fields: NoFields = None) -> dict[str, str]:
    _only(fields or {}, *FIELDS)
    return {"snapshot": str(await _tablet(request).snapshot(press=press_of(fields or {})))}


async def _mark(request: Request, fields: Json) -> dict[str, Any]:
    _only(fields, "mark", *FIELDS)
    await _tablet(request).mark(str(fields.get("mark")), press_of(fields))
    return panel_state(_tablet(request))


async def _note(request: Request, fields: Json) -> dict[str, bool]:
    _only(fields, "text", *FIELDS)
    text = fields.get("text", "")
    if not isinstance(text, str):
        raise BadInput("The text of a note is text.")
    await _tablet(request).note(text, press_of(fields))
    return {"sent": True}


async def _understood(request: Request, fields: Json) -> dict[str, bool]:
    _only(fields, "entry", *FIELDS)
    entry = fields.get("entry")
    if not isinstance(entry, int):
        raise BadInput("Say which decision was read: its entry, a number.")
    await _tablet(request).understood(entry, press_of(fields))
    return {"told": True}


async def _photo(request: Request) -> dict[str, str]:
    tablet = _tablet(request)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > tablet.photos.most_bytes:
            most_kb = tablet.photos.most_bytes // 1024
            raise BadInput(f"A photo has at most {most_kb} kB; take it again.")
    return {"photo": await tablet.photos.take(tablet.case.incident, body)}


async def _again(request: Request, fields: Json) -> dict[str, bool]:
    await _tablet(request).not_taken.again(_thing(fields))
    return {"again": True}


async def _remove(request: Request, fields: Json) -> dict[str, bool]:
    await _tablet(request).not_taken.remove(_thing(fields))
    return {"removed": True}


async def _refused_picture(request: Request, photo: UUID) -> Response:
    return Response(await _tablet(request).not_taken.picture(photo), media_type="image/jpeg")


def _thing(fields: dict[str, Any]) -> UUID:
    _only(fields, "id")
    try:
        return UUID(str(fields.get("id")))
    except ValueError:
        raise BadInput("Say which one: its id.") from None


async def _seen(request: Request, fields: Json) -> dict[str, Any]:
    _only(fields, "ids")
    ids = fields.get("ids")
    if not isinstance(ids, list):
        raise BadInput("Say which remarks were read: ids is a list.")
    await _tablet(request).remarks.seen([str(one) for one in ids])
    return panel_state(_tablet(request))


async def _case(request: Request, fields: NoFields = None) -> dict[str, Any]:
    _only(fields or {}, "ends")
    await _tablet(request).new_case(_incident((fields or {}).get("ends")))
    return panel_state(_tablet(request))


async def _feed(socket: WebSocket) -> None:
    """Frames as they are spooled, and the whole state at every change and once a second."""
    if not _is_local(socket.headers.get("host", "")) or not _same_origin(socket.headers):
        await socket.close(4003, "This page is only for this tablet.")
        return
    await socket.accept()
    tablet: Tablet = socket.app.state.tablet
    frames: asyncio.Queue[bytes] = asyncio.Queue(QUEUED_FRAMES)
    changed = asyncio.Event()

    def on_frame(data: bytes) -> None:
        if frames.full():  # a frozen page: it reloads its look-back when it wakes
            frames.get_nowait()
        frames.put_nowait(data)

    tablet.frame_listeners.add(on_frame)
    tablet.changed.add(changed.set)
    reader = asyncio.create_task(_until_closed(socket))
    try:
        if tablet.recorder is not None:
            for data in tablet.recorder.recent_frames(LOOK_BACK_S):
                await socket.send_bytes(data)
        await asyncio.gather(_send_frames(socket, frames), _send_state(socket, tablet, changed))
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        reader.cancel()
        tablet.frame_listeners.discard(on_frame)
        tablet.changed.discard(changed.set)


async def _send_frames(socket: WebSocket, frames: asyncio.Queue[bytes]) -> None:
    while True:
        await socket.send_bytes(await frames.get())


async def _send_state(socket: WebSocket, tablet: Tablet, changed: asyncio.Event) -> None:
    while True:
        await socket.send_text(json.dumps({"kind": "state", "state": panel_state(tablet)}))
        changed.clear()
        try:
            async with asyncio.timeout(1.0):
                await changed.wait()
                await asyncio.sleep(0.1)
        except TimeoutError:
            pass


async def _until_closed(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
