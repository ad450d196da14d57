"""The alarm's wing, composed: what rings, and which human has heard it."""

from __future__ import annotations

from dataclasses import dataclass

from relay.services.alarm.alerting import Alerting
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.recordings.wing import RecordingsWing


@dataclass(frozen=True, slots=True)
class AlarmWing:
    """What the wing offers.

    Attributes:
        alerting: raises alerts and records every human step.
    """

    alerting: Alerting

    @property
    def work(self) -> Work:
        """What runs beside the requests: nothing; alerts are raised where reports come from."""
        return {}


def compose(ground: GroundWing, recordings: RecordingsWing, *, st_trend_alarm: bool) -> AlarmWing:
    """The wing over this ground."""
    return AlarmWing(Alerting(ground.journal, recordings.keeper, st_trend_alarm=st_trend_alarm))
