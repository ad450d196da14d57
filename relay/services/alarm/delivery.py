"""Sends letters: takes what is due from the outbox, hands it to its way, tries again, and writes down what became of it.

The pages ring without this, and nothing here delays an alarm. A letter is claimed in the database before it is sent, so
that one relay sends it although many run. A relay that dies after sending and before writing that down lets another send
it again, with the same id: the peer may get it twice, never not at all (ADR 0135).

Where the database takes nothing, letters are sent from memory: those of an alarm that could not be stored, and those
that stand in the outbox and cannot be claimed. What became of them is written as soon as the database takes it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from uuid import UUID, uuid4

import structlog

from relay.alerts.port import SEND_TIMEOUT_S, AlertChannel, TryLater
from relay.errors import BadInput, RelayError, Unavailable
from relay.model.alert import Alert
from relay.model.clock_jumps import ClockJumps
from relay.model.letter import Letter, failed, held, step
from relay.model.ringing import RingDevice
from relay.records.port.records import RecordReads
from relay.services.alarm.letters import (
    Destination,
    LetterWords,
    for_devices,
    for_the_site,
    told_line,
)
from relay.services.ground.journal import CaseChange, Journal

log = structlog.get_logger(__name__)
CLAIM_US = 20_000_000
"""Twice what sending may take."""
POLL_S = 1.0
"""Letters that another relay left are seen within this time; one's own at once."""
AT_ONCE, EACH = 64, 4
"""Letters on their way at a time, and those to one address."""
MOST_KEPT = 1_000


