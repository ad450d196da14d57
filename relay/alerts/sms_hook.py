"""SMS through the site's own HTTP hook. What it is sent stands in ``docs/live119.md``."""

from __future__ import annotations

import asyncio
import json
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import structlog

from relay.alerts.sms_port import SmsResult

log = structlog.get_logger(__name__)


class NoSms:
    """A site without a hook."""

    async def send(self, number: str, text: str) -> SmsResult:
        """Say so."""
        return SmsResult.NOT_CONFIGURED


class _NoRedirects(HTTPRedirectHandler):
    """A hook that redirects is set up wrongly; the number must not travel elsewhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nowhere."""


class SmsHook:
    """Fulfils ``SmsGateway``: ``POST {to, text}`` as JSON; any 2xx within the time means sent."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._timeout_s = timeout_s
        self._opener = build_opener(_NoRedirects)

    async def send(self, number: str, text: str) -> SmsResult:
        """Post it from a thread; too late counts as failed."""
        body = json.dumps({"to": number, "text": text}).encode()
        try:
            async with asyncio.timeout(self._timeout_s):
                status = await asyncio.to_thread(self._post, body)
        except HTTPError as error:
            log.warning("sms-refused", status=error.code)
            return SmsResult.FAILED
        except (URLError, OSError, TimeoutError, ValueError) as error:
            log.warning("sms-failed", reason=type(error).__name__)
            return SmsResult.FAILED
        return SmsResult.SENT if 200 <= status < 300 else SmsResult.FAILED

    def _post(self, body: bytes) -> int:
        request = Request(self._url, body, self._headers)  # noqa: S310  settings allow http(s) only
        with self._opener.open(request, timeout=self._timeout_s) as answer:
            return int(answer.status)
