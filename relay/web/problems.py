"""Errors as ``application/problem+json`` (RFC 9457), one shape for all of them."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from relay.causes import CAUSES, words
from relay.errors import RelayError

log = structlog.get_logger(__name__)


class TooLong(HTTPException):
    """A body longer than its route takes: 413, with how many bytes it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


MEDIA_TYPE = "application/problem+json"
SENTENCES = {
    404: ("not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take this method."),
    413: ("too-large", "The request is too large; send less at a time."),
    421: (
        "other-host",
        "This relay is not known by the name in the address; ask for the right one.",
    ),
}


def problem(
    status: int,
    code: str,
    title: str,
    headers: dict[str, str] | None = None,
    told: Mapping[str, object] | None = None,
) -> Response:
    """The answer to a request that failed; ``told`` are the words of its row in ``relay.causes``."""
    body: dict[str, object] = {
        "type": f"urn:kyumei:error:{code}", "title": title, "status": status, "code": code,
    }  # fmt: skip
    body |= told or {}
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


async def on_relay_error(_request: Request, error: Exception) -> Response:
    """One of the relay's own errors."""
    if not isinstance(error, RelayError):
        return await on_anything(_request, error)
    headers = {"Retry-After": "10"} if error.retry else None
    told = words(error.cause, **error.filled) if error.cause in CAUSES else None
    return problem(error.http_status, error.code, str(error), headers, told)


async def on_validation(_request: Request, error: Exception) -> Response:
    """A request whose fields cannot be used."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    first = found[0] if found else {"loc": (), "msg": "it cannot be read"}
    where = ".".join(str(part) for part in first["loc"]) or "request"
    return problem(422, "bad-input", f"The request cannot be used at {where}: {first['msg']}.")


async def on_http(_request: Request, error: Exception) -> Response:
    """What the framework itself refuses."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else "Something broke."
    code, title = SENTENCES.get(status, ("bad-request" if status < 500 else "relay", detail))
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    told = {"limit_bytes": error.limit} if isinstance(error, TooLong) else None
    return problem(status, code, title, headers, told)


async def on_anything(_request: Request, error: Exception) -> Response:
    """A fault of ours: said in the log in full, to the page in one sentence."""
    log.error("request-broke", exc_info=error)
    return problem(500, "relay", "Something in the relay broke; try again and tell the operator.")


def install(app: FastAPI) -> None:
    """Answer every error in this shape."""
    app.add_exception_handler(RelayError, on_relay_error)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_anything)
