"""The roster: who is on call at a hospital, in which role, from when until when. No I/O; the time is an argument.

Entries are only ever added. Where two of one role overlap, the one that was written later counts, as a sheet of
paper that is laid over another. So a swap, "I take over" and a corrected month are entries like all others, and what
stood there before can still be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from relay.errors import BadInput, Conflict

HOUR_US = 3_600_000_000
LONGEST_US = 366 * 24 * HOUR_US
LONGEST_TAKEN_US = 12 * HOUR_US
"""Who takes over where nobody was on call, and says no hour, is on call for so long at most."""
DESK = "@"
"""Names of desks begin with this: a telephone or a counter that is no account."""


class DutyRole(StrEnum):
    """For what somebody is on call, in the order in which they are rung."""

    FIRST = "first"
    SECOND = "second"
    ED_PHONE = "ed-phone"


@dataclass(frozen=True, slots=True)
class DutyDesk:
    """A telephone or counter of a hospital that is no account.

    Attributes:
        id: its name with ``@`` before it, unique in the relay.
        name: how people read it.
    """

    id: str
    hospital: str
    name: str


@dataclass(frozen=True, slots=True)
class Contact:
    """How one person or desk is reached by one channel.

    Attributes:
        who: an account, or a desk's id.
        channel: the channel's name; ``phone`` is the number that people dial themselves.
    """

    who: str
    channel: str
    to: str


@dataclass(frozen=True, slots=True)
class Duty:
    """One entry of the roster.

    Attributes:
        who: an account, or a desk's id.
        from_us: the first moment, µs since 1970.
        until_us: the first moment after it.
        number: rises with every entry of this relay; 0 before it is kept.
        made_by: who wrote it.
        withdrawn: taken off the roster again.
    """

    hospital: str
    role: DutyRole
    who: str
    from_us: int
    until_us: int
    number: int = 0
    made_at_us: int = 0
    made_by: str = ""
    withdrawn: bool = False

    def covers(self, at_us: int) -> bool:
        """Whether it speaks of this moment."""
        return not self.withdrawn and self.from_us <= at_us < self.until_us


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch in which one entry counts; without an entry it is a hole."""

    from_us: int
    until_us: int
    duty: Duty | None


def check(duty: Duty) -> None:
    """Do nothing where the entry can be kept.

    Raises:
        BadInput: it ends before it begins, or lasts longer than a year.
    """
    if duty.until_us <= duty.from_us:
        raise BadInput("A duty ends after it begins; look at its two times.")
    if duty.until_us - duty.from_us > LONGEST_US:
        raise BadInput("A duty lasts at most a year; write it in shorter pieces.")
    if not duty.who.strip(DESK + " "):
        raise BadInput("A duty names who is on call: an account, or a desk.")


def on_call(duties: Iterable[Duty], role: DutyRole, at_us: int) -> Duty | None:
    """Who is on call in this role at this moment; None is a hole. ``duties`` are of one hospital."""
    found = [duty for duty in duties if duty.role is role and duty.covers(at_us)]
    return max(found, key=lambda duty: duty.number, default=None)


def shifts(duties: Sequence[Duty], role: DutyRole, from_us: int, until_us: int) -> list[Shift]:
    """The stretch from ``from_us`` to ``until_us`` without a gap, each part with the entry that counts in it."""
    of_role = [duty for duty in duties if duty.role is role and not duty.withdrawn]
    edges = {from_us, until_us}
    for duty in of_role:
        edges |= {edge for edge in (duty.from_us, duty.until_us) if from_us < edge < until_us}
    ordered = sorted(edges)
    found: list[Shift] = []
    for begin_us, end_us in pairwise(ordered):
        counts = on_call(of_role, role, begin_us)
        if found and found[-1].duty == counts:
            found[-1] = Shift(found[-1].from_us, end_us, counts)
        else:
            found.append(Shift(begin_us, end_us, counts))
    return found


def holes(duties: Sequence[Duty], role: DutyRole, from_us: int, until_us: int) -> list[Shift]:
    """Stretches in which nobody is on call in this role."""
    return [shift for shift in shifts(duties, role, from_us, until_us) if shift.duty is None]


@dataclass(frozen=True, slots=True)
class Takeover:
    """Somebody is to be on call from now on.

    Attributes:
        who: an account or a desk.
        until_us: the hour that was said; None: until the duty that counts now would have ended.
        seen: the entry that counted when the person looked, 0 for a hole; None: not said.
    """

    hospital: str
    role: DutyRole
    who: str
    until_us: int | None = None
    seen: int | None = None


def taken_over(duties: Sequence[Duty], asked: Takeover, now_us: int, by: str) -> Duty:
    """The entry that carries out a takeover.

    Raises:
        Conflict: somebody else has taken over since the person looked, or ``who`` is on call already.
        BadInput: the hour that was said is over.
    """
    current = on_call(duties, asked.role, now_us)
    number = current.number if current else 0
    if asked.seen is not None and asked.seen != number:
        raise Conflict("Somebody has changed this duty since you looked; look again, then press.")
    if asked.until_us is not None and asked.until_us <= now_us:
        raise BadInput("The hour you gave is over; give one that is to come.")
    ahead = shifts(duties, asked.role, now_us, now_us + LONGEST_US)
    end_us = ahead[0].until_us if current else min(ahead[0].until_us, now_us + LONGEST_TAKEN_US)
    until_us = asked.until_us or end_us
    if current is not None and current.who == asked.who and until_us <= ahead[0].until_us:
        raise Conflict(f"{asked.who} is on call in this role already; nothing has to be changed.")
    return Duty(asked.hospital, asked.role, asked.who, now_us, until_us, 0, now_us, by)
