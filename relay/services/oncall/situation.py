"""How a hospital stands at one moment: who is on call, what they are called, how they are reached."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import structlog

from relay.errors import BadInput
from relay.model.ladder_policy import CONSOLE, Policy, default_policy, read_policy
from relay.model.people import Person, Role
from relay.model.roster import Duty, DutyRole, on_call
from relay.records.port.records import RecordReads

log = structlog.get_logger(__name__)
PHONE = "phone"
"""The number that people dial themselves; no channel sends to it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One hospital at one moment.

    Attributes:
        place: the hospital's name.
        has_roster: whether it keeps one at all.
        on_call: by role the account or desk; None is a hole.
        people: its accounts that are not disabled, by name.
        names: by account or desk, as people read it.
        reached: by account or desk and channel, the address.
    """

    hospital: str
    place: str
    has_roster: bool
    on_call: Mapping[DutyRole, str | None]
    people: Mapping[str, Person]
    names: Mapping[str, str]
    reached: Mapping[tuple[str, str], str]
    policy: Policy

    def exists(self, who: str) -> bool:
        """Whether there is this account, open, or this desk."""
        return who in self.names

    @property
    def ed_accounts(self) -> list[str]:
        """The accounts of its emergency department: whose pages ring when the ED is rung."""
        return sorted(name for name, person in self.people.items() if person.role is Role.ED)

    @property
    def crew_phone(self) -> str | None:
        """The number a crew is told: of the desk on duty, else of any desk. Never a person's own."""
        duty = self.on_call.get(DutyRole.ED_PHONE)
        desks = sorted(who for who in self.names if who.startswith("@"))
        for who in [duty or "", *desks]:
            if who.startswith("@") and (who, PHONE) in self.reached:
                return self.reached[who, PHONE]
        return None


async def situation_of(
    records: RecordReads, hospital: str, at_us: int, channels: Collection[str]
) -> Situation:
    """The hospital as it stands in these records at this moment."""
    duties = await records.roster.duties(hospital, at_us, at_us + 1)
    accounts = [account for account in await records.people.accounts() if not account.disabled]
    people = {a.person.name: a.person for a in accounts if a.person.hospital == hospital}
    desks = await records.roster.desks(hospital)
    names = {name: person.display_name for name, person in people.items()}
    names |= {desk.id: desk.name for desk in desks}
    contacts = await records.roster.contacts()
    places = {one.id: one.name for one in await records.people.hospitals()}
    return Situation(
        hospital,
        places.get(hospital, hospital),
        await records.roster.has_duties(hospital),
        on_call_now(duties, at_us),
        people,
        names,
        {(contact.who, contact.channel): contact.to for contact in contacts},
        await policy_of(records, hospital, channels),
    )


def on_call_now(duties: Collection[Duty], at_us: int) -> dict[DutyRole, str | None]:
    """By role who is on call at this moment."""
    found = {role: on_call(duties, role, at_us) for role in DutyRole}
    return {role: duty.who if duty else None for role, duty in found.items()}


async def policy_of(records: RecordReads, hospital: str, channels: Collection[str]) -> Policy:
    """The steps of a hospital: its own, or those of the relay where it has none or they cannot be read.

    An alarm must not fail because of what stands in a policy. So a channel that is gone since is passed over.
    """
    kept = await records.ladders.policy(hospital)
    if kept is None:
        return default_policy(channels)
    try:
        return read_policy(kept_by(kept, channels), channels)
    except BadInput as error:
        log.error("policy-unreadable", hospital=hospital, reason=str(error))
        return default_policy(channels)


def kept_by(steps: Mapping[str, object], channels: Collection[str]) -> dict[str, object]:
    """A policy's JSON without the channels that this relay has no more; a step that has none left rings the pages."""
    found: dict[str, object] = {}
    for key, rows in steps.items():
        found[key] = [_row(row, channels) for row in rows] if isinstance(rows, list) else rows
    return found


def _row(row: object, channels: Collection[str]) -> object:
    if not isinstance(row, dict) or not isinstance(named := row.get("channels"), list):
        return row
    left = [name for name in named if name == CONSOLE or name in channels]
    return {**row, "channels": left or ([CONSOLE] if named else [])}
