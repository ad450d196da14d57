"""Answers that a weak line waits for are squeezed: cases, snapshots and their samples. Pictures and frames are small already."""

from __future__ import annotations

import re

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

WORTH_IT = re.compile(
    r"/api/(incidents(/[0-9a-f-]+(/trend)?)?|snapshots/[0-9a-f-]+(/samples|/comparison)?)$"
)
LEAST_BYTES = 1_000
LEVEL = 5


class Squeeze:
    """Around the application; all other answers pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._small = GZipMiddleware(app, minimum_size=LEAST_BYTES, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        squeezes = (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and WORTH_IT.fullmatch(scope["path"])
        )
        await (self._small if squeezes else self._app)(scope, receive, send)
