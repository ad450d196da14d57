"""Heads in the system's log, on this machine or another (RFC 3164 over a datagram)."""

from __future__ import annotations

import asyncio
import socket

from relay.errors import Unavailable
from relay.model.audit import Head

PRIORITY = 10 * 8 + 5
"""Facility authpriv, severity notice."""
LOCAL = "/dev/log"


class HeadSyslog:
    """Fulfils ``HeadPlace``; what a log holds is brought to ``kyumei audit verify --heads`` by a person."""

    def __init__(self, host: str = "", port: int = 514) -> None:
        self._host, self._port = host, port
        self.where = f"the log of {host}" if host else "this machine's log"

    async def append(self, head: Head) -> None:
        """Send one line."""
        line = f"<{PRIORITY}>kyumei: audit-head {head.number} {head.hash}".encode()
        try:
            await asyncio.to_thread(self._send, line)
        except OSError as error:
            raise Unavailable(f"{self.where} takes no head ({error.strerror or error}).") from error

    def _send(self, line: bytes) -> None:
        if not self._host:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.connect(LOCAL)
                out.send(line)
            return
        family, _, _, _, address = socket.getaddrinfo(
            self._host, self._port, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, socket.SOCK_DGRAM) as out:
            out.sendto(line, address)

    async def heads(self) -> None:
        """It cannot be asked."""
