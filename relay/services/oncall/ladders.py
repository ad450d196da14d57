"""Makes sure that a named human opens the trace: begins, climbs and stops ladders, in the database, once each.

A ladder begins and stops inside the transaction that makes an ECG ask for a human or that opens it (``Journal.belonging``).
What is due is done by ``run``: each step in one transaction that first moves the ladder on, so that of many relays one
succeeds and a relay that dies in between has done nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog

from relay.errors import RelayError
from relay.model.ladder import (
    Asking,
    Ladder,
    LadderRung,
    Skip,
    begun,
    chosen,
    climbed,
    raised,
    settled,
    stopped,
    upcoming,
)
from relay.model.ladder_policy import CONSOLE, PolicyStep, Target, key_of, without_roster
from relay.model.timeline import Stage
from relay.protocol.calling import LookRequest, call_of
from relay.protocol.receipts import folded
from relay.services.alarm.unstored import Unstored
from relay.services.ground.journal import CaseChange, Journal
from relay.services.ground.presence import Presence
from relay.services.oncall.situation import Situation, situation_of
from relay.services.oncall.step_letters import address, put_letters

log = structlog.get_logger(__name__)
MOVING = frozenset(
    {
        Stage.SNAPSHOT_STORED,
        Stage.SCREENED,
        Stage.ALERT_RAISED,
        Stage.TRACE_OPENED,
        Stage.DECIDED,
    }
)
"""Entries after which another ECG may ask, or none any more."""
LOUDNESS = ("soft", "hand", "high")
LOOK_EVERY_S = 1.0
"""So soon another relay's ladders are seen here."""
LEAST_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class _Ring:
    """What one step does.

    Attributes:
        pages: accounts whose pages ring; None: every armed page.
        skip: why nobody is rung.
    """

    who: str
    pages: tuple[str, ...] | None
    skip: Skip | None


