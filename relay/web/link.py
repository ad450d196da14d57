"""``/link/v1``: where tablets connect."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from relay.auth.tokens import bearer_of
from relay.errors import RelayError
from relay.model.people import Permission, Role, require
from relay.protocol.link import CLOSE_PROTOCOL, CLOSE_TOKEN, CLOSE_UNAVAILABLE
from relay.protocol.messages import SUBPROTOCOL
from relay.services.ingest import TabletSession
from relay.web.guard import relay_of
from relay.web.sockets import SocketWire

router = APIRouter()


@router.websocket("/link/v1")
async def link(socket: WebSocket) -> None:
    """Serve one tablet for as long as its token is known and it speaks the protocol."""
    relay = relay_of(socket)
    if SUBPROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(CLOSE_PROTOCOL, f"Speak {SUBPROTOCOL} here.")
        return
    await socket.accept(SUBPROTOCOL)
    try:
        device = await relay.people.device(bearer_of(socket.headers.get("authorization")))
        require(Role.DEVICE, Permission.STREAM_SEND)
    except RelayError as error:
        await socket.close(CLOSE_UNAVAILABLE if error.retry else CLOSE_TOKEN, str(error))
        return
    wire = SocketWire(socket)
    await TabletSession(device, wire, relay.ingest).run(wire.incoming())
