"""What a page says of a press beside its words, so that a press counts once even if this program was away.

The page keeps a press until it is taken (``browser_kit/shared/outbox.js``). If no answer comes, it sends it again. The
``act`` becomes the event's own id, so the tablet and the relay recognise the second one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from relay.errors import BadInput
from relay.protocol import messages as m

FIELDS = ("act", "at_us", "incident")
OLDEST_US = 12 * 3_600_000_000
REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Press:
    """One press.

    Attributes:
        act: a UUID of the page; None where the page sends it only once.
        at_us: when it was pressed, by this machine's own clock (page and tablet are one machine);
            None for now.
        incident: the case it was pressed for; None for the one that is on.
    """

    act: UUID | None = None
    at_us: int | None = None
    incident: UUID | None = None

    def moment_us(self, now_us: int) -> int:
        """When it was pressed: never in the future, whatever the page says."""
        return now_us if self.at_us is None else min(self.at_us, now_us)


NOW = Press()


class Entered:
    """The newest things the crew has entered, by the id that the page gave them."""

    def __init__(self) -> None:
        self._bodies: dict[UUID, m.EventBody] = {}

    def add(self, event: m.Event) -> None:
        """Remember one; the oldest is forgotten for it."""
        self._bodies[event.event] = event.body
        if len(self._bodies) > REMEMBERED:
            del self._bodies[next(iter(self._bodies))]

    def get(self, act: UUID | None) -> m.EventBody | None:
        """What was entered by this press."""
        return None if act is None else self._bodies.get(act)


def press_of(fields: dict[str, Any], now_us: int | None = None) -> Press:
    """The press that these fields of a request tell of.

    Raises:
        BadInput: an id is no UUID, or the moment is no time of the last twelve hours.
    """
    at_us = fields.get("at_us")
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    if at_us is not None:
        if isinstance(at_us, bool) or not isinstance(at_us, int):
            raise BadInput("The moment of a press is a whole number of microseconds.")
        if at_us < now_us - OLDEST_US:
            raise BadInput(
                "This was pressed more than twelve hours ago; tell the hospital by phone."
            )
    return Press(_uuid(fields, "act"), at_us, _uuid(fields, "incident"))


def _uuid(fields: dict[str, Any], name: str) -> UUID | None:
    given = fields.get(name)
    try:
        return None if given is None else UUID(str(given))
    except ValueError:
        raise BadInput(f"{name} is a UUID.") from None
