"""The cases' wing, composed."""

from __future__ import annotations

from dataclasses import dataclass

from relay.services.alarm.wing import AlarmWing
from relay.services.cabin.cabin_board import CabinBoard
from relay.services.cases.archive import Archive
from relay.services.cases.cases import Boards, Cases
from relay.services.cases.changes import Changes
from relay.services.cases.deciding import Deciding
from relay.services.cases.exporting import Exporting
from relay.services.cases.upkeep import Upkeep
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.recordings.wing import RecordingsWing
from relay.services.screening.wing import ScreeningWing


@dataclass(frozen=True, slots=True)
class CasesWing:
    """What the wing offers.

    Attributes:
        cases: what a signed-in person may ask and do.
        archive: closed cases, searched.
        changes: how a patient's ECG has changed.
        deciding: a physician's decisions.
        upkeep: closes cases that nobody closed.
        exporting: kept ECGs as files in other formats.
    """

    cases: Cases
    archive: Archive
    changes: Changes
    deciding: Deciding
    upkeep: Upkeep
    exporting: Exporting

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {"upkeep": self.upkeep.run}


def compose(
    ground: GroundWing,
    recordings: RecordingsWing,
    alarm: AlarmWing,
    screening: ScreeningWing,
    board: CabinBoard,
    exporting: Exporting,
    close_after_s: float,
) -> CasesWing:
    """The wing over this ground; a case is closed ``close_after_s`` after its last sign of life."""
    journal, ecg_log, hub = ground.journal, ground.ports.ecg_log, recordings.hub
    now = Boards(hub, board, ground.presence, recordings.ages, ground.witness)
    cases = Cases(journal, ecg_log, alarm.alerting, screening.screening, now)
    return CasesWing(
        cases,
        Archive(journal, cases, ground.witness),
        Changes(journal),
        Deciding(journal, recordings.keeper, ecg_log, alarm.alerting),
        Upkeep(journal, hub, close_after_s),
        exporting,
    )
