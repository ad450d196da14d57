"""What a tablet is told of the hospitals' attention: who looks now, and whether a page can ring."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from uuid import UUID

from relay.protocol import messages as m
from relay.services.ground.presence import Presence

LOOK_EVERY_S = 1.0


def attention_of(presence: Presence, incident: UUID, hospitals: Collection[str]) -> m.Attention:
    """How the hospitals of a case stand at this moment."""
    consoles = presence.consoles(hospitals)
    looking = tuple(
        m.Looker(one.who[:200], one.snapshot, one.since_us) for one in presence.looking(incident)
    )
    if not consoles.known:
        return m.Attention(incident, looking, None, None)
    return m.Attention(incident, looking, consoles.pages, consoles.armed)


async def attend(
    presence: Presence,
    incident: UUID,
    hospitals: Collection[str],
    tell: Callable[[m.Attention], None],
) -> None:
    """Tell how the hospitals stand, at once and whenever that changes, until cancelled."""
    told: m.Attention | None = None
    while True:
        now = attention_of(presence, incident, hospitals)
        if now != told:
            tell(now)
            told = now
        await asyncio.sleep(LOOK_EVERY_S)
