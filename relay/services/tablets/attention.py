"""What a tablet is told of the hospitals' attention: who looks now, whether a page can ring, and who would hear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from relay.protocol import messages as m
from relay.services.ground.presence import Presence
from relay.services.oncall.hearable import Hearables

LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Attended:
    """What stands in no timeline: the pages of this moment, and whom an alarm would reach."""

    presence: Presence
    hearables: Hearables


def attention_of(at: Attended, incident: UUID, hospitals: Collection[str]) -> m.Attention:
    """How the hospitals of a case stand at this moment."""
    consoles = at.presence.consoles(hospitals)
    looking = tuple(
        m.Looker(one.who[:200], one.snapshot, one.since_us) for one in at.presence.looking(incident)
    )
    hearing = tuple(
        m.Hearer(one.place[:200], one.by, one.who[:200], one.hole, one.phone)
        for one in at.hearables.of(hospitals)
    )
    if not consoles.known:
        return m.Attention(incident, looking, None, None, hearing=hearing)
    return m.Attention(incident, looking, consoles.pages, consoles.armed, hearing=hearing)


async def attend(
    at: Attended,
    incident: UUID,
    hospitals: Collection[str],
    tell: Callable[[m.Attention], None],
) -> None:
    """Tell how the hospitals stand, at once and whenever that changes, until cancelled."""
    told: m.Attention | None = None
    while True:
        now = attention_of(at, incident, hospitals)
        if now != told:
            tell(now)
            told = now
        await asyncio.sleep(LOOK_EVERY_S)
