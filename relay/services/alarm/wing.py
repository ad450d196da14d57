"""The alarm's wing, composed: what rings, and which human has heard it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.alerts.port import AlertChannel
from relay.services.alarm.alerting import Alerting
from relay.services.alarm.delivery import Delivery
from relay.services.alarm.hearing import Hearing
from relay.services.alarm.letter_box import LetterBox
from relay.services.alarm.letters import Destination, LetterWords
from relay.services.alarm.ring_devices import RingDevices
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.recordings.wing import RecordingsWing


@dataclass(frozen=True, slots=True)
class AlarmWing:
    """What the wing offers.

    Attributes:
        alerting: raises alerts and records every human step.
        hearing: on which screens they were drawn.
        delivery: sends the letters of the outbox, by every way there is.
        devices: which devices ring for whom by Web Push.
        box: what people ask about letters, and whether a way works.
    """

    alerting: Alerting
    hearing: Hearing
    delivery: Delivery
    devices: RingDevices
    box: LetterBox

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
        destinations: where every alarm is told beside the pages.
        public_url: where the pages are reached from outside; letters link there.
    """

    site_name: str
    st_trend_alarm: bool
    destinations: Sequence[Destination] = ()
    public_url: str = ""


def compose(
    ground: GroundWing,
    recordings: RecordingsWing,
    rules: AlarmRules,
    devices: RingDevices,
    ways: Mapping[str, AlertChannel],
) -> AlarmWing:
    """The wing over this ground; whatever rings puts a letter to every destination."""
    keeper, trends = recordings.keeper, rules.st_trend_alarm
    alerting = Alerting(ground.journal, keeper, st_trend_alarm=trends)
    words = LetterWords(rules.site_name, rules.public_url)
    delivery = Delivery(ground.journal, ways, rules.destinations, words)
    alerting.on_raise, alerting.on_rang_unstored = delivery.put_for, delivery.rang_unstored
    hearing, box = (
        Hearing(ground.journal, alerting.unstored),
        LetterBox(ground.journal, ways, words),
    )
    return AlarmWing(alerting, hearing, delivery, devices, box)
