"""Who looks at pictures: of a call, or of an ambulance's cabin."""

from __future__ import annotations

from dataclasses import dataclass

from relay.model.call import CallFacts, ShareKind
from relay.model.people import Device, Permission, Person, has

CALLER = "caller"
"""The one who called 119, where a name is written down."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who looks at calls: a person's session, or an ambulance's tablet.

    Attributes:
        name / shown: the account, and as people read it.
        all_calls: whether no share is needed.
        may_see: the shares that let this one in.
        session: hash of the session, empty for a tablet.
        device: hash of the tablet's token, empty for a person.
    """

    name: str
    shown: str
    all_calls: bool
    may_see: tuple[tuple[ShareKind, str], ...]
    session: str = ""
    device: str = ""

    def sees(self, facts: CallFacts) -> bool:
        """Whether this call may be looked at."""
        return self.all_calls or any(facts.shared_with(*one) for one in self.may_see)


def watcher_of(person: Person, session: str) -> Watcher:
    """A signed-in person."""
    seen: list[tuple[ShareKind, str]] = []
    if has(person.role, Permission.CALLS_WATCH):
        seen.append((ShareKind.COMMAND, person.name))
        if person.hospital is not None:
            seen.append((ShareKind.HOSPITAL, person.hospital))
    all_calls = has(person.role, Permission.CALLS_READ)
    return Watcher(person.name, person.display_name, all_calls, tuple(seen), session)


def watcher_of_device(device: Device) -> Watcher:
    """An ambulance's tablet."""
    may_see = ((ShareKind.UNIT, device.unit),)
    name = f"unit:{device.unit}"[:64]
    return Watcher(name, device.unit, False, may_see, device=device.key)
