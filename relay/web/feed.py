"""``/feed/v1``: where pages connect."""

from __future__ import annotations

from dataclasses import replace

import structlog
from fastapi import Depends, WebSocket

from relay.auth.tokens import COOKIE
from relay.errors import NotAllowed, RelayError, SessionRests
from relay.model.asker import ASKER
from relay.model.people import Permission, SessionState, has, require
from relay.protocol.feed import SUBPROTOCOL
from relay.protocol.link import CLOSE_PROTOCOL, CLOSE_UNAVAILABLE
from relay.services.ground.access import Relation, asker_of
from relay.services.ground.wire import CLOSE_RESTS, CLOSE_SESSION_ENDED, SEND_TIMEOUT_S
from relay.services.ground.witness import Look
from relay.services.pages.session import FeedSession
from relay.web.cookies import kept
from relay.web.guard import Door, address_of, guarded_router, relay_of
from relay.web.headers import comes_from_us
from relay.web.sockets import SocketWire

log = structlog.get_logger(__name__)
router = guarded_router()
OWN_PLACE = Door(None, Relation.OWN_HOSPITAL, Look("cases-listed", listed=True))


@router.websocket("/feed/v1", dependencies=[Depends(OWN_PLACE)])
async def feed(socket: WebSocket) -> None:
    """Serve one page for as long as its session lives."""
    relay = relay_of(socket)
    if not comes_from_us(socket.headers, relay.site):
        log.warning("page-other-origin", origin=str(socket.headers.get("origin"))[:200])
        await socket.close(1008)
        return
    if SUBPROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(CLOSE_PROTOCOL, f"Speak {SUBPROTOCOL} here.")
        return
    await socket.accept(SUBPROTOCOL)
    try:
        session, state = await relay.people.people.ringing_session(kept(socket, COOKIE))
        if not has(session.person.role, Permission.INCIDENTS_READ):
            require(session.person.role, Permission.CALLS_WATCH)
            if state is SessionState.RESTS:
                raise SessionRests("Nobody has used this page for a while; enter your password.")
    except RelayError as error:
        if not isinstance(error, SessionRests):
            relay.ground.witness.refused(f"refused-{error.code}", "WS /feed/v1")
        await socket.close(_code_of(error), str(error))
        return
    wire = SocketWire(socket)
    wire.give_up_after(SEND_TIMEOUT_S)
    ASKER.set(replace(asker_of(session), address=address_of(socket)))
    rests = state is SessionState.RESTS
    await FeedSession(session, wire, relay.pages.parts, rests=rests).run(wire.incoming())


def _code_of(error: RelayError) -> int:
    if error.retry:
        return CLOSE_UNAVAILABLE
    if isinstance(error, SessionRests):
        return CLOSE_RESTS
    return CLOSE_PROTOCOL if isinstance(error, NotAllowed) else CLOSE_SESSION_ENDED
