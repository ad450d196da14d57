"""The tablet's plain HTTP to its relay, beside the link: calls it may see, and words of WHIP and WHEP.

Threads of its own, so that a dead radio never holds up the electrodes' coach; connections are kept
between requests, because a new TLS handshake costs more than the question.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from relay.errors import Unavailable

THREADS = 4
MOST_IDLE = 2
MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Reply:
    """What the relay answered."""

    status: int
    body: bytes = b""
    media_type: str = ""
    location: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300

    @property
    def problem(self) -> str:
        """The relay's sentence about what is wrong, its status where there is none."""
        with suppress(ValueError, KeyError, TypeError):
            return str(json.loads(self.body)["title"])
        return f"The relay answered {self.status}."


@dataclass(frozen=True, slots=True)
class RelayRequest:
    """One request to the relay."""

    method: str
    path: str
    body: bytes = b""
    media_type: str = ""
    timeout_s: float = 5.0
    headers: dict[str, str] = field(default_factory=dict)


class RelayHttp:
    """Asks the relay as this tablet.

    Args:
        link_url: any address of the relay: its link's ``ws://`` or ``wss://``, or ``http(s)://``.
        token: sent as bearer: the device's, or a caller link's.
        tls: as for the link.
    """

    def __init__(self, link_url: str, token: str, tls: ssl.SSLContext | None) -> None:
        parts = urlsplit(link_url)
        self._host, self._port = parts.hostname or "", parts.port
        self._secure = parts.scheme in {"wss", "https"}
        self._token, self._tls = token, tls
        self._idle: list[http.client.HTTPConnection] = []
        self._threads = ThreadPoolExecutor(THREADS, "relay-http")

    async def ask(self, question: RelayRequest) -> Reply:
        """The relay's answer, whatever its status.

        Raises:
            Unavailable: there was none.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._ask, question)

    def _ask(self, question: RelayRequest) -> Reply:
        kept = self._idle.pop() if self._idle else None
        if kept is not None:
            with suppress(OSError, http.client.HTTPException):
                return self._over(kept, question)
            kept.close()  # the relay or a tunnel had closed it meanwhile
            if question.method == "POST":
                raise Unavailable("The relay did not answer; trying again.")
        fresh = self._connection(question.timeout_s)
        try:
            return self._over(fresh, question)
        except (OSError, http.client.HTTPException) as error:
            fresh.close()
            raise Unavailable(
                "The relay does not answer; the picture comes back by itself."
            ) from error

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=timeout_s, context=self._tls
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)

    def _over(self, connection: http.client.HTTPConnection, question: RelayRequest) -> Reply:
        headers = {"Authorization": f"Bearer {self._token}", "X-Kyumei": "1", **question.headers}
        if question.media_type:
            headers["Content-Type"] = question.media_type
        connection.timeout = question.timeout_s
        if connection.sock is not None:
            connection.sock.settimeout(question.timeout_s)
        connection.request(question.method, question.path, question.body or None, headers)
        answer = connection.getresponse()
        body = answer.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES or answer.will_close or len(self._idle) >= MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        return Reply(
            answer.status, body[:MOST_BYTES], media_type, answer.headers.get("Location", "")
        )

    def close(self) -> None:
        """Give up what is under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for connection in self._idle:
            connection.close()
