"""What every answer carries, and where a state-changing request must come from."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.services.relay import Site
from relay.web.problems import problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_HEADER = "x-kyumei"


def policy_of(site: Site) -> str:
    """The content security policy; a drill may also frame its tablets' local pages."""
    frames = " ".join(("'self'", *site.tablet_origins)) if site.demo is not None else "'none'"
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"connect-src 'self'; frame-src {frames}; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'"
    )


def comes_from_us(headers: Headers, site: Site) -> bool:
    """Whether the request's ``Origin`` is the relay's own address, or one the site allows."""
    origin = headers.get("origin")
    if origin is None:
        return False
    return origin in site.origins or urlsplit(origin).netloc == headers.get("host")


class SecurityHeaders:
    """Adds the headers, and refuses what another site's page asks for in a person's name."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._headers = {
            "Content-Security-Policy": policy_of(site),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            "Strict-Transport-Security": "max-age=31536000",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if scope["path"].startswith("/api"):
                    headers["Cache-Control"] = "no-store"
                else:
                    headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        if self._is_foreign(scope):
            title = "This request does not come from the relay's own page; reload the page."
            await problem(403, "not-allowed", title)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _is_foreign(self, scope: Scope) -> bool:
        if scope["method"] in SAFE_METHODS:
            return False
        headers = Headers(scope=scope)
        return headers.get(OWN_HEADER) != "1" and not comes_from_us(headers, self._site)
