"""What the relay may rely on when it tells somebody outside that an ECG waits for a human."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from relay.errors import Unavailable

SEND_TIMEOUT_S = 10.0
"""Whoever calls ``send`` waits so long, then cancels."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one person or place is told. Nothing in it says anything about a patient.

    Attributes:
        id: the letter's; the same message may come twice and then has the same id.
        text_ja / text_en: one line each, without the link.
        url: opens that trace, after signing in; "" where the site has not said its public address.
        urgent: whether it rings; otherwise it may wait until somebody looks.
        at_us: when it was put, µs since 1970.
        expires_in_s: after so many seconds it is of no use any more.
        group: messages of one case have the same; letters and digits, and no way back to the case.
    """

    id: str
    text_ja: str
    text_en: str
    url: str
    urgent: bool
    at_us: int
    expires_in_s: float
    group: str
    place: str = ""
    """The link without the site's address, for a page that knows where it came from."""

    @property
    def text(self) -> str:
        """Everything on one line, in both languages, with the link at the end."""
        return " ".join(f"{self.text_ja} {self.text_en} {self.url}".split())


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The other side has it.

    Attributes:
        reference: what the other side calls it; "" where it does not say.
    """

    reference: str = ""


class TryLater(Unavailable):
    """The other side asks to be left alone for a while.

    Attributes:
        after_s: how long, as it asked; the caller waits for a part of it only, where that is very long.
    """

    def __init__(self, text: str, after_s: float, cause: str = "") -> None:
        super().__init__(text, cause)
        self.after_s = after_s


class AlertChannel(Protocol):
    """One way to reach somebody who is at no page."""

    @property
    def name(self) -> str:
        """Its name in ``KYUMEI_ALERT_CHANNELS``: small letters and hyphens."""

    @property
    def about(self) -> str:
        """One sentence for the table in ``docs/ways-out.md``: what is done, and what an address is."""

    def check(self, to: str) -> None:
        """Do nothing where ``to`` can be an address. Asked at the start, so that a misspelt one stops it.

        Raises:
            BadInput: it cannot; the sentence says what it should be.
        """

    async def send(self, message: Message, to: str) -> HandedOver:
        """Come back once the other side has the message.

        The text may be logged, the address may not. The same message may come twice, with the same id. Whoever
        calls waits ``SEND_TIMEOUT_S`` at most, then cancels. Where an error has a row in ``relay.causes``
        (``way-…``), it names it.

        Raises:
            Unavailable: not now; it will be tried again (``TryLater``: not before the time it says).
            BadInput: never; trying again would not help.
        """
