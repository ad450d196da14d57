"""The roster as people ask and change it: who is on call, holes, takeovers, imports. Every change is in the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.errors import BadInput, NotAllowed, NotFound
from relay.model.clock import Clock
from relay.model.ladder_policy import read_policy
from relay.model.people import Account, Hospital, Person
from relay.model.roster import (
    DESK,
    HOUR_US,
    Contact,
    Duty,
    DutyDesk,
    DutyRole,
    Shift,
    Takeover,
    check,
    on_call,
    shifts,
    taken_over,
)
from relay.records.port.records import RecordReads, Records
from relay.services.oncall.situation import PHONE, policy_of

WEEK_US = 7 * 24 * HOUR_US
MOST_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class RosterView:
    """A hospital's roster over a stretch of time.

    Attributes:
        shifts: by role, without a gap; a part without a duty is a hole.
        names: by account or desk, as people read it.
    """

    hospital: Hospital
    has_roster: bool
    shifts: Mapping[DutyRole, Sequence[Shift]]
    names: Mapping[str, str]

    @property
    def holes(self) -> list[tuple[DutyRole, Shift]]:
        """Every hole, the first at the head."""
        found = [(role, s) for role, all_ in self.shifts.items() for s in all_ if s.duty is None]
        return sorted(found, key=lambda hole: hole[1].from_us)


class Rosters:
    """Who is on call.

    Args:
        records: where it is kept.
        clock: what "now" is.
        channels: names of the channels that letters can go by.
    """

    def __init__(self, records: Records, clock: Clock, channels: Sequence[str]) -> None:
        self._records, self._clock, self._channels = records, clock, tuple(channels)

    # asking

    async def views(
        self, hospital: str | None, from_us: int | None = None, until_us: int | None = None
    ) -> list[RosterView]:
        """The rosters of a hospital, or of all: the coming week where no stretch is named.

        Raises:
            NotFound: there is no such hospital.
            BadInput: the stretch ends before it begins, or is longer than a year.
        """
        from_us = self._clock.now_us() if from_us is None else from_us
        until_us = from_us + WEEK_US if until_us is None else until_us
        check(Duty("", DutyRole.FIRST, "?", from_us, until_us))
        async with self._records.read() as records:
            places = await records.people.hospitals()
            if hospital is not None:
                places = [_of(places, hospital)]
            names = await _names(records)
            return [
                RosterView(
                    place,
                    await records.roster.has_duties(place.id),
                    _by_role(
                        await records.roster.duties(place.id, from_us, until_us), from_us, until_us
                    ),
                    names,
                )
                for place in places
            ]

    async def duties(self, hospital: str | None, from_us: int, until_us: int) -> list[Duty]:
        """The entries of this stretch as they were written."""
        async with self._records.read() as records:
            return await records.roster.duties(hospital, from_us, until_us)

    async def policy_json(self, hospital: str) -> dict[str, object]:
        """The steps of a hospital as they count now.

        Raises:
            NotFound: there is no such hospital.
        """
        async with self._records.read() as records:
            _of(await records.people.hospitals(), hospital)
            return (await policy_of(records, hospital, self._channels)).as_json()

    # changing

    async def take_over(self, asked: Takeover, by: str, person: Person | None = None) -> Duty:
        """Somebody is on call from now on; the entry that says so.

        Args:
            asked: who, in which role, until when.
            by: whom the audit names.
            person: who presses; None on the command line. They change their own hospital's roster alone.

        Raises:
            NotAllowed: it is another hospital's.
            NotFound: there is no such hospital, or nobody of that name there.
            Conflict: somebody else was quicker, or nothing is to be changed.
        """
        if person is not None and person.hospital != asked.hospital:
            raise NotAllowed("You change the roster of your own hospital alone.")
        async with self._records.begin() as tx:
            now_us = self._clock.now_us()
            _of(await tx.people.hospitals(), asked.hospital)
            await self._check_there(tx, asked.who, asked.hospital)
            duties = await tx.roster.duties(asked.hospital, now_us, now_us + 366 * 24 * HOUR_US)
            before = on_call(duties, asked.role, now_us)
            kept = await tx.roster.add_duty(taken_over(duties, asked, now_us, by))
            data = {"before": before.who if before else None, **_told(kept)}
            await tx.evidence.audit(now_us, by, "duty-taken-over", asked.hospital, data)
        return kept

    async def add(self, duties: Sequence[Duty], by: str, *, replace: bool = False) -> int:
        """Write entries; how many were new. One that stands there already is not written again.

        With ``replace`` what stands in the stretch they cover, in the roles they speak of, is taken off first.

        Raises:
            BadInput: one of them cannot be kept, or names nobody.
            NotFound: there is no such hospital.
        """
        if len(duties) > MOST_AT_ONCE:
            raise BadInput(f"At most {MOST_AT_ONCE} duties at once; write a shorter file.")
        async with self._records.begin() as tx:
            now_us, places = self._clock.now_us(), await tx.people.hospitals()
            for duty in duties:
                check(duty)
                _of(places, duty.hospital)
                await self._check_there(tx, duty.who, duty.hospital)
            for hospital in sorted({duty.hospital for duty in duties}) if replace else ():
                for old in await self._covered(tx, hospital, duties):
                    await tx.roster.withdraw_duty(old.number)
                    await tx.evidence.audit(now_us, by, "duty-withdrawn", hospital, _told(old))
            added = 0
            for duty in duties:
                if not await _stands(tx, duty):
                    made = Duty(
                        duty.hospital, duty.role, duty.who, duty.from_us, duty.until_us, 0, now_us, by
                    )  # fmt: skip
                    kept = await tx.roster.add_duty(made)
                    await tx.evidence.audit(now_us, by, "duty-added", duty.hospital, _told(kept))
                    added += 1
        return added

    async def put_desk(self, desk: DutyDesk, phone: str, by: str) -> None:
        """Name a telephone or counter of a hospital, and the number under which a crew reaches it.

        Raises:
            BadInput: its name does not begin with ``@``, or is another hospital's.
            NotFound: there is no such hospital.
        """
        if not desk.id.startswith(DESK) or not desk.id[1:].strip() or len(desk.id) > 65:
            raise BadInput("A desk's name begins with @ and has at most 64 letters, as @ed-chuo.")
        async with self._records.begin() as tx:
            _of(await tx.people.hospitals(), desk.hospital)
            others = [one for one in await tx.roster.desks(None) if one.id == desk.id]
            if others and others[0].hospital != desk.hospital:
                raise BadInput(f"{desk.id} is a desk of another hospital; choose another name.")
            await tx.roster.put_desk(desk)
            if phone:
                await tx.roster.put_contact(Contact(desk.id, PHONE, phone))
            now_us = self._clock.now_us()
            await tx.evidence.audit(now_us, by, "desk-named", desk.hospital, {"desk": desk.id})

    async def put_contact(self, contact: Contact, by: str) -> None:
        """Set how a person or desk is reached by a channel; the address itself does not stand in the audit.

        Raises:
            BadInput: there is no such channel.
            NotFound: there is no such account or desk.
        """
        known = (PHONE, *self._channels)
        if contact.channel not in known:
            raise BadInput(
                f"There is no channel {contact.channel!r}; there are: {', '.join(known)}."
            )
        async with self._records.begin() as tx:
            desks = {desk.id for desk in await tx.roster.desks(None)}
            if contact.who not in desks and await tx.people.account(contact.who) is None:
                raise NotFound(f"There is no account or desk {contact.who}; make it first.")
            await tx.roster.put_contact(contact)
            data = {"channel": contact.channel, "taken_away": not contact.to}
            await tx.evidence.audit(self._clock.now_us(), by, "contact-set", contact.who, data)

    async def put_policy(self, hospital: str, data: object, by: str) -> None:
        """Set a hospital's steps; None: those of the relay again.

        Raises:
            BadInput: the sentence says what is wrong where.
            NotFound: there is no such hospital.
        """
        steps = None if data is None else read_policy(data, self._channels).as_json()
        async with self._records.begin() as tx:
            _of(await tx.people.hospitals(), hospital)
            now_us = self._clock.now_us()
            await tx.ladders.put_policy(hospital, steps, now_us)
            told: Mapping[str, object] = steps if steps is not None else {"default": True}
            await tx.evidence.audit(now_us, by, "ladder-set", hospital, told)

    # checking

    async def _check_there(self, records: RecordReads, who: str, hospital: str) -> None:
        """Do nothing where ``who`` can be on call there.

        Raises:
            NotFound: nobody of this name belongs to the hospital.
        """
        if who.startswith(DESK):
            if who not in {desk.id for desk in await records.roster.desks(hospital)}:
                raise NotFound(f"{hospital} has no desk {who}; name it first.")
            return
        account: Account | None = await records.people.account(who)
        if account is None or account.person.hospital != hospital:
            raise NotFound(f"{hospital} has no account {who}; look at kyumei users list.")
        if account.disabled:
            raise NotFound(f"The account {who} is closed; it cannot be on call.")

    async def _covered(
        self, records: RecordReads, hospital: str, duties: Sequence[Duty]
    ) -> list[Duty]:
        """Entries that stand where these are to stand and are none of them."""
        found: list[Duty] = []
        for role in DutyRole:
            mine = [d for d in duties if d.hospital == hospital and d.role is role]
            if not mine:
                continue
            from_us, until_us = min(d.from_us for d in mine), max(d.until_us for d in mine)
            wanted = {(d.who, d.from_us, d.until_us) for d in mine}
            standing = await records.roster.duties(hospital, from_us, until_us)
            found += [
                d for d in standing
                if d.role is role and (d.who, d.from_us, d.until_us) not in wanted
            ]  # fmt: skip
        return found


async def _stands(records: RecordReads, duty: Duty) -> bool:
    """Whether this very entry counts already over its whole time."""
    duties = await records.roster.duties(duty.hospital, duty.from_us, duty.until_us)
    parts = shifts(duties, duty.role, duty.from_us, duty.until_us)
    return all(part.duty is not None and part.duty.who == duty.who for part in parts)


def _by_role(
    duties: Sequence[Duty], from_us: int, until_us: int
) -> dict[DutyRole, Sequence[Shift]]:
    return {role: shifts(duties, role, from_us, until_us) for role in DutyRole}


async def _names(records: RecordReads) -> dict[str, str]:
    names = {a.person.name: a.person.display_name for a in await records.people.accounts()}
    return names | {desk.id: desk.name for desk in await records.roster.desks(None)}


def _of(places: Sequence[Hospital], hospital: str) -> Hospital:
    for place in places:
        if place.id == hospital:
            return place
    raise NotFound(f"There is no hospital {hospital}; look at kyumei users list.")


def _told(duty: Duty) -> dict[str, object]:
    return {
        "role": duty.role.value,
        "who": duty.who,
        "from_us": duty.from_us,
        "until_us": duty.until_us,
        "duty": duty.number,
    }