class Delivery:
    """The worker of one relay.

    Args:
        ways: the channels by name.
        destinations: who is told of every alarm.
        name: of this relay; what a process of this name held and left is free when it begins again.
    """

    def __init__(
        self,
        journal: Journal,
        ways: Mapping[str, AlertChannel],
        destinations: Sequence[Destination],
        words: LetterWords,
        name: str = "relay",
    ) -> None:
        self._journal, self._ways, self._words = journal, ways, words
        self._destinations = destinations
        self._name, self._holder = f"{name}/", f"{name}/{uuid4().hex}"
        self._wake = asyncio.Event()
        self._sending: dict[UUID, Letter] = {}
        self._kept: OrderedDict[UUID, Letter] = OrderedDict()
        self._unstored: set[UUID] = set()
        self._audited: set[UUID] = set()
        self._rang: list[Alert] = []
        self._jumps = ClockJumps(journal.clock)

    # putting

    def wake(self) -> None:
        """Letters were put; look at once. To be called after the commit."""
        self._wake.set()

    async def put_for(self, change: CaseChange, alert: Alert) -> None:
        """Put the site's letters of an alert, inside the transaction that raises it."""
        letters = for_the_site(alert, self._destinations, alert.raised_at_us)
        case = await change.case()
        devices = await _devices_for(change.tx, case.hospitals)
        letters += for_devices(alert, devices, alert.raised_at_us)
        for letter in letters:
            known = self._kept.get(letter.id)
            if known is not None:  # it rang from memory: this relay is at it, or has done it
                now_us = change.now_us
                letter = replace(letter, holder=self._holder, held_until_us=now_us + CLAIM_US)
            await change.tx.outbox.put(letter)
        if letters:
            change.after_commit.append(partial(self._stored, [letter.id for letter in letters]))

    def rang_unstored(self, alert: Alert) -> None:
        """An alarm rings that could not be stored: tell of it from memory, now."""
        self.send_unstored(for_the_site(alert, self._destinations, alert.raised_at_us))
        self._rang.append(alert)

    def send_unstored(self, letters: Iterable[Letter]) -> None:
        """Send letters that could not be put. One that is known already is not sent again."""
        for letter in letters:
            if letter.id not in self._kept:
                self._unstored.add(letter.id)
                self._keep(letter)
        self.wake()

    def _stored(self, letters: Collection[UUID]) -> None:
        for letter in letters:
            self._unstored.discard(letter)
            known = self._kept.get(letter)
            if known is not None and not known.is_waiting:
                self._write_later(known)
        self.wake()

    def _keep(self, letter: Letter) -> None:
        self._kept[letter.id] = letter
        while len(self._kept) > MOST_KEPT:
            gone, lost = self._kept.popitem(last=False)
            self._unstored.discard(gone)
            self._audited.discard(gone)
            if lost.is_waiting:
                log.error("alert-not-sent", alert=str(lost.alert), reason="too many")

    # sending

    async def run(self) -> None:
        """Send until cancelled."""
        with suppress(Unavailable):
            async with self._journal.records.begin() as tx:
                await tx.outbox.free(self._name)
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                for letter in await self._taken():
                    self._sending[letter.id] = letter
                    group.create_task(self._one(letter))
                with suppress(TimeoutError):
                    async with asyncio.timeout(await self._rest_s()):
                        await self._wake.wait()

    async def _devices_too(self) -> None:
        """Letters to devices, for alarms that rang from memory: which devices those are can be read all the same."""
        while self._rang:
            alert = self._rang[0]
            async with self._journal.records.read() as records:
                case = await records.cases.incident(alert.incident)
                devices = await _devices_for(records, case.hospitals if case else ())
            del self._rang[0]
            self.send_unstored(for_devices(alert, devices, alert.raised_at_us))

    async def _taken(self) -> list[Letter]:
        """What is to be sent now, and is this relay's."""
        with suppress(Unavailable):
            await self._devices_too()
        now_us, room = self._journal.clock.now_us(), AT_ONCE - len(self._sending)
        self._jumps.look()
        mine = [one for one in self._kept.values() if one.is_due(now_us)]
        found = self._with_room([one for one in mine if one.id not in self._sending], room)
        found = [held(one, self._holder, now_us + CLAIM_US) for one in found]
        room -= len(found)
        try:
            async with self._journal.records.read() as records:
                due = await records.outbox.due(now_us, 2 * AT_ONCE, EACH)
        except Unavailable:
            return found
        wanted = [one for one in due if one.id not in self._kept and one.id not in self._sending]
        wanted = self._with_room(wanted, room)
        return found + (await self._claimed(wanted, now_us) if wanted else [])

    async def _claimed(self, wanted: Sequence[Letter], now_us: int) -> list[Letter]:
        until_us, ids = now_us + CLAIM_US, [one.id for one in wanted]
        try:
            async with self._journal.records.begin() as tx:
                return list(
                    await tx.outbox.claim(ids, self._holder, now_us=now_us, until_us=until_us)
                )
        except Unavailable as error:
            # nobody can claim now: told twice is better than not told
            log.error("letters-sent-unclaimed", count=len(ids), reason=str(error))
            for letter in wanted:
                self._keep(letter)
            return [held(one, self._holder, until_us) for one in wanted]

    def _with_room(self, letters: Sequence[Letter], room: int) -> list[Letter]:
        """As many of them as may be on their way beside those that are."""
        busy = Counter((one.channel, one.to) for one in self._sending.values())
        found = list[Letter]()
        for letter in letters:
            way = (letter.channel, letter.to)
            if len(found) < room and busy[way] < EACH:
                busy[way] += 1
                found.append(letter)
        return found

    async def _rest_s(self) -> float:
        """How long nothing is due; another relay's letters are looked for once a second anyway."""
        now_us = self._journal.clock.now_us()
        kept = [one.next_try_at_us for one in self._kept.values() if one.is_waiting]
        own = [at_us for at_us in kept if at_us > now_us]
        with suppress(Unavailable):
            async with self._journal.records.read() as records:
                next_us = await records.outbox.next_due_us(now_us)
            if next_us is not None and next_us > now_us:
                own.append(next_us)
        return min([POLL_S, *((at_us - now_us) / 1e6 for at_us in own)])

    async def _one(self, letter: Letter) -> None:
        try:
            after = await self._tried(letter)
            if letter.id in self._kept:
                self._keep(after)
            await self._write_down(after)
        except Exception:  # one letter must not stop the others
            log.exception("letter-broke", letter=str(letter.id))
        finally:
            self._sending.pop(letter.id, None)
            self.wake()

    async def _tried(self, letter: Letter) -> Letter:
        """The letter after one try."""
        clock, way = self._journal.clock, self._ways.get(letter.channel)
        now_us = clock.now_us()
        waited_us = now_us - self._jumps.since(letter.put_at_us)  # a jump is no time it was tried
        if waited_us > letter.give_up_at_us:
            return step(letter, "give-up", now_us, letter.reason or "way-too-late")
        if way is None:
            return step(letter, "give-up", now_us, "way-unknown")
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                done = await way.send(self._words.message(letter, waited_us), letter.to)
        except BadInput as error:
            return step(letter, "give-up", clock.now_us(), why(error))
        except (Unavailable, TimeoutError) as error:
            asked_us = round(error.after_s * 1e6) if isinstance(error, TryLater) else 0
            after = self._failed(letter, why(error), asked_us)
        except Exception as error:  # noqa: BLE001  a way that breaks has failed; its words may hold the address
            log.error("way-broke", channel=letter.channel, error=type(error).__name__)
            after = self._failed(letter, "way-broke")
        else:
            return step(letter, "hand-over", clock.now_us(), done.reference)
        if after.is_waiting:
            log.warning("alert-waits", channel=letter.channel, reason=after.reason)
        return after

    def _failed(self, letter: Letter, reason: str, asked_us: int = 0) -> Letter:
        jumped_us = self._jumps.since(letter.put_at_us)
        return failed(letter, self._journal.clock.now_us(), reason, asked_us, jumped_us)

    # writing down

    async def _write_down(self, letter: Letter) -> None:
        if letter.id in self._unstored:
            if not letter.is_waiting:
                self._audited.add(letter.id)
                await self._journal.late.audit("relay", *_audit_row(letter))
            return
        try:
            await self._write(letter)
        except Unavailable:
            self._keep(
                letter
            )  # not sent again by this relay, whatever the database still says of it
            self._write_later(letter)

    def _write_later(self, letter: Letter) -> None:
        self._journal.late.again(("letter", letter.id), partial(self._write, letter))

    async def _write(self, letter: Letter) -> None:
        """Into the outbox; where the letter has ended, onto the timeline and into the audit too."""
        if letter.is_waiting:
            async with self._journal.records.begin() as tx:
                await tx.outbox.settle(letter)
        else:
            async with self._journal.change(letter.incident) as change:
                if await change.tx.outbox.settle(letter):
                    await self._tell(change, letter)
        kept = self._kept.get(letter.id)
        if kept is letter or (kept is not None and not letter.is_waiting):
            del self._kept[letter.id]
        self._audited.discard(letter.id)

    async def _tell(self, change: CaseChange, letter: Letter) -> None:
        person = await change.tx.people.account(letter.who) if letter.who else None
        stage, data = told_line(letter, person.person.display_name if person else letter.who)
        await change.entry(stage, "", data, letter.ended_at_us)
        if letter.id not in self._audited:
            action, subject, about = _audit_row(letter)
            await change.audit("relay", action, subject, about)


async def _devices_for(records: RecordReads, hospitals: Collection[str]) -> Sequence[RingDevice]:
    """The devices of everybody at these hospitals; where there is a roster, its ladder rings those whose turn it is."""
    without = [h for h in hospitals if not await records.roster.has_duties(h)]
    return await records.ringing.devices_for(without)


def why(error: Exception) -> str:
    """Why a try failed: the row of ``relay.causes`` where there is one, else the channel's sentence."""
    if isinstance(error, RelayError):
        return error.cause or str(error)
    return "way-slow"


def _audit_row(letter: Letter) -> tuple[str, str, dict[str, object]]:
    """For the audit; an address may be a telephone number and does not stand there."""
    data: dict[str, object] = {"channel": letter.channel}
    if letter.who:
        data["told"] = letter.who
    if letter.state != "handed-over":
        log.error("alert-not-sent", alert=str(letter.alert), reason=letter.reason, **data)
        data["reason"] = letter.reason
    action = "alert-sent" if letter.state == "handed-over" else "alert-not-sent"
    return action, str(letter.alert or letter.snapshot), data
