"""The site's own HTTP hook for telephones: it sends a text, or speaks it. ``docs/ways-out.md`` says what it is sent.

One mechanism for LIVE119's links and for alarms: the same address, the same token, the same two words ``to`` and ``text``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from relay.alerts.port import HandedOver, Message
from relay.alerts.posting import check_answer, post
from relay.alerts.webhook import body_of
from relay.errors import BadInput

FEWEST_DIGITS, MOST_DIGITS = 2, 15


@dataclass(frozen=True, slots=True)
class Hook:
    """Where it listens.

    Attributes:
        url: "" where the site has none.
        token: sent as ``Authorization: Bearer``, "" for none.
    """

    url: str = ""
    token: str = ""

    async def post(self, fields: dict[str, object], message_id: str = "") -> None:
        """Hand it over; any 2xx means that the hook has taken it.

        Raises:
            Unavailable: not now.
            BadInput: never.
        """
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if message_id:
            headers["Idempotency-Key"] = message_id
        check_answer(await post(self.url, json.dumps(fields).encode(), headers))


class _Telephone:
    """What both ways by telephone have in common."""

    setting = ""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def check(self, to: str) -> None:
        """Do nothing where it is a telephone number.

        Raises:
            BadInput: it is none.
        """
        digits = to.removeprefix("+").replace("-", "")
        right = digits.isascii() and digits.isdigit()
        if not right or not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
            raise BadInput("This way takes a telephone number, such as +81-90-1234-5678.")

    async def send(self, message: Message, to: str) -> HandedOver:
        """Hand it to the hook.

        Raises:
            Unavailable: not now.
            BadInput: never; also where the site has no hook.
        """
        self.check(to)
        if not self._hook.url:
            raise BadInput(f"{self.setting} is not set.", "way-not-set-up")
        await self._hook.post({"to": to, **body_of(message)}, message.id)
        return HandedOver()


class SmsText(_Telephone):
    """Fulfils ``AlertChannel``: an SMS."""

    name = "sms"
    about = (
        "An SMS through the site's hook (`KYUMEI_SMS_HOOK_URL`); the address is a telephone number."
    )
    setting = "KYUMEI_SMS_HOOK_URL"


class VoiceCall(_Telephone):
    """Fulfils ``AlertChannel``: a telephone call that speaks the text."""

    name = "call"
    about = "A telephone call that speaks the text, through the site's hook (`KYUMEI_CALL_HOOK_URL`); the address is a telephone number."
    setting = "KYUMEI_CALL_HOOK_URL"
