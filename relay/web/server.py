"""The server below the application: one socket, one loop, an orderly end."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from relay.errors import BadInput, Unavailable
from relay.services.relay import Relay
from relay.web.app import guarded_app
from relay.web.sockets import MAX_MESSAGE_BYTES, AbortableWebSocket

ENDING = (signal.SIGTERM, signal.SIGINT)
GOODBYE_S = 1.0
GLANCE_S = 0.02
GRACE_S = 8


class RelayServer(uvicorn.Server):
    """uvicorn that asks tablets and pages to come back before it closes their sockets."""

    def __init__(self, config: uvicorn.Config, relay: Relay) -> None:
        super().__init__(config)
        self._relay = relay

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGTERM and SIGINT, and then let the caller close the relay.

        uvicorn would raise the signal again after serving, which kills the process before its
        logs are closed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in ENDING:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say goodbye with 1012, wait a moment, then end everything."""
        self._relay.goodbye()
        for _ in range(round(GOODBYE_S / GLANCE_S)):
            if not self._relay.connections:
                break
            await asyncio.sleep(GLANCE_S)
        await super().shutdown(sockets)


def make_server(relay: Relay) -> RelayServer:
    """A server for this relay, not started."""
    config = uvicorn.Config(
        guarded_app(relay),
        http="httptools",
        ws=AbortableWebSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return RelayServer(config, relay)


def bind(host: str, port: int) -> socket.socket:
    """A listening address.

    Raises:
        Unavailable: somebody else has the port.
        BadInput: the address cannot be used on this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"Port {port} is taken by another program; choose another with --port."
            ) from error
        raise BadInput(
            f"The address {host}:{port} cannot be used ({error.strerror}); choose another."
        ) from error
    return bound
