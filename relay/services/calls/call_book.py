"""Every change of a 119 call: one transaction, and told to pages and phones only after its commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from relay.bus.port import Bus
from relay.errors import NotFound
from relay.model.call import Call, CallEntry, CallFacts, advance
from relay.model.clock import Clock
from relay.model.news import CallChanged, CallerLooksAgain
from relay.model.timeline import Entry, Stage
from relay.protocol.answers import CabinRow, Json
from relay.protocol.call_answers import CallRow
from relay.records.port.records import RecordReads, RecordWrites
from relay.services.calls.render_calls import call_json
from relay.services.ground.journal import Journal


class CallChange:
    """One transaction on one call. Whatever was changed of ``call`` is kept when it ends."""

    def __init__(self, tx: RecordWrites, facts: CallFacts, now_us: int) -> None:
        self.tx = tx
        self.facts = facts
        self.call = facts.call
        self.now_us = now_us
        self.entries: list[Entry] = []

    def step(self, step: str, **changes: object) -> None:
        """Advance the call, and set some of its fields."""
        self.call = advance(self.call, step, self.now_us)
        self.set(**changes)

    def set(self, **changes: object) -> None:
        """Set some fields of the call."""
        self.call = replace(self.call, **changes)  # type: ignore[arg-type]  # fields of Call

    async def say(self, stage: Stage, who: str, data: Mapping[str, object]) -> None:
        """Note what happened, on the case's timeline too where the call has one."""
        about = {"call": str(self.call.id), **data}
        await self.tx.calls.add_call_entry(
            self.call.id, CallEntry(self.now_us, stage.value, who, about)
        )
        if self.call.incident is not None:
            self.entries.append(
                await self.tx.cases.add_entry(self.call.incident, self.now_us, stage, who, about)
            )

    async def join(self, incident: UUID) -> None:
        """Make the call part of a case: everything said so far goes onto its timeline."""
        self.set(incident=incident)
        for told in await self.tx.calls.call_entries(self.call.id):
            self.entries.append(
                await self.tx.cases.add_entry(
                    incident, told.at_us, Stage(told.stage), told.who, told.data
                )
            )

    async def audit(self, who: str, action: str, data: Mapping[str, object] | None = None) -> None:
        """Add to the audit."""
        await self.tx.evidence.audit(self.now_us, who, action, str(self.call.id), data)


class CallBook:
    """Where services change calls."""

    def __init__(
        self,
        journal: Journal,
        bus: Bus,
        recording: str,
        cabin_json: Callable[[UUID | None], CabinRow | None],
        shared_after_end_s: float = 86_400.0,
    ) -> None:
        self.journal = journal
        self._cabin_json = cabin_json
        self.recording = recording
        self.phones: dict[UUID, Json] = {}
        self._bus = bus
        self._shared_after_end_us = round(shared_after_end_s * 1e6)

    @property
    def clock(self) -> Clock:
        """The relay's clock."""
        return self.journal.clock

    @asynccontextmanager
    async def change(self, call: UUID, new: Call | None = None) -> AsyncIterator[CallChange]:
        """A transaction on this call. After its commit, and only then, others hear of what is new.

        ``new``: the call itself, where it is only now taken.

        Raises:
            NotFound: there is no such call.
        """
        async with self.journal.records.begin() as tx:
            if new is not None:
                await tx.calls.put_call(new)
            before, phone = await facts_of(tx, call), self.phones.get(call)
            change = CallChange(tx, before, self.clock.now_us())
            yield change
            if change.call != before.call:
                await tx.calls.put_call(change.call)
            after = await facts_of(tx, call)
            case = await tx.cases.incident(change.call.incident) if change.entries else None  # type: ignore[arg-type]  # entries need one
        if new is not None or after != before or self.phones.get(call) != phone:
            self.tell(after, before)
        if case is not None:
            self.journal.told(case, tuple(change.entries))

    async def read(self, call: UUID) -> CallFacts:
        """A call, whole.

        Raises:
            NotFound: there is no such call.
        """
        async with self.journal.records.read() as records:
            return await facts_of(records, call)

    def json(self, facts: CallFacts, *, private: bool) -> CallRow:
        """``Call``; without number and address for those it is only shared with."""
        return self.row(facts, self.phones.get(facts.call.id), private=private)

    def row(
        self, facts: CallFacts, phone: Mapping[str, object] | None, *, private: bool
    ) -> CallRow:
        """``Call``, with what its phone said of itself at that time."""
        return call_json(
            facts,
            phone,
            self.recording,
            private=private,
            cabin=self._cabin_json(facts.call.incident) if private else None,
            shared_until_us=self.shared_until_us(facts),
        )

    def shared_until_us(self, facts: CallFacts) -> int | None:
        """Until when those it is shared with may read it; None while nobody has ended it."""
        ended_us = facts.call.ended_at_us
        return None if ended_us is None else ended_us + self._shared_after_end_us

    def tell(self, facts: CallFacts, before: CallFacts | None = None) -> None:
        """Say that a call changed: its row goes to everybody who may see it, and to its phone."""
        now = {(share.kind, share.target) for share in facts.shares}
        earlier = before.shares if before else ()
        unshared = tuple(one for one in earlier if (one.kind, one.target) not in now)
        self._bus.publish(CallChanged(facts, self.phones.get(facts.call.id), unshared))

    def tell_caller(self, call: UUID) -> None:
        """Say that the call's phone alone has something else to show."""
        self._bus.publish(CallerLooksAgain(call))


async def facts_of(records: RecordReads, call: UUID) -> CallFacts:
    """A call, whole.

    Raises:
        NotFound: there is no such call.
    """
    found = await records.calls.call(call)
    if found is None:
        raise NotFound("There is no such call.")
    return found
