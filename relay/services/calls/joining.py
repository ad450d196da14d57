"""A call and its ambulance's case: joined at once where the case is open, else as soon as it opens."""

from __future__ import annotations

from uuid import UUID

from relay.bus.port import Bus, Overflow
from relay.model.call import Call
from relay.model.incident import Incident, IncidentState
from relay.model.news import EVERY_CALL, EVERY_CASE, CallChanged, CaseChanged
from relay.records.port.cases import CasesAsked
from relay.services.calls.call_book import CallBook, CallChange

CASE_MAY_BE_OLDER_US = 120_000_000
"""A crew may open its case a little before the dispatcher has typed the call."""


class CaseJoining:
    """Which calls wait for a case, by their unit: what the news of calls says, so that every relay knows it."""

    def __init__(self, book: CallBook, bus: Bus) -> None:
        self._book = book
        self._bus = bus
        self._waiting: dict[str, set[UUID]] = {}

    async def join_open(self, change: CallChange) -> None:
        """Join the unit's newest open case, where it fits this call."""
        newest = CasesAsked(
            unit=change.call.unit,
            state=IncidentState.OPEN,
            opened_since_us=change.call.taken_at_us - CASE_MAY_BE_OLDER_US,
        )
        for case in await change.tx.cases.incidents(newest, at_most=1):
            if fits(case, change.call):
                await change.join(case.id)

    def _wait_for(self, call: Call) -> None:
        """Wait for the case of the unit that this call has now, and of no other."""
        for waiting in self._waiting.values():
            waiting.discard(call.id)
        if call.is_open and call.incident is None and call.unit is not None:
            self._waiting.setdefault(call.unit, set()).add(call.id)

    async def follow(self) -> None:
        """Join calls to cases that open after them, until cancelled."""
        subscription = self._bus.subscribe(EVERY_CALL, EVERY_CASE, limit=10_000)
        try:
            await self._read_open_calls()
            async for news in subscription:
                match news:
                    case CallChanged():
                        self._wait_for(news.facts.call)
                    case CaseChanged() if self._waiting.get(news.incident.unit):
                        await self._join_waiting(news.incident)
                    case Overflow():  # the cases among it are found by join_missed
                        await self._read_open_calls()
        finally:
            subscription.close()

    async def _read_open_calls(self) -> None:
        """What was read may be older than what was said since; that waits in the queue and comes after it."""
        async with self._book.journal.records.read() as records:
            for facts in await records.calls.open_calls():
                self._wait_for(facts.call)

    async def join_missed(self) -> None:
        """Join what a lost word about a case left waiting: at a start, or while this part restarted."""
        for call in [call for waiting in self._waiting.values() for call in waiting]:
            async with self._book.change(call) as change:
                if change.call.is_open and change.call.incident is None:
                    await self.join_open(change)
                self._wait_for(change.call)

    async def _join_waiting(self, case: Incident) -> None:
        for call in tuple(self._waiting[case.unit]):
            async with self._book.change(call) as change:
                if fits(case, change.call) and change.call.incident is None:
                    await change.join(case.id)
                    await change.audit("relay", "call-joined", {"incident": str(case.id)})
                self._wait_for(change.call)


def fits(case: Incident, call: Call) -> bool:
    """Whether an ambulance's case is this call's: its unit's, open, and not an earlier patient's."""
    is_new = case.opened_at_us >= call.taken_at_us - CASE_MAY_BE_OLDER_US
    return case.unit == call.unit and case.state is IncidentState.OPEN and is_new
