"""An alert as a signed POST, in the form of Standard Webhooks (standardwebhooks.com): libraries check it in most languages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING

from relay.alerts.port import HandedOver, Message
from relay.alerts.posting import check_answer, check_url, post
from relay.alerts.push_port import Master

if TYPE_CHECKING:
    import ssl


def key_of(master: bytes, to: str) -> bytes:
    """The key of one destination: whoever has it can forge messages to this destination, and to no other."""
    return hmac.digest(master, b"kyumei webhook\0" + to.encode(), "sha256")


def shown_key(key: bytes) -> str:
    """The key as libraries of Standard Webhooks take it."""
    return "whsec_" + base64.b64encode(key).decode()


def signature(key: bytes, message_id: str, at_s: int, body: bytes) -> str:
    """HMAC-SHA256 over id, time and body, as ``webhook-signature`` carries it."""
    signed = f"{message_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class Webhook:
    """Fulfils ``AlertChannel``."""

    name = "webhook"
    about = "A signed POST of JSON to a URL, with a key of its own; any 2xx answer means arrived."

    def __init__(self, master: Master, tls: ssl.SSLContext | None = None) -> None:
        self._master, self._tls = master, tls

    def check(self, to: str) -> None:
        """Do nothing where it is a URL.

        Raises:
            BadInput: it is none.
        """
        check_url(to, "https://pager.example.jp/alarm")

    async def send(self, message: Message, to: str) -> HandedOver:
        """Post it. A receiver that has seen its id answers 2xx and does nothing more.

        Raises:
            Unavailable: not now.
            BadInput: never.
        """
        self.check(to)
        body, at_s = json.dumps(body_of(message), ensure_ascii=False).encode(), int(time.time())
        key = key_of(await self._master(), to)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(key, message.id, at_s, body),
        }
        check_answer(await post(to, body, headers, self._tls))
        return HandedOver()


def body_of(message: Message) -> dict[str, object]:
    """The JSON object of a message (``docs/ways-out.md``)."""
    return {
        "id": message.id,
        "text": message.text,
        "text_ja": message.text_ja,
        "text_en": message.text_en,
        "url": message.url,
        "urgent": message.urgent,
        "at_us": message.at_us,
        "group": message.group,
    }
