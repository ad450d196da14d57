"""``/live/…``: what the caller's phone says and hears, let in by the cookie its link gave it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Annotated, Literal

from fastapi import Depends, Request, WebSocket
from pydantic import Field
from starlette.responses import JSONResponse, Response

from relay.auth.tokens import CALLER_COOKIE
from relay.errors import RelayError
from relay.protocol.answers import Json
from relay.protocol.link import CLOSE_PROTOCOL, CLOSE_UNAVAILABLE
from relay.services.calls.callers import Phone
from relay.services.ground.access import Relation
from relay.services.ground.jpegs import MAX_BYTES
from relay.services.ground.wire import CLOSE_SESSION_ENDED, SEND_TIMEOUT_S
from relay.services.ground.witness import Act, Nothing
from relay.services.relay import Relay
from relay.web.asked import while_asked
from relay.web.bodies import Body, takes
from relay.web.cookies import keep, kept
from relay.web.guard import Door, HoldsLink, Public, address_of, guarded_router, relay_of
from relay.web.headers import comes_from_us
from relay.web.sockets import SocketWire

router = guarded_router()
sockets = guarded_router()
CALLERS_OWN = Nothing("the caller's own phone, about its own call, whose timeline says it")
Sender = Annotated[Phone, Depends(HoldsLink(CALLERS_OWN))]
Placed = Annotated[Phone, Depends(HoldsLink(Act("position-consented")))]
Any_ = Annotated[Phone, Depends(HoldsLink(CALLERS_OWN, also_ended=True))]
SUBPROTOCOL = "kyumei.caller.v1"
COOKIE_LIFE_S = 14_400
Step = Literal[
    "shown", "asking", "allowed", "denied", "no-camera", "in-app-browser", "insecure", "busy",
    "reloaded", "stills", "video", "left",
]  # fmt: skip
Count = Annotated[int, Field(ge=0, lt=2**53)]


class Token(Body):
    """What stood behind the ``#``."""

    token: Annotated[str, Field(min_length=8, max_length=128)]


class Detail(Body):
    """What the dispatcher may know of the phone."""

    browser: Annotated[str, Field(max_length=64)] | None = None
    language: Annotated[str, Field(max_length=16)] | None = None
    battery_pct: Annotated[int, Field(ge=0, le=100)] | None = None
    bytes_sent: Count | None = None
    bitrate_kbps: Count | None = None
    room_kbps: Count | None = None


class Progress(Body):
    """What the page is doing."""

    step: Step
    detail: Detail = Detail()


class CallerPosition(Body):
    """Where the phone is. ``consent``: its page asked the caller, who agreed."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    accuracy_m: Annotated[float, Field(ge=0, le=1e6)]
    consent: Literal[True]


@router.post("/live/api/redeem", dependencies=[Depends(Public(Act("link-opened")))])
async def redeem(body: Token, request: Request) -> Response:
    """Open the link; the cookie binds it to this phone."""
    relay, cookie = relay_of(request), kept(request, CALLER_COOKIE)
    try:
        secret, state = await relay.calls.callers.redeem(body.token, cookie, address_of(request))
    except RelayError as error:
        relay.ground.witness.refused(f"link-{error.code}", "")
        raise
    answer = JSONResponse(state)
    keep(answer, request, CALLER_COOKIE, secret, COOKIE_LIFE_S)
    return answer


@router.get("/live/api/state")
async def read_state(phone: Any_, request: Request) -> Json:
    """What the phone shows now; after the end, that it has ended."""
    return await relay_of(request).calls.callers.state(phone)


@router.post("/live/api/progress", status_code=204)
async def report(body: Progress, phone: Sender, request: Request) -> Response:
    """What the page is doing."""
    detail = body.detail.model_dump(exclude_none=True)
    await relay_of(request).calls.callers.progress(phone, body.step, detail)
    return Response(status_code=204)


@router.post("/live/api/position", status_code=204)
async def send_position(body: CallerPosition, phone: Placed, request: Request) -> Response:
    """Where the phone is."""
    await relay_of(request).calls.callers.position(phone, body.lat, body.lon, body.accuracy_m)
    return Response(status_code=204)


@router.post("/live/api/stills", status_code=201)
@takes(MAX_BYTES)
async def send_still(phone: Sender, request: Request) -> Json:
    """A picture instead of video."""
    data = await request.body()
    async with while_asked(request):
        kept = await relay_of(request).calls.callers.still(phone, data)
    return {"still": str(kept.id)}


@router.post("/live/api/glimpses", status_code=204)
@takes(MAX_BYTES)
async def send_glimpse(phone: Sender, request: Request) -> Response:
    """A small picture beside the video."""
    data = await request.body()
    async with while_asked(request):
        await relay_of(request).calls.callers.glimpse(phone, data)
    return Response(status_code=204)


@sockets.websocket(
    "/live/feed", dependencies=[Depends(Door(None, Relation.HOLDS_LINK, CALLERS_OWN))]
)
async def feed(socket: WebSocket) -> None:
    """The phone's state after every change, for as long as its link is good."""
    relay = relay_of(socket)
    if not comes_from_us(socket.headers, relay.site):
        await socket.close(1008)
        return
    if SUBPROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(CLOSE_PROTOCOL, f"Speak {SUBPROTOCOL} here.")
        return
    await socket.accept(SUBPROTOCOL)
    wire = SocketWire(socket)
    try:
        phone = await relay.calls.callers.phone(kept(socket, CALLER_COOKIE), also_ended=True)
        await _serve(relay, phone, wire)
    except RelayError as error:
        relay.ground.witness.refused(f"refused-{error.code}", "WS /live/feed")
        await wire.close(CLOSE_UNAVAILABLE if error.retry else CLOSE_SESSION_ENDED, str(error))


async def _serve(relay: Relay, phone: Phone, wire: SocketWire) -> None:
    """Send until the page leaves or the link ends; what the page says is a heartbeat."""
    sending = asyncio.create_task(_send(relay, phone, wire))
    hearing = asyncio.create_task(_hear(wire))
    try:
        await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
            await wire.close(CLOSE_SESSION_ENDED, "This link has ended.")
    finally:
        for task in (sending, hearing):
            task.cancel()
        await asyncio.gather(sending, hearing, return_exceptions=True)


async def _send(relay: Relay, phone: Phone, wire: SocketWire) -> None:
    async for state in relay.calls.callers.follow(phone):
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await wire.send(json.dumps({"kind": "state", "state": state}))
        except TimeoutError:
            wire.abort()
            return


async def _hear(wire: SocketWire) -> None:
    with suppress(RuntimeError):  # the socket was closed from this side meanwhile
        async for _ in wire.incoming():
            pass
