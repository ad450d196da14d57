"""Opens a closed case again when something new comes, and only then. The audit tells of it.

New means: a recording that the relay did not know, frames that it did not have, an entry that it had not applied.
After a new connection a tablet repeats what it said before. That opens nothing, so yesterday's patients stay
out of today's list.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import structlog

from relay.errors import RelayError
from relay.model import incident as incident_model
from relay.model.incident import Incident, IncidentState
from relay.model.stream import EcgStream
from relay.model.timeline import Stage
from relay.services.ground.journal import CaseChange, Journal

log = structlog.get_logger(__name__)
QUIET_S = 10.0
"""A recording without new frames for so long may have a closed case; upkeep closes none that is live."""
By = Literal["recording", "frames", "entry", "photo"]


async def reopen(change: CaseChange, case: Incident, by: By) -> Incident:
    """The case, open; harmless where it is not closed."""
    if case.state is not IncidentState.CLOSED:
        return case
    opened = incident_model.advance(case, "resume")
    await change.tx.cases.put_incident(opened)
    await change.entry(Stage.REOPENED_CASE, case.unit, {"by": by})
    await change.audit(case.unit, "case-reopened", case.id, {"by": by})
    return opened


class FrameWatch:
    """The recordings of one connection: whether their new frames come after a silence.

    The case is looked at then, not at every frame: ECG never waits for the database.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._newest_s: dict[UUID, float] = {}

    def is_first(self, stream: UUID) -> bool:
        """Take note of new frames on disk; whether they are the first in a while."""
        now_s = self._journal.clock.monotonic_s()
        before_s = self._newest_s.get(stream)
        self._newest_s[stream] = now_s
        return before_s is None or now_s - before_s >= QUIET_S

    async def look(self, stream: EcgStream) -> None:
        """Open the case of new frames again, where it is closed; at the next frames where that fails."""
        try:
            async with self._journal.records.read() as records:
                case = await records.cases.incident(stream.incident)
            if case is not None and case.state is IncidentState.CLOSED:
                async with self._journal.change(stream.incident) as change:
                    await reopen(change, await change.case(), "frames")
        except RelayError as error:
            log.warning("case-not-reopened", case=str(stream.incident), reason=str(error))
            self.forget(stream.id)

    def forget(self, stream: UUID) -> None:
        """The recording is finished, or is to be looked at again."""
        self._newest_s.pop(stream, None)
