"""``/feed/v1``: where pages connect."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from relay.auth.tokens import COOKIE
from relay.errors import NotAllowed, RelayError
from relay.model.people import Permission, has, require
from relay.protocol.feed import SUBPROTOCOL
from relay.protocol.link import CLOSE_PROTOCOL, CLOSE_UNAVAILABLE
from relay.services.feeds import FeedSession
from relay.services.wire import CLOSE_SESSION_ENDED, SEND_TIMEOUT_S
from relay.web.cookies import kept
from relay.web.guard import relay_of
from relay.web.headers import comes_from_us
from relay.web.sockets import SocketWire

router = APIRouter()


@router.websocket("/feed/v1")
async def feed(socket: WebSocket) -> None:
    """Serve one page for as long as its session lives."""
    relay = relay_of(socket)
    if not comes_from_us(socket.headers, relay.site):
        await socket.close(1008)
        return
    if SUBPROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(CLOSE_PROTOCOL, f"Speak {SUBPROTOCOL} here.")
        return
    await socket.accept(SUBPROTOCOL)
    try:
        session = await relay.people.session(kept(socket, COOKIE))
        if not has(session.person.role, Permission.INCIDENTS_READ):
            require(session.person.role, Permission.CALLS_WATCH)
    except RelayError as error:
        await socket.close(_code_of(error), str(error))
        return
    wire = SocketWire(socket)
    wire.give_up_after(SEND_TIMEOUT_S)
    await FeedSession(session, wire, relay.feeds).run(wire.incoming())


def _code_of(error: RelayError) -> int:
    if error.retry:
        return CLOSE_UNAVAILABLE
    return CLOSE_PROTOCOL if isinstance(error, NotAllowed) else CLOSE_SESSION_ENDED
