"""What a failed connection means for the crew: a row of ``relay.causes``, or that there is no radio. Pure.

"No signal" sends a crew looking for a better place to park; it may be said only where nothing else is known.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from datetime import date

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    NegotiationError,
)

from relay.causes import words
from relay.protocol.link import CLOSE_UNAVAILABLE

_EXPIRED, _EARLY = 10, 9
_OTHER_HOST = {62, 64}
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_BY_STATUS = {401: "link-token-unknown", 403: "link-not-allowed", 404: "link-no-relay-here"}
_RELAY_IS_AWAY = {500, 502, 503, 504}
_NOT_A_RELAY = {200, 301, 302, 303, 307, 308, 400, 405, 426}
_WITHDRAWN = frozenset({"link-device-revoked", "link-device-replaced"})
MUST_ACT = frozenset(
    {
        "link-certificate-untrusted",
        "link-certificate-expired",
        "link-certificate-early",
        "link-certificate-other-host",
        "link-no-tls",
        "link-not-a-relay",
        "link-token-unknown",
        "link-device-revoked",
        "link-device-replaced",
        "link-not-allowed",
        "link-no-relay-here",
        "link-refused",
    }
)
"""Waiting does not mend these; a person must."""


def told_of(error: BaseException, today: date) -> dict[str, str]:
    """The words of ``relay.causes`` for this failure, empty where it may just be the radio.

    Args:
        error: what dialling raised.
        today: by the tablet's clock, which may be what is wrong.
    """
    match error:
        case ssl.SSLCertVerificationError():
            return _certificate(error.verify_code, today)
        case ssl.SSLError():
            return words("link-no-tls")
        case ConnectionClosed() if is_not_taken(error):
            return words("link-not-storing")
        case InvalidStatus():
            return of_status(error.response.status_code)
        case InvalidMessage() | NegotiationError() | InvalidHandshake():
            return words("link-not-a-relay")
        case socket.gaierror() if error.errno in _NO_SUCH_NAME:
            return words("link-name-unknown")
        case OSError() if _is_refused(error):
            return words("link-not-answering")
    return {}


def is_not_taken(error: BaseException) -> bool:
    """Whether the relay ended the connection because it cannot take anything now; it was reached."""
    if not isinstance(error, ConnectionClosed) or error.rcvd is None:
        return False
    return error.rcvd.code == CLOSE_UNAVAILABLE


def _is_refused(error: OSError) -> bool:
    """Whether every address of the relay refused; asyncio tells of several as one text."""
    if isinstance(error, ConnectionRefusedError):
        return True
    found = re.findall(r"\[Errno (\d+)\]", str(error))
    return "Multiple exceptions" in str(error) and set(found) == {str(errno.ECONNREFUSED)}


def of_close(reason: str) -> dict[str, str]:
    """The words for a closing with 4001: the reason begins with its cause, where the relay knows one."""
    cause = reason.split(":", 1)[0]
    return words(cause) if cause in _WITHDRAWN else of_status(401)


def of_status(status: int) -> dict[str, str]:
    """The words for an HTTP status in the place of a welcome."""
    if status in _BY_STATUS:
        return words(_BY_STATUS[status])
    if status in _RELAY_IS_AWAY:
        return words("link-not-answering")
    if status in _NOT_A_RELAY:
        return words("link-not-a-relay")
    return words("link-refused", status=status)


def _certificate(code: int, today: date) -> dict[str, str]:
    if code == _EXPIRED:
        return words("link-certificate-expired", today=today.isoformat())
    if code == _EARLY:
        return words("link-certificate-early", today=today.isoformat())
    return words(
        "link-certificate-other-host" if code in _OTHER_HOST else "link-certificate-untrusted"
    )
