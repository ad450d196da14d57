"""One POST to an address, for every way that speaks HTTP: nothing followed, everything bounded, nothing logged.

It runs on the event loop, so that a peer that hangs holds a socket and no thread, and ends when the caller cancels it.
Names are looked up in threads of its own: a name server that does not answer holds up nothing else of the relay.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from relay.alerts.port import TryLater
from relay.errors import BadInput, Unavailable

if TYPE_CHECKING:
    import ssl

HEAD_BYTES, BODY_BYTES = 16_384, 4_096
"""An answer's head and what is read of its body; the rest of a body is not waited for."""
OK, BUSY, GONE, REFUSED = range(200, 300), {408, 429}, {404, 410}, {401, 403}
PASSING = 103
_NAMES = ThreadPoolExecutor(4, "names")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?")


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What a peer answered. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check_url(to: str, example: str, schemes: tuple[str, ...] = ("https", "http")) -> SplitResult:
    """The address in parts.

    Raises:
        BadInput: it is none, or holds a name and password, which would stand in logs of others.
    """
    try:
        parts = urlsplit(to)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    strange = any(c <= " " or c > "~" for c in to)
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or strange:
        raise BadInput(
            f"This way takes an address such as {example}, in ASCII and without a password."
        )
    return parts


async def post(
    to: str, body: bytes, headers: Mapping[str, str], tls: ssl.SSLContext | None = None
) -> PeerAnswer:
    """Post and read the answer's head, whatever its status.

    Args:
        to: was looked at by ``check_url``.
        body: what is sent.
        headers: beside those of every request.
        tls: whose certificates are believed; None for those this machine believes.

    Raises:
        Unavailable: nobody answers, or not in HTTP; the cause says which.
    """
    parts = urlsplit(to)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    reader, writer = await _connected(parts, port, tls)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = parts.netloc
        lines = {"Host": host, "Content-Length": str(len(body)), "Connection": "close", **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"POST {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        await writer.drain()
        return await _answer(reader)
    except (OSError, EOFError, asyncio.LimitOverrunError) as error:
        raise Unavailable("The other side ended the connection.", "way-no-answer") from error
    finally:
        writer.transport.abort()


async def _connected(
    parts: SplitResult, port: int, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    import ssl

    host = parts.hostname or ""
    context = None
    if parts.scheme == "https":
        context = tls or await asyncio.to_thread(ssl.create_default_context)
    try:
        address = await _looked_up(host, port)
        return await asyncio.open_connection(
            *address, limit=HEAD_BYTES, ssl=context, server_hostname=host if context else None
        )
    except ssl.SSLCertVerificationError as error:
        raise Unavailable("Its certificate is not trusted.", "way-certificate") from error
    except ssl.SSLError as error:
        raise Unavailable("It does not speak TLS as it should.", "way-no-tls") from error
    except socket.gaierror as error:
        raise Unavailable("Its name is not found.", "way-no-name") from error
    except OSError as error:
        raise Unavailable("Nobody answers there.", "way-no-answer") from error


async def _looked_up(host: str, port: int) -> tuple[str, int]:
    def ask() -> str:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return str(found[0][4][0])

    return await asyncio.get_running_loop().run_in_executor(_NAMES, ask), port


async def _answer(reader: asyncio.StreamReader) -> PeerAnswer:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
        found = _STATUS.fullmatch(head[0])
        if found is None:
            raise Unavailable("What answers there does not speak HTTP.", "way-no-answer")
        if int(found[1]) > PASSING:
            break
    pairs = (line.decode("latin-1").partition(":") for line in head[1:])
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = b""
    length = headers.get("content-length", "0")
    wanted = min(int(length), BODY_BYTES) if length.isdigit() else 0
    if wanted:
        body = await reader.readexactly(wanted)
    return PeerAnswer(int(found[1]), headers, body)


def check_answer(answer: PeerAnswer, now: datetime | None = None) -> None:
    """Do nothing where the other side has taken it (any 2xx).

    Raises:
        TryLater: it asks for a pause (429 or 503 with Retry-After).
        Unavailable: not now (408, 429, 5xx).
        BadInput: never: it redirects, refuses, or knows no such address.
    """
    status = answer.status
    if status in OK:
        return
    if status in BUSY or status >= 500:
        words, cause = f"The other side answers {status}.", "way-busy"
        after_s = retry_after_s(answer.headers.get("retry-after", ""), now or datetime.now(UTC))
        raise TryLater(words, after_s, cause) if after_s else Unavailable(words, cause)
    if 300 <= status < 400:
        raise BadInput(
            "The address points elsewhere; an alarm is not sent after it.", "way-redirect"
        )
    if status in GONE:
        raise BadInput("There is no such address any more.", "way-gone")
    if status in REFUSED:
        raise BadInput("The other side does not accept this relay.", "way-password")
    raise BadInput(f"The other side refuses the message ({status}).", "way-refused")


def retry_after_s(text: str, now: datetime) -> float:
    """How long ``Retry-After`` asks to wait, seconds; 0 where it says nothing that can be read."""
    if text.isdigit():
        return float(min(int(text), 86_400))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), 86_400.0)
