"""A cabin's change told: to the hospitals of its case, and to the dispatchers of its call."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import structlog

from relay.errors import RelayError
from relay.model.call import CallFacts
from relay.services.ground.journal import Journal

log = structlog.get_logger(__name__)


class Telling:
    """Finds the case and the calls that show a cabin.

    Args:
        journal: the cases.
        tell_call: sends a call's row to everybody who may see it.
    """

    def __init__(self, journal: Journal, tell_call: Callable[[CallFacts], None]) -> None:
        self.journal, self._tell_call = journal, tell_call

    async def tell(self, incident: UUID) -> None:
        """Send the case's row and its calls' rows; a lost word comes with the next."""
        try:
            async with self.journal.records.read() as records:
                case = await records.cases.incident(incident)
                calls = [f for f in await records.calls.open_calls() if f.call.incident == incident]
        except RelayError as error:
            log.warning("cabin-not-told", reason=str(error))
            return
        if case is not None:
            self.journal.touched(case)
        for facts in calls:
            self._tell_call(facts)
