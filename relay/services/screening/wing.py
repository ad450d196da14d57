"""The screening's wing, composed."""

from __future__ import annotations

from dataclasses import dataclass

from relay.services.alarm.wing import AlarmWing
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.recordings.wing import RecordingsWing
from relay.services.screening.screener import Screener
from relay.services.screening.turns import ScreeningQueue
from relay.services.screening.warm_up import WarmUp
from relay.services.screening.work import Screening


@dataclass(frozen=True, slots=True)
class ScreeningRules:
    """What a site decided about the screen.

    Attributes:
        every_s: how often a live recording is screened.
        threads: how many ECGs are screened at once.
    """

    every_s: float
    threads: int


@dataclass(frozen=True, slots=True)
class ScreeningWing:
    """What the wing offers; ``screening`` is closed once nothing runs.

    Attributes:
        screening: decides what is screened when, and keeps what came out.
    """

    screening: Screening

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {"screening": self.screening.run}


def compose(
    ground: GroundWing,
    recordings: RecordingsWing,
    alarm: AlarmWing,
    screener: Screener | None,
    warm_up: WarmUp,
    rules: ScreeningRules,
) -> ScreeningWing:
    """The wing over this ground; every snapshot that is kept is handed to it.

    Args:
        ground: what it stands on.
        recordings: what is screened.
        alarm: what rings.
        screener: None where this site does not screen.
        warm_up: makes the screener fast.
        rules: what the site decided.
    """
    screening = Screening(
        ground.journal,
        ground.ports.ecg_log,
        recordings.hub,
        alarm.alerting,
        screener,
        every_s=rules.every_s,
        queue=ScreeningQueue(ground.ports.clock, rules.threads, ground.rests),
    )
    screening.warm_up = warm_up
    recordings.keeper.on_kept = screening.submit_snapshot
    return ScreeningWing(screening)
