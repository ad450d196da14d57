"""What the relay may rely on when it sends a text message."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class SmsResult(StrEnum):
    """What became of it, told honestly: the dispatcher chooses another way if it was not sent."""

    SENT = "sent"
    NOT_CONFIGURED = "not-configured"
    FAILED = "failed"


class SmsGateway(Protocol):
    """Sends one text."""

    async def send(self, number: str, text: str) -> SmsResult:
        """Hand the text over and say what became of it. Never raises, never logs number or text."""
