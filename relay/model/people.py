"""Who may do what. Access is a permission of the role *and* a relation to the case.

A hospital sees a case only after it is addressed to it. An administrator manages accounts and sees
no ECG. A dispatcher has 119 calls and no ECG; everybody else sees a call only after it is shared
with their hospital, ambulance or command post.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from relay.errors import NotAllowed
from relay.model.incident import Incident


class Role(StrEnum):
    """What an account is for."""

    CARDIOLOGIST = "cardiologist"
    ED = "ed"
    DISPATCHER = "dispatcher"
    COMMAND = "command"
    ADMIN = "admin"
    DEVICE = "device"


class Permission(StrEnum):
    """What a route or a link may ask for."""

    INCIDENTS_READ = "incidents:read"
    TRACE_OPEN = "trace:open"
    DECIDE = "decide"
    NOTES_WRITE = "notes:write"
    STREAM_SEND = "stream:send"
    CALLS_TAKE = "calls:take"
    CALLS_READ = "calls:read"
    CALLS_WATCH = "calls:watch"
    CABIN_WATCH = "cabin:watch"
    WAYS_TRY = "ways:try"


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.CARDIOLOGIST: frozenset(
        {
            Permission.INCIDENTS_READ,
            Permission.TRACE_OPEN,
            Permission.DECIDE,
            Permission.NOTES_WRITE,
            Permission.CALLS_WATCH,
            Permission.CABIN_WATCH,
        }
    ),
    Role.ED: frozenset(
        {
            Permission.INCIDENTS_READ,
            Permission.TRACE_OPEN,
            Permission.NOTES_WRITE,
            Permission.CALLS_WATCH,
            Permission.CABIN_WATCH,
        }
    ),
    Role.DISPATCHER: frozenset(
        {
            Permission.CALLS_TAKE,
            Permission.CALLS_READ,
            Permission.CALLS_WATCH,
            Permission.CABIN_WATCH,
        }
    ),
    Role.COMMAND: frozenset({Permission.CALLS_WATCH}),
    Role.ADMIN: frozenset({Permission.WAYS_TRY}),
    Role.DEVICE: frozenset({Permission.STREAM_SEND, Permission.CALLS_WATCH}),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in account.

    Attributes:
        name: the account, unique.
        display_name: how crews and colleagues read it.
        hospital: the place it belongs to, None for city-wide accounts.
    """

    name: str
    display_name: str
    role: Role
    hospital: str | None


@dataclass(frozen=True, slots=True)
class Device:
    """A tablet's identity: its ambulance and the hospitals its cases are addressed to.

    Attributes:
        key: hash of the token it came with, empty where nobody came with one.
    """

    unit: str
    hospitals: frozenset[str]
    key: str = field(default="", compare=False, repr=False)


class SessionState(StrEnum):
    """What a browser's session may do now."""

    FRESH = "fresh"
    RESTS = "rests"
    ENDED = "ended"


class SessionEnd(StrEnum):
    """Why a session has ended, for the words on the page that it leaves behind."""

    SIGNED_OUT = "signed-out"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  a reason
    ACCOUNT_DISABLED = "account-disabled"
    ACCOUNT_CHANGED = "account-changed"
    TOO_OLD = "too-old"


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session. The id itself is never kept, only its hash."""

    token_hash: str
    person: Person
    created_at_us: int
    seen_at_us: int


def has(role: Role, permission: Permission) -> bool:
    """Whether the role holds the permission."""
    return permission in GRANTS[role]


def require(role: Role, permission: Permission) -> None:
    """Do nothing, or refuse.

    Raises:
        NotAllowed: the role does not hold the permission.
    """
    if not has(role, permission):
        raise NotAllowed(f"The role {role} may not do this; sign in with an account that may.")


def sees(person: Person, incident: Incident) -> bool:
    """Whether the case is addressed to the person's own hospital and the role may read cases."""
    return has(person.role, Permission.INCIDENTS_READ) and person.hospital in incident.hospitals


def owns(device: Device, incident: Incident) -> bool:
    """Whether the case is this ambulance's own."""
    return incident.unit == device.unit


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account as it is kept."""

    person: Person
    password_hash: str
    disabled: bool = False
    created_at_us: int = 0


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device as it is kept: its identity and whether its token still opens anything."""

    device: Device
    token_hash: str
    created_at_us: int
    revoked_at_us: int | None = None


class Withdrawal(StrEnum):
    """Why a token that opened something once opens nothing any more."""

    REVOKED = "device-revoked"
    REPLACED = "device-replaced"


@dataclass(frozen=True, slots=True)
class Hospital:
    """A place cases are addressed to."""

    id: str
    name: str
