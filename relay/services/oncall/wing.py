"""The wing of who is on call, composed: the roster, the ladders, and who would hear an alarm now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.services.alarm.wing import AlarmWing
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.oncall.hearable import Hearables
from relay.services.oncall.ladders import Ladders
from relay.services.oncall.rosters import Rosters


@dataclass(frozen=True, slots=True)
class OncallWing:
    """What the wing offers.

    Attributes:
        rosters: who is on call.
        ladders: an ECG that nobody opens climbs from person to person.
        hearables: who would hear an alarm now.
    """

    rosters: Rosters
    ladders: Ladders
    hearables: Hearables

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {"ladders": self.ladders.run, "hearables": self.hearables.run}


def compose(ground: GroundWing, alarm: AlarmWing, channels: Sequence[str]) -> OncallWing:
    """The wing over this ground; every change of a case is looked at by the ladders before its commit.

    Args:
        ground: what every wing stands on.
        alarm: what rings.
        channels: names of the channels that letters can go by.
    """
    ports = ground.ports
    rosters = Rosters(ports.records, ports.clock, channels)
    ladders = Ladders(
        ground.journal, ground.presence, alarm.alerting.unstored, channels, alarm.delivery.wake
    )
    ground.journal.belonging.append(ladders.follow)
    hearables = Hearables(ports.records, ports.clock, ground.presence, rosters, channels)
    return OncallWing(rosters, ladders, hearables)
