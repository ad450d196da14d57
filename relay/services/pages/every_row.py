"""Every open case's and call's row as texts, for a page that may have missed some."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay.model.incident import IncidentState
from relay.model.people import Permission, Session, has
from relay.protocol import feed
from relay.services.calls.calls import Calls
from relay.services.cases.cases import Cases
from relay.services.cases.render import resting_row
from relay.services.ground.watcher import watcher_of
from relay.services.ground.witness import CALLS_LISTED, CASES_LISTED

WriteDown = Callable[[str, Sequence[object]], None]
"""What the audit calls such a look, and which cases or calls were looked at."""


class EveryRow:
    """Reads the rows that a person may see."""

    def __init__(self, cases: Cases, calls: Calls) -> None:
        self._cases, self._calls = cases, calls

    async def texts(self, session: Session, shows: WriteDown, *, rests: bool) -> list[str]:
        """The rows of this person's page. One that rests gets what may ring, and nothing of a patient."""
        person, texts = session.person, list[str]()
        if has(person.role, Permission.INCIDENTS_READ):
            texts += await self._of_cases(person.hospital, shows, rests=rests)
        if has(person.role, Permission.CALLS_WATCH) and not rests:
            calls = await self._calls.list(watcher_of(person, session.token_hash))
            shows(CALLS_LISTED, [call["id"] for call in calls])
            texts += [feed.to_text(feed.CallChanged(call)) for call in reversed(calls)]
        return texts

    async def _of_cases(self, hospital: str | None, shows: WriteDown, *, rests: bool) -> list[str]:
        found = await self._cases.rows(hospital, IncidentState.OPEN)
        rows = [resting_row(row) if rests else row for row in reversed(found.rows)]
        texts = [feed.to_text(feed.IncidentChanged(row)) for row in rows]
        if not rests:  # a resting page may not ask for the others; none of them rings
            shows(CASES_LISTED, [row["id"] for row in found.rows])
            beyond = str(found.beyond) if found.beyond else None
            texts.append(feed.to_text(feed.Listed(found.more, beyond)))
        return texts
