"""What every answer carries, how large a request may be, where a changing one must come from."""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.services.relay import Site
from relay.web.problems import SENTENCES, TooLong, problem
from relay.web.refusals import Refusals

MOST_BODY_BYTES = 204_800
"""No route takes more; what each takes stands at the route (``relay.web.guard.takes``)."""
log = structlog.get_logger(__name__)
CALLER_PAGE = "/live"
DISPATCH_PAGE = "/dispatch"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_HEADER = "x-kyumei"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def policy_of(site: Site, images: str = "") -> str:
    """The content security policy; a drill may also frame its tablets' local pages.

    ``images``: where else pictures may come from.
    """
    frames = " ".join(("'self'", *site.tablet_origins)) if site.demo is not None else "'none'"
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data: blob:{images}; "
        f"connect-src 'self'; frame-src {frames}; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'"
    )


def comes_from_us(headers: Headers, site: Site) -> bool:
    """Whether the request's ``Origin`` is the relay's own address, or one the site allows."""
    origin = headers.get("origin")
    return origin is not None and is_our_name(origin, headers, site)


def is_our_name(origin: str, headers: Headers, site: Site) -> bool:
    """Whether pages of this origin are the relay's own, as the request's ``Host`` has it."""
    if origin in site.origins:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host")
    except ValueError:  # no browser names such an origin
        return False


def asks_for_us(headers: Headers, site: Site) -> bool:
    """Whether the request's ``Host`` is a name of this relay; on this machine itself it needs none."""
    try:
        name = urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return False
    return name in LOOPBACK or name in site.hosts


def foreign_origin(headers: Headers, site: Site) -> str | None:
    """The page's origin where it is not this relay's address: another site's, or a proxy renamed us."""
    origin = headers.get("origin")
    return None if origin is None or comes_from_us(headers, site) else origin


class Doorkeeper:
    """Around the whole application: adds the headers; turns away what is too large or foreign."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._refusals = Refusals()
        self._headers = {
            "Content-Security-Policy": policy_of(site),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        tiles = urlsplit(site.map_tiles)
        self._maps = policy_of(site, f" {tiles.scheme}://{tiles.netloc}" if site.map_tiles else "")
        if site.demo is None:  # a drill on localhost must not bind every later page of localhost
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket" and not asks_for_us(Headers(scope=scope), self._site):
            self._refusals.note(log, "other-host-refused", "-")
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if scope["path"] == DISPATCH_PAGE:
                    headers["Content-Security-Policy"] = self._maps
                own = "(self)" if scope["path"] == CALLER_PAGE else "()"
                headers["Permissions-Policy"] = f"camera={own}, microphone=(), geolocation={own}"
                if scope["path"].startswith(("/api", "/live/")):
                    headers["Cache-Control"] = "no-store"
                else:
                    headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["method"], scope["path"])
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, limited(receive, MOST_BODY_BYTES), send_with_headers)

    def _refusal(self, headers: Headers, method: str, path: str) -> Response | None:
        """The answer to a request that is not let in."""
        if not asks_for_us(headers, self._site):
            self._refusals.note(log, "other-host-refused", "-")
            return problem(421, *SENTENCES[421])
        if is_too_long(headers, MOST_BODY_BYTES):
            return problem(413, *SENTENCES[413], told={"limit_bytes": MOST_BODY_BYTES})
        if method in SAFE_METHODS or headers.get(OWN_HEADER) == "1":
            return None
        if comes_from_us(headers, self._site) or brings_token(headers, path):
            return None
        title = "This request does not come from the relay's own page; reload the page."
        return problem(403, "not-allowed", title)


def brings_token(headers: Headers, path: str) -> bool:
    """Whether a WHIP or WHEP client shows a token, which no foreign page's browser would add."""
    is_media = "/whip" in path or "/whep" in path
    return is_media and headers.get("authorization", "").lower().startswith("bearer ")


def is_too_long(headers: Headers, limit: int) -> bool:
    """Whether the body that is announced has more bytes than that."""
    length = headers.get("content-length", "0")
    return not length.isdigit() or int(length) > limit


def limited(receive: Receive, limit: int) -> Receive:
    """The same body, until it is too large (a body sent in pieces names no length beforehand)."""
    taken = 0

    async def take() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLong(limit)
        return message

    return take
