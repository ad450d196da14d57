"""``/link/v1``: where tablets connect."""

from __future__ import annotations

from dataclasses import replace

import structlog
from fastapi import Depends, WebSocket

from relay.auth.tokens import bearer_of
from relay.errors import RelayError
from relay.model.asker import ASKER
from relay.model.people import Permission, Role, require
from relay.protocol.link import CLOSE_PROTOCOL, CLOSE_TOKEN, CLOSE_UNAVAILABLE, reason_of
from relay.protocol.messages import SUBPROTOCOL
from relay.services.ground.access import Relation, asker_of_device
from relay.services.ground.witness import Look
from relay.services.tablets.session import TabletSession
from relay.turns.fair_lock import works_for
from relay.web.guard import Door, address_of, guarded_router, of_token, relay_of
from relay.web.refusals import Refusals
from relay.web.sockets import SocketWire

log = structlog.get_logger(__name__)
refusals = Refusals()
router = guarded_router()
CONNECTED = Look("tablet-connected")
ITS_OWN = Door(Permission.STREAM_SEND, Relation.OWN_CASE, CONNECTED)


@router.websocket("/link/v1", dependencies=[Depends(ITS_OWN)])
async def link(socket: WebSocket) -> None:
    """Serve one tablet for as long as its token is known and it speaks the protocol."""
    relay = relay_of(socket)
    if SUBPROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(CLOSE_PROTOCOL, f"Speak {SUBPROTOCOL} here.")
        return
    await socket.accept(SUBPROTOCOL)
    try:
        device = await relay.people.people.device(bearer_of(socket.headers.get("authorization")))
        require(Role.DEVICE, Permission.STREAM_SEND)
    except RelayError as error:
        refusals.note(log, "link-token-refused", address_of(socket))
        relay.ground.witness.refused(f"refused-{error.code}", "WS /link/v1", of_token(error))
        await socket.close(CLOSE_UNAVAILABLE if error.retry else CLOSE_TOKEN, reason_of(error))
        return
    ASKER.set(replace(asker_of_device(device), address=address_of(socket)))
    await relay.ground.witness.look(CONNECTED.kind, device.unit)
    readers = await relay.people.people.readers(device.hospitals)
    if readers == 0:
        log.warning("nobody-can-read", unit=device.unit, hospitals=sorted(device.hospitals))
    wire = SocketWire(socket)
    with works_for(device.unit):
        await TabletSession(device, wire, relay.tablets.parts, readers).run(wire.incoming())
