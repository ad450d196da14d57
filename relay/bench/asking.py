"""HTTP over plain sockets, from an address of one's choice: what many clients of one machine look like to a relay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANSWER_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer.

    Attributes:
        headers: by name in small letters; of equal ones the last.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class HttpAsker:
    """One client.

    Attributes:
        source: the loopback address it comes from.
        headers: sent with every request.
    """

    port: int
    source: str = "127.0.0.1"
    headers: tuple[tuple[str, str], ...] = ()

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | Mapping[str, object] | None = None,
        *,
        kind: str = "application/json",
        hang_up_after_s: float | None = None,
    ) -> HttpReply | None:
        """The answer; None where this client hung up before there was one.

        Raises:
            OSError, TimeoutError, EOFError: the relay took no connection, or gave no answer.
        """
        data = json.dumps(body).encode() if isinstance(body, Mapping) else body or b""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: localhost:{self.port}",
            "Connection: close",
            "X-Kyumei: 1",
            f"Content-Type: {kind}",
            f"Content-Length: {len(data)}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(self.source, 0)
        )
        try:
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
            async with asyncio.timeout(hang_up_after_s or ANSWER_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                return HttpReply(*_head(head), await reader.read())
        except TimeoutError:
            if hang_up_after_s is None:
                raise
            return None
        finally:
            writer.close()


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        # of several cookies the session's stands first
        found.setdefault(name.lower(), value.strip())
    return int(first.split()[1]), found
