"""SMS of LIVE119 through the site's own HTTP hook. What it is sent stands in ``docs/live119.md``."""

from __future__ import annotations

import asyncio

import structlog

from relay.alerts.hook import Hook
from relay.alerts.sms_port import SmsResult
from relay.errors import RelayError

log = structlog.get_logger(__name__)


class NoSms:
    """A site without a hook."""

    async def send(self, number: str, text: str) -> SmsResult:
        """Say so."""
        return SmsResult.NOT_CONFIGURED


class SmsHook:
    """Fulfils ``SmsGateway``: ``POST {to, text}`` as JSON; any 2xx within the time means sent."""

    def __init__(self, hook: Hook, timeout_s: float) -> None:
        self._hook, self._timeout_s = hook, timeout_s

    async def send(self, number: str, text: str) -> SmsResult:
        """Post it; too late counts as failed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._hook.post({"to": number, "text": text})
        except TimeoutError:
            log.warning("sms-failed", reason="way-slow")
            return SmsResult.FAILED
        except RelayError as error:
            log.warning("sms-failed", reason=error.cause)
            return SmsResult.FAILED
        return SmsResult.SENT
