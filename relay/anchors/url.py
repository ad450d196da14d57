"""Heads posted to another machine as JSON: ``{"kind": "audit-head", "number": …, "hash": "…"}``."""

from __future__ import annotations

import asyncio
import json
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from relay.errors import Unavailable
from relay.model.audit import Head

WITHIN_S = 10.0


class _NoRedirects(HTTPRedirectHandler):
    """Heads go where the setting says and nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nowhere."""


class HeadUrl:
    """Fulfils ``HeadPlace``; any 2xx means kept."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.where = f"{urlsplit(url).scheme}://{urlsplit(url).hostname}"
        self._opener = build_opener(_NoRedirects)

    async def append(self, head: Head) -> None:
        """Post it from a thread."""
        body = json.dumps({"kind": "audit-head", "number": head.number, "hash": head.hash})
        try:
            await asyncio.to_thread(self._post, body.encode())
        except (URLError, OSError, ValueError) as error:
            raise Unavailable(f"{self.where} takes no head ({type(error).__name__}).") from error

    def _post(self, body: bytes) -> None:
        request = Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310  settings allow http(s) only
        with self._opener.open(request, timeout=WITHIN_S):
            pass

    async def heads(self) -> None:
        """It cannot be asked."""
