"""The server below the application: one socket, one loop, an orderly end."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from relay.errors import BadInput, Unavailable
from relay.services.relay import Relay
from relay.web.app import guarded_app
from relay.web.descriptors import connections_of, raise_limit
from relay.web.gate import BACKLOG, Gate
from relay.web.http_limits import LimitedHttp
from relay.web.places import ConnectionPlace, ConnectionPlaces
from relay.web.sockets import MAX_MESSAGE_BYTES, AbortableWebSocket

ENDING = (signal.SIGTERM, signal.SIGINT)
GOODBYE_S = 1.0
GLANCE_S = 0.02
GRACE_S = 8
CAN_SHARE = sys.platform == "linux"
"""Elsewhere two sockets may share a port only by other rules; there an upgrade leaves a short refusal."""


class RelayServer(uvicorn.Server):
    """uvicorn that asks tablets and pages to come back before it closes their sockets."""

    def __init__(self, config: uvicorn.Config, relay: Relay, places: ConnectionPlaces) -> None:
        super().__init__(config)
        self._relay = relay
        self._places = places

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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; from now on a successor may listen beside (``bind``)."""
        self.servers = []
        for listening in sockets or []:
            site = self._relay.site
            gate = Gate(listening, self._protocol, self._places, self.config.ssl, site.proxies)
            gate.open()
            self.servers.append(gate)  # type: ignore[arg-type]  # what uvicorn asks of a server it has
            _share(listening)
        self.started = True

    def _protocol(self, place: ConnectionPlace) -> LimitedHttp:
        return LimitedHttp(
            self.config, self.server_state, self.lifespan.state, place=place, places=self._places
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nobody new, say goodbye with 1012, wait a moment, then end everything.

        Who comes back at once must not find this relay again but its successor, if one listens.
        """
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        self._relay.goodbye()
        await self._until(lambda: not self._relay.connections)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._until(lambda: not (self.server_state.connections or self.server_state.tasks))
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)  # waits longer, in steps of a tenth of a second

    async def _until(self, true: Callable[[], bool]) -> None:
        """Wait until it holds, a second at most."""
        for _ in range(round(GOODBYE_S / GLANCE_S)):
            if true():
                return
            await asyncio.sleep(GLANCE_S)


def tls_of(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """TLS 1.3 with these files; None without them.

    Raises:
        BadInput: one of the two is missing or cannot be used.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadInput("HTTPS needs both files: --tls-certificate and --tls-key.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"The certificate {certificate} and its key cannot be used ({error.strerror or error})."
        ) from error
    return context


def make_server(
    relay: Relay, tls: ssl.SSLContext | None = None, prepared: FastAPI | None = None
) -> RelayServer:
    """A server for this relay, not started; of an application that is ready where there is one."""
    places = ConnectionPlaces(connections_of(raise_limit()), relay.site.connections_per_address)
    config = uvicorn.Config(
        guarded_app(relay, prepared, places),
        http="httptools",
        ws=AbortableWebSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(relay.site.proxies),
        forwarded_allow_ips=[str(network) for network in relay.site.proxies],
        timeout_graceful_shutdown=GRACE_S,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )
    return RelayServer(config, relay, places)


def bind(host: str, port: int, *, beside: bool = False) -> socket.socket:
    """An address to listen on.

    With ``beside`` it listens at once, also where a relay of ours serves this address now: whoever
    comes waits in its queue until the new relay serves.

    Raises:
        Unavailable: somebody else has the port.
        BadInput: the address cannot be used on this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP: asyncio switches Nagle's algorithm off only where a socket says so, and every second
    # answer on a kept connection would wait 40 ms for the other side's acknowledgement
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if beside:
        _share(bound)
    try:
        bound.bind((host, port))
        if beside:
            bound.listen(BACKLOG)
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


def _share(listening: socket.socket) -> None:
    """Let another socket that asks for it, of the same user, have this address too.

    Set after binding it excludes nobody who did not ask: a second relay on the port is still refused.
    """
    if CAN_SHARE:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