class Ladders:
    """Every ladder of this relay.

    Args:
        journal: where cases are changed.
        presence: which pages can ring.
        unstored: looks that count already and are not on disk yet.
        channels: names of the channels that letters can go by.
        wake_letters: called once letters were put.
    """

    def __init__(
        self,
        journal: Journal,
        presence: Presence,
        unstored: Unstored,
        channels: Collection[str],
        wake_letters: Callable[[], None],
    ) -> None:
        self._journal, self._presence, self._unstored = journal, presence, unstored
        self._channels = frozenset(channels)
        self._wake_letters = wake_letters
        self._deadlines: dict[tuple[UUID, int], float] = {}
        self._wake = asyncio.Event()

    # beginning and stopping: inside somebody else's transaction

    async def follow(self, change: CaseChange) -> None:
        """After a change of a case: begin what asks for a human now, stop what a human has read."""
        if not any(entry.stage in MOVING for entry in change.entries):
            return
        call = call_of(folded(await change.tx.cases.receipt_entries(change.incident)))
        standing = await change.tx.ladders.not_stopped(change.incident)
        if call is None:
            await self._stop(change, standing)
            return
        alert = await change.tx.alerts.open_alert(change.incident)
        about = alert.id if alert is not None and call.level == "high" else None
        asking = Asking(call.level, UUID(call.snapshot), about)
        for hospital in sorted((await change.case()).hospitals):
            mine = [ladder for ladder in standing if ladder.hospital == hospital]
            await self._ask(change, hospital, mine, call, asking)

    async def _ask(
        self,
        change: CaseChange,
        hospital: str,
        mine: Sequence[Ladder],
        call: LookRequest,
        asking: Asking,
    ) -> None:
        """One hospital is asked: begin its ladder, or let the one that stands go on."""
        loud = [ladder for ladder in mine if ladder.level != "soft"]
        if call.level == "soft" and mine:
            return
        for ladder in loud:
            if LOUDNESS.index(call.level) > LOUDNESS.index(ladder.level):
                await change.tx.ladders.move(ladder, raised(ladder, asking))
        if not loud:
            for ladder in mine:
                await self._end(change, ladder, settled(ladder), "")
            await self._begin(change, hospital, call, asking)

    async def _begin(
        self, change: CaseChange, hospital: str, call: LookRequest, asking: Asking
    ) -> None:
        place = await situation_of(change.tx, hospital, change.now_us, self._channels)
        steps = place.policy.steps[key_of(call.level, call.tier)]
        if not place.has_roster:
            steps = without_roster(steps) if call.level != "soft" else ()
        rang_us = [e.at_us for e in change.entries if e.stage is Stage.ALERT_RAISED]
        ladder = begun(change.incident, hospital, asking, steps, min([change.now_us, *rang_us]))
        if ladder is None or not await change.tx.ladders.add_ladder(ladder):
            return
        await self._climb(change, ladder)
        change.after_commit.append(self._wake.set)

    async def _stop(self, change: CaseChange, standing: Sequence[Ladder]) -> None:
        """A person has read what asked."""
        by = [e for e in change.entries if e.stage in (Stage.TRACE_OPENED, Stage.DECIDED)]
        for ladder in standing:
            if by:
                await self._end(change, ladder, stopped(ladder, by[-1].who), by[-1].who)
            elif ladder.level == "soft":
                await self._end(change, ladder, settled(ladder), "")

    async def _end(self, change: CaseChange, ladder: Ladder, after: Ladder, who: str) -> None:
        if not await change.tx.ladders.move(ladder, after):
            return
        told = any(
            e.data.get("ladder") == str(ladder.id)
            for e in await change.tx.cases.receipt_entries(change.incident)
            if e.stage is Stage.LADDER_STEP
        )
        if told:
            data = {"ladder": str(ladder.id), "hospital": ladder.hospital}
            await change.entry(Stage.LADDER_STOPPED, who, data)

    # climbing

    async def run(self) -> None:
        """Do what is due, until cancelled. Of a step that fails the others do not suffer; it is tried again."""
        while True:
            pause_s = LOOK_EVERY_S
            try:
                pause_s = await self.round()
            except RelayError as error:
                log.warning("ladders-wait", reason=str(error))
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()

    async def round(self) -> float:
        """Do every step that is due now; in how many seconds to look again."""
        async with self._journal.records.read() as records:
            climbing = await records.ladders.climbing()
        now_us, now_s = self._journal.clock.now_us(), self._journal.clock.monotonic_s()
        known, self._deadlines = self._deadlines, {}
        for ladder in climbing:
            key = ladder.id, ladder.step
            left_s = (ladder.due_at_us - now_us) / 1e6
            # a wall clock that is set while a step waits makes it neither early nor late
            self._deadlines[key] = known.get(key, now_s + left_s)
        for ladder in climbing:
            if self._deadlines[ladder.id, ladder.step] <= now_s:
                await self._do(ladder)
        waiting = [at_s for at_s in self._deadlines.values() if at_s > now_s]
        rest_s = min(waiting, default=now_s + LOOK_EVERY_S) - self._journal.clock.monotonic_s()
        return max(LEAST_PAUSE_S, min(LOOK_EVERY_S, rest_s))

    async def _do(self, ladder: Ladder) -> None:
        if self._unstored.was_looked_at(ladder.incident):
            return
        try:
            async with self._journal.change(ladder.incident) as change:
                await self._climb(change, ladder)
        except RelayError as error:
            log.warning("ladder-step-waits", ladder=str(ladder.id), reason=str(error))
        self._wake.set()

    async def _climb(self, change: CaseChange, ladder: Ladder) -> None:
        """Do the next step, and at once those after it as long as one rings nobody."""
        place = await situation_of(change.tx, ladder.hospital, change.now_us, self._channels)
        while (step := ladder.next_step) is not None:
            rung = await self._rung(change)
            ring = self._ring(step, place, rung)
            after = climbed(ladder, skipped=ring.skip is not None)
            if not await change.tx.ladders.move(ladder, after):
                return
            await self._write_down(change, ladder, step, ring)
            if ring.who and ring.skip is None:
                await put_letters(change, ladder, step, ring.who, place)
                change.after_commit.append(self._wake_letters)
            if place.has_roster or step.who is Target.CREW:
                await self._tell(change, ladder, after, ring, place)
            ladder = after
            if ring.skip is None:
                return

    async def _rung(self, change: CaseChange) -> frozenset[str]:
        """Whom the ladders that nobody has stopped have rung for this case."""
        standing = {ladder.id for ladder in await change.tx.ladders.not_stopped(change.incident)}
        rungs = await change.tx.ladders.rungs(change.incident)
        return frozenset(r.who for r in rungs if r.ladder in standing and not r.skipped)

    def _ring(self, step: PolicyStep, place: Situation, rung: Collection[str]) -> _Ring:
        """Whom the step rings, and on whose pages."""
        who, skip = chosen(step.who, place.on_call, rung)
        if step.who is Target.EVERYBODY:
            return _Ring("", None, None)
        pages = self._pages(step, place, who)
        if skip is None and who and not place.exists(who):
            skip = Skip.NO_ACCOUNT
        if skip is None and who and not self._reaches(step, place, who, pages):
            skip = Skip.NO_WAY
        return _Ring(who, pages, skip)

    def _pages(self, step: PolicyStep, place: Situation, who: str) -> tuple[str, ...]:
        if not who or CONSOLE not in step.channels:
            return ()
        ed = place.ed_accounts if step.who is Target.ED_PHONE else []
        return tuple(dict.fromkeys([*([who] if who in place.people else []), *ed]))

    def _reaches(
        self, step: PolicyStep, place: Situation, who: str, pages: Collection[str]
    ) -> bool:
        """Whether anything of this step can reach them; just after a start no page is known yet, and it may."""
        if any(address(place, who, name) is not None for name in step.channels):
            return True
        if not self._presence.consoles([place.hospital]).known:
            return True
        return bool(self._presence.armed_accounts(place.hospital) & set(pages))

    async def _write_down(
        self, change: CaseChange, ladder: Ladder, step: PolicyStep, ring: _Ring
    ) -> None:
        """The step is done, in the records and the audit."""
        rung = LadderRung(
            ladder.id, ladder.step, step.who, ring.who, step.channels, ladder.due_at_us,
            change.now_us, ring.skip,
        )  # fmt: skip
        await change.tx.ladders.add_rung(rung)
        about = {"step": ladder.step, "target": step.who.value, "who": ring.who}
        why = {"skipped": ring.skip.value} if ring.skip else {}
        data = {"hospital": ladder.hospital, **about, **why}
        await change.audit("relay", "ladder-step", ladder.incident, data)

    async def _tell(
        self, change: CaseChange, ladder: Ladder, after: Ladder, ring: _Ring, place: Situation
    ) -> None:
        """The step on the timeline: pages ring by it, the crew reads it."""
        step = ladder.steps[ladder.step]
        coming = upcoming(after, place.on_call, {*await self._rung(change)})
        further = None
        if coming is not None:
            target, who = coming
            name = place.names.get(who, "")
            further = {"target": target.value, "name": name, "due_at_us": after.due_at_us}
        data: dict[str, object] = {
            "ladder": str(ladder.id),
            "hospital": ladder.hospital,
            "place": place.place,
            "level": ladder.level,
            "step": ladder.step,
            "target": step.who.value,
            "name": place.names.get(ring.who, ""),
            "rings": list(ring.pages or ()),
            "everybody": ring.pages is None,
            "channels": list(step.channels),
            "due_at_us": ladder.due_at_us,
            "skipped": ring.skip.value if ring.skip else None,
            "next": further,
        }
        if step.who is Target.CREW:
            data["phone"] = place.crew_phone
        await change.entry(Stage.LADDER_STEP, "", data)
