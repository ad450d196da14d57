"""What the relay may rely on when it tells somebody outside that an alarm rings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The other side has it.

    Attributes:
        reference: what the other side calls it; "" where it does not say.
    """

    reference: str = ""


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

    async def send(self, text: str, to: str) -> HandedOver:
        """Come back once the other side has the text.

        The text is one line, without anything about a patient; it may be logged, the address may not.
        The same text may come twice. Whoever calls waits ten seconds at most, then cancels.

        Raises:
            Unavailable: not now; it will be tried again.
            BadInput: never; trying again would not help.
        """
