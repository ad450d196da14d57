"""Whether somebody may do something. It is asked at each request, and again while a connection stays open.

If an open connection kept the answer, it would go on after the right has ended. So it keeps a ``Claim``, which is
the question. Whenever a right changes, ``lost`` is asked again (``services/ground/rights``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from uuid import UUID

from relay.model.asker import Asker, mark_of
from relay.model.call import CallFacts, CallLink
from relay.model.incident import Incident
from relay.model.people import (
    Device,
    DeviceEntry,
    Permission,
    Person,
    Role,
    Session,
    has,
    owns,
    sees,
)
from relay.records.port.records import RecordReads
from relay.services.ground.watcher import CALLER, Watcher, watcher_of, watcher_of_device


class Relation(Enum):
    """How somebody must stand to what a route or a connection touches."""

    NONE = "nothing of a case is touched"
    OWN_HOSPITAL = "only cases addressed to the person's hospital are listed"
    ADDRESSED = "the case in the path is addressed to the person's hospital"
    SHARED = "the call in the path is shared with the person's place, or the role sees every call"
    CABIN = "the case in the path is addressed to the person's hospital, or began as a 119 call"
    OWN_CASE = "the case in the path is this tablet's own"
    OWN_DEVICE = "the device in the path is one that this person lets ring"
    HOLDS_LINK = "the phone's cookie or bearer token holds the link of its one call"


class Lost(StrEnum):
    """Why somebody may not go on."""

    SESSION_ENDED = "session-ended"
    CHANGED = "changed"
    """They still may much, but not what they might when this began: come back and be asked anew."""
    DEVICE_REVOKED = "device-revoked"
    DEVICE_REPLACED = "device-replaced"
    LINK_DEAD = "link-dead"
    NOT_THEIRS = "not-theirs"


class Proof(Enum):
    """With what somebody proved who they are."""

    SESSION = "session"
    DEVICE = "device"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Claim:
    """A right in use.

    Attributes:
        proof / key: what proved who uses it, and its hash.
        who: an account, a unit or ``caller``, for the log.
        permission: what the role must hold; None: nothing in particular.
        relation / subject: how they must stand to which case or call.
        as_was: who they were when it began, where any change of that ends it.
    """

    proof: Proof
    key: str
    who: str
    permission: Permission | None = None
    relation: Relation = Relation.NONE
    subject: UUID | None = None
    as_was: Person | Device | None = None


SessionsNow = Callable[[Sequence[str]], Awaitable[Mapping[str, Session]]]


class Moment:
    """What the records say at one moment; each thing is read once, however many ask."""

    def __init__(self, records: RecordReads) -> None:
        self._records = records
        self._sessions: dict[str, Session] = {}
        self._units: dict[str, DeviceEntry] = {}
        self._keys: dict[str, DeviceEntry] = {}
        self._calls: dict[UUID, CallFacts | None] = {}
        self._cases: dict[UUID, Incident | None] = {}
        self._links: dict[str, CallLink | None] = {}
        self._open: list[CallFacts] | None = None

    async def know(self, claims: Iterable[Claim], sessions: SessionsNow) -> None:
        """Read who these are, all in two questions.

        Args:
            claims: what will be asked about.
            sessions: gives those that have not ended, with what the database has not got of them yet.
        """
        claims = list(claims)
        hashes = sorted({c.key for c in claims if c.proof is Proof.SESSION})
        if hashes:
            self._sessions = dict(await sessions(hashes))
        if any(c.proof is Proof.DEVICE for c in claims):
            entries = await self._records.people.devices()
            self._units = {e.device.unit: e for e in entries}
            self._keys = {e.token_hash: e for e in entries}

    def session(self, key: str) -> Session | None:
        """A session that was not ended."""
        return self._sessions.get(key)

    def device(self, key: str, unit: str) -> Device | Lost:
        """The tablet of a token, or why it is none any more."""
        entry = self._keys.get(key)
        if entry is None:
            known = self._units.get(unit)
            return Lost.DEVICE_REVOKED if known is None else Lost.DEVICE_REPLACED
        return entry.device if entry.revoked_at_us is None else Lost.DEVICE_REVOKED

    async def link(self, key: str) -> CallLink | None:
        """The link a phone holds."""
        if key not in self._links:
            self._links[key] = await self._records.calls.call_link_of_phone(key)
        return self._links[key]

    async def call(self, call: UUID) -> CallFacts | None:
        """One call."""
        if call not in self._calls:
            self._calls[call] = await self._records.calls.call(call)
        return self._calls[call]

    async def case(self, incident: UUID) -> Incident | None:
        """One case."""
        if incident not in self._cases:
            self._cases[incident] = await self._records.cases.incident(incident)
        return self._cases[incident]

    async def began_as_call(self, incident: UUID) -> bool:
        """Whether a 119 call that is still open has become this case."""
        if self._open is None:
            self._open = await self._records.calls.open_calls()
        return any(facts.call.incident == incident for facts in self._open)


async def lost(moment: Moment, claim: Claim) -> Lost | None:
    """Why this claim does not hold any more; None: it does."""
    if claim.proof is Proof.PHONE:
        link = await moment.link(claim.key)
        return None if link and link.is_valid and link.call == claim.subject else Lost.LINK_DEAD
    who: Person | Device
    if claim.proof is Proof.SESSION:
        session = moment.session(claim.key)
        if session is None:
            return Lost.SESSION_ENDED
        who, role = session.person, session.person.role
    else:
        device = moment.device(claim.key, claim.who)
        if isinstance(device, Lost):
            return device
        who, role = device, Role.DEVICE
    if claim.as_was is not None and claim.as_was != who:
        return Lost.CHANGED
    if claim.permission is not None and not has(role, claim.permission):
        return Lost.NOT_THEIRS
    return None if await stands(moment, who, claim.relation, claim.subject) else Lost.NOT_THEIRS


async def stands(
    moment: Moment, who: Person | Device, relation: Relation, subject: UUID | None
) -> bool:
    """Whether they stand to the case or call as the relation asks."""
    if subject is None:
        return relation in {Relation.NONE, Relation.OWN_HOSPITAL}
    if relation is Relation.SHARED:
        facts = await moment.call(subject)
        return facts is not None and _watcher(who).sees(facts)
    case = await moment.case(subject)
    if case is None:
        return False
    if isinstance(who, Device):
        return relation is Relation.OWN_CASE and owns(who, case)
    if relation is Relation.CABIN and _watcher(who).all_calls:
        return sees(who, case) or await moment.began_as_call(subject)
    return relation in {Relation.ADDRESSED, Relation.CABIN} and sees(who, case)


def _watcher(who: Person | Device) -> Watcher:
    return watcher_of_device(who) if isinstance(who, Device) else watcher_of(who, "")


def asker_of(session: Session) -> Asker:
    """A person at a browser."""
    return Asker(session.person.name, console=console_of(session))


def asker_of_device(device: Device) -> Asker:
    """A tablet."""
    name = f"unit:{device.unit}"[:64]
    return Asker(name, console=f"{device.unit}-{mark_of('tablet', device.key)}")


def asker_of_phone(phone_hash: str) -> Asker:
    """A caller's phone."""
    return Asker(CALLER, console=f"phone-{mark_of('phone', phone_hash)}")


def console_of(session: Session) -> str:
    """A short stable name of the browser a session lives in; says nothing about its id."""
    return f"{session.person.hospital or 'city'}-{mark_of('console', session.token_hash)}"
