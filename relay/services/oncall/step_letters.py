"""The letters of a ladder's step: whoever is rung is told outside the pages too."""

from __future__ import annotations

from relay.model.ladder import Ladder
from relay.model.ladder_policy import CONSOLE, PolicyStep
from relay.model.letter import Addressee
from relay.services.alarm.letters import About, letter_about
from relay.services.ground.journal import CaseChange
from relay.services.oncall.situation import Situation

LEAST_TRIED_S = 120.0
"""A letter is tried for so long also where the next step comes sooner: who reads it late may still be the first."""
WEB_PUSH = "web-push"
"""Goes to every device that the person lets ring; it needs no address of theirs."""


def address(place: Situation, who: str, channel: str) -> str | None:
    """Where a letter to them goes by this channel; None where they have no address."""
    return None if channel == CONSOLE else place.reached.get((who, channel))


async def put_letters(
    change: CaseChange, ladder: Ladder, step: PolicyStep, who: str, place: Situation
) -> None:
    """Put a letter by every channel of the step that reaches this person or desk, inside the step's transaction."""
    ways = [(name, address(place, who, name)) for name in step.channels]
    if WEB_PUSH in step.channels:
        devices = await change.tx.ringing.devices_of(who)
        ways += [(WEB_PUSH, str(device.id)) for device in devices]
    about = About(ladder.incident, ladder.alert, ladder.snapshot)
    wait_us = round(max(step.wait_s, LEAST_TRIED_S) * 1e6)
    for channel, to in ways:
        if to is None:
            continue
        addressee = Addressee(ladder.hospital, ladder.step, who, channel, to)
        urgent = ladder.level != "soft"
        await change.tx.outbox.put(
            letter_about(about, addressee, change.now_us, urgent=urgent, wait_us=wait_us)
        )
