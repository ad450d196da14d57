"""The alarm's wing, composed: what rings, and which human has heard it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.services.alarm.alerting import Alerting
from relay.services.alarm.delivery import Delivery, Destination
from relay.services.alarm.hearing import Hearing
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.recordings.wing import RecordingsWing


@dataclass(frozen=True, slots=True)
class AlarmWing:
    """What the wing offers.

    Attributes:
        alerting: raises alerts and records every human step.
        hearing: on which screens they were drawn.
        delivery: tells of alerts outside the pages.
    """

    alerting: Alerting
    hearing: Hearing
    delivery: Delivery

    @property
    def work(self) -> Work:
        """What runs beside the requests; alerts are raised where reports come from."""
        return {"alert-delivery": self.delivery.run}


@dataclass(frozen=True, slots=True)
class AlarmRules:
    """What a site decided about alarms.

    Attributes:
        site_name: how it calls itself where its alarms are told.
        st_trend_alarm: whether a change of ST against the patient's own first minute rings.
        destinations: where alarms are told beside the pages.
    """

    site_name: str
    st_trend_alarm: bool
    destinations: Sequence[Destination] = ()


def compose(ground: GroundWing, recordings: RecordingsWing, rules: AlarmRules) -> AlarmWing:
    """The wing over this ground; whatever rings is told to every destination."""
    keeper, trends = recordings.keeper, rules.st_trend_alarm
    alerting = Alerting(ground.journal, keeper, st_trend_alarm=trends)
    delivery = Delivery(ground.late, rules.destinations, rules.site_name)
    alerting.on_rang = delivery.rang
    return AlarmWing(alerting, Hearing(ground.journal, alerting.unstored), delivery)
