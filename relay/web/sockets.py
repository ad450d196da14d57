"""WebSockets of this server: the ``Wire`` that services hold, and the protocol class below it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import cast

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request as Handshake

ABORT = "kyumei.abort"
SOCKET = "kyumei.socket"
MAX_MESSAGE_BYTES = 131_072
"""Above the protocol's own limits, so that those answer in words; beyond this the socket closes."""


class AbortableWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol class, with a way to drop a peer that does not read.

    Closing politely would keep everything in its buffers until TCP gives up, minutes later.
    """

    on_lost: Callable[[], None] | None = None
    """Told when the connection has gone."""

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def handle_connect(self, event: Handshake) -> None:
        """Let the application reach this connection's ``abort``."""
        super().handle_connect(event)
        if self.handshake_initiated and hasattr(self, "scope"):
            extensions = cast("dict[str, object]", self.scope["extensions"])
            extensions[ABORT] = self.transport.abort
            extensions[SOCKET] = self.transport.get_extra_info("socket")


class SocketWire:
    """``relay.services.ground.wire.Wire`` on an accepted WebSocket."""

    def __init__(self, accepted: WebSocket) -> None:
        self._socket = accepted

    async def send(self, message: str | bytes) -> None:
        """Hand one message to the socket; a peer that is gone is no error."""
        key = "bytes" if isinstance(message, bytes) else "text"
        with suppress(WebSocketDisconnect, OSError):
            if self._is_open:
                await self._socket.send({"type": "websocket.send", key: message})

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye once."""
        with suppress(WebSocketDisconnect, OSError):
            if self._is_open:
                await self._socket.close(code, _fits(reason))

    @property
    def _is_open(self) -> bool:
        states = (self._socket.application_state, self._socket.client_state)
        return states == (WebSocketState.CONNECTED, WebSocketState.CONNECTED)

    def abort(self) -> None:
        """Drop the connection with its buffers."""
        abort = self._socket.scope.get("extensions", {}).get(ABORT)
        if abort is not None:
            cast(Callable[[], None], abort)()

    def give_up_after(self, silent_s: float) -> None:
        """Let the system end the connection when the peer has taken nothing for this many seconds.

        If a page is frozen or its line is dead, the system's buffers fill first, and sending seems to work for minutes. Only
        Linux can tell sooner. On other systems only a send that waits shows it.
        """
        below = self._socket.scope.get("extensions", {}).get(SOCKET)
        if below is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            with suppress(OSError):
                below.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(silent_s * 1000)
                )

    async def incoming(self) -> AsyncIterator[str | bytes]:
        """What the peer sends, until it or this side closes."""
        while self._socket.client_state is WebSocketState.CONNECTED:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            yield message["text"] if data is None else data


def _fits(reason: str) -> str:
    """A close reason of at most 123 bytes, as RFC 6455 asks."""
    return reason.encode()[:123].decode(errors="ignore")
