"""The cookies that keep a session and a phone. They are bound to this host and to HTTPS.

On this machine itself (plain HTTP to a loopback address, in a demo or a test) they are not bound to HTTPS: Safari
drops a ``Secure`` cookie of ``http://localhost``, and nobody could sign in. There they have another name. So a real
site never takes one of them for a bound cookie.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from relay.web.headers import LOOPBACK

BOUND = "__Host-"
"""Browsers take a cookie of this prefix from HTTPS only, for one host and the whole of it."""


def kept(connection: HTTPConnection, name: str) -> str | None:
    """What the browser kept under a name that begins with ``__Host-``."""
    here = connection.cookies.get(_name_here(name)) if is_this_machine(connection) else None
    return here or connection.cookies.get(name)


def keep(
    answer: Response, connection: HTTPConnection, name: str, value: str, life_s: int | None = None
) -> None:
    """Ask the browser to keep it; ``life_s`` None: until the browser is closed."""
    is_here = is_this_machine(connection)
    answer.set_cookie(
        _name_here(name) if is_here else name, value, life_s, path="/", secure=not is_here,
        httponly=True, samesite="strict",
    )  # fmt: skip


def forget(answer: Response, connection: HTTPConnection, name: str) -> None:
    """Ask the browser to throw it away."""
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="strict")
    if is_this_machine(connection):
        answer.delete_cookie(_name_here(name), path="/", httponly=True, samesite="strict")


def is_this_machine(connection: HTTPConnection) -> bool:
    """Whether the browser asked for a loopback address without TLS, and no proxy of a public site did."""
    origins = connection.app.state.relay.site.origins  # named where a proxy changes ``Host``
    asked = connection.url
    return (
        asked.scheme in ("http", "ws")
        and asked.hostname in LOOPBACK
        and all(urlsplit(origin).hostname in LOOPBACK for origin in origins)
    )


def _name_here(name: str) -> str:
    return f"{name.removeprefix(BOUND)}-here"
