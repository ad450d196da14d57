"""A 119 call with the caller's camera: how far it has come, and the link that lets one phone in.

The order protects people: no link before an ambulance is on its way, one phone a link, and nothing is
seen before the caller allowed it. The states and their words stand in ``docs/live119.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from relay.errors import Conflict

LINK_LIFE_US = 600_000_000
"""A link must be opened within ten minutes."""


class CallState(StrEnum):
    """How far it has come."""

    TAKEN = "taken"
    DISPATCHED = "dispatched"
    SENT = "sent"
    OPENED = "opened"
    ALLOWED = "allowed"
    LIVE = "live"
    FROZEN = "frozen"
    ENDED = "ended"


_S = CallState
TRANSITIONS: dict[CallState, dict[str, CallState]] = {
    _S.TAKEN: {"dispatch": _S.DISPATCHED, "end": _S.ENDED},
    _S.DISPATCHED: {"dispatch": _S.DISPATCHED, "invite": _S.SENT, "end": _S.ENDED},
    _S.SENT: {
        "dispatch": _S.SENT,
        "invite": _S.SENT,
        "revoke": _S.DISPATCHED,
        "expire": _S.DISPATCHED,
        "open": _S.OPENED,
        "end": _S.ENDED,
    },
    _S.OPENED: {
        "dispatch": _S.OPENED,
        "invite": _S.SENT,
        "revoke": _S.DISPATCHED,
        "release": _S.SENT,
        "allow": _S.ALLOWED,
        "deny": _S.OPENED,
        "picture": _S.LIVE,
        "still": _S.FROZEN,
        "end": _S.ENDED,
    },
    _S.ALLOWED: {
        "dispatch": _S.ALLOWED,
        "invite": _S.SENT,
        "revoke": _S.DISPATCHED,
        "allow": _S.ALLOWED,
        "deny": _S.OPENED,
        "picture": _S.LIVE,
        "still": _S.FROZEN,
        "end": _S.ENDED,
    },
    _S.LIVE: {
        "dispatch": _S.LIVE,
        "invite": _S.SENT,
        "revoke": _S.DISPATCHED,
        "allow": _S.LIVE,
        "deny": _S.OPENED,
        "picture": _S.LIVE,
        "freeze": _S.FROZEN,
        "end": _S.ENDED,
    },
    _S.FROZEN: {
        "dispatch": _S.FROZEN,
        "invite": _S.SENT,
        "revoke": _S.DISPATCHED,
        "allow": _S.FROZEN,
        "deny": _S.OPENED,
        "picture": _S.LIVE,
        "still": _S.FROZEN,
        "freeze": _S.FROZEN,
        "end": _S.ENDED,
    },
    _S.ENDED: {},
}
CAMERA_STEPS = frozenset({"allow", "picture", "still"})
"""What only a phone does whose camera was allowed: its word that it was may come later, or never."""
HINTS = frozenset(
    {
        "", "denied", "no-camera", "in-app-browser", "insecure", "busy", "slow", "reloaded",
        "stills", "expired", "second-phone", "left",
    }
)  # fmt: skip
"""What the phone or the link reported last, so that the dispatcher knows the next sentence."""
TOPICS = ("cpr-adult", "cpr-child", "aed", "choking", "bleeding", "recovery", "burns")
"""First aid that can be shown on the caller's phone."""


class ShareKind(StrEnum):
    """Who else may look."""

    UNIT = "unit"
    HOSPITAL = "hospital"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        incident: the ambulance's case, None until that ambulance has one.
        number / address / complaint: as told; shown to dispatchers, never in a log.
        taken_by: the dispatcher's account.
        sent_at_us … frozen_at_us: times of the present link; a new link begins them anew.
        expires_at_us: until when the present link may be opened.
        guidance: the topic on the caller's screen, None for none.
    """

    id: UUID
    number: str
    address: str
    complaint: str
    taken_by: str
    taken_at_us: int
    state: CallState = CallState.TAKEN
    hint: str = ""
    incident: UUID | None = None
    unit: str | None = None
    dispatched_at_us: int | None = None
    sent_at_us: int | None = None
    opened_at_us: int | None = None
    allowed_at_us: int | None = None
    live_at_us: int | None = None
    frozen_at_us: int | None = None
    ended_at_us: int | None = None
    expires_at_us: int | None = None
    guidance: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether anybody may still look or send."""
        return self.state is not CallState.ENDED


def can(call: Call, step: str) -> bool:
    """Whether the table has this step from where the call stands."""
    return step in TRANSITIONS[call.state]


def advance(call: Call, step: str, at_us: int) -> Call:
    """The call after a step.

    Raises:
        Conflict: the table has no such step.
    """
    if not can(call, step):
        raise Conflict(_refusal(call, step))
    state = TRANSITIONS[call.state][step]
    changes: dict[str, object] = {"state": state}
    if step == "invite":
        changes |= dict.fromkeys(("opened_at_us", "allowed_at_us", "live_at_us", "frozen_at_us"))
        changes |= {"sent_at_us": at_us, "expires_at_us": at_us + LINK_LIFE_US, "hint": ""}
    elif step == "release":
        changes["opened_at_us"] = None
    elif step in {"revoke", "expire"}:
        changes |= {"expires_at_us": None, "frozen_at_us": None}
    elif step == "dispatch":
        changes["dispatched_at_us"] = call.dispatched_at_us or at_us
    else:
        changes |= _times(call, step, state, at_us)
    return replace(call, **changes)  # type: ignore[arg-type]  # the keys are fields of Call


def _times(call: Call, step: str, state: CallState, at_us: int) -> dict[str, object]:
    """First times of the ladder's rungs; how long it has been frozen counts from the last freeze."""
    frozen = (call.frozen_at_us or at_us) if state is CallState.FROZEN else None
    found: dict[str, object] = {"frozen_at_us": frozen}
    if step in CAMERA_STEPS:
        found["allowed_at_us"] = call.allowed_at_us or at_us
    if state is CallState.OPENED:
        return found | {"opened_at_us": call.opened_at_us or at_us}
    if state is CallState.LIVE:
        return found | {"live_at_us": call.live_at_us or at_us}
    if state is CallState.ENDED:
        return found | {"ended_at_us": at_us, "guidance": None, "expires_at_us": None}
    return found


def _refusal(call: Call, step: str) -> str:
    if not call.is_open:
        return "This call has ended; take a new one."
    if step == "invite":
        return "Send an ambulance first; then the link can be sent."
    return f"A call that is {call.state} cannot {step}; reload the page."


@dataclass(frozen=True, slots=True)
class CallLink:
    """A link that was sent. Only hashes are kept.

    Attributes:
        phone_hash: of the cookie of the phone that opened it, None before.
    """

    token_hash: str
    call: UUID
    created_at_us: int
    expires_at_us: int
    phone_hash: str | None = None
    revoked_at_us: int | None = None

    def may_open(self, now_us: int) -> bool:
        """Whether a first phone may open it now."""
        return self.phone_hash is None and self.is_valid and now_us < self.expires_at_us

    @property
    def is_valid(self) -> bool:
        """Whether it was not taken back."""
        return self.revoked_at_us is None


@dataclass(frozen=True, slots=True)
class Share:
    """Somebody else who may look at a call."""

    id: UUID
    call: UUID
    kind: ShareKind
    target: str
    at_us: int
    by: str


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of a call, without its bytes. ``by`` is ``caller`` or a dispatcher's account."""

    id: UUID
    call: UUID
    at_us: int
    by: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where the caller's phone said it was, after the caller agreed."""

    lat: float
    lon: float
    accuracy_m: float
    at_us: int


@dataclass(frozen=True, slots=True)
class CallEntry:
    """What happened in a call, in order; put on the case's timeline once there is one."""

    at_us: int
    stage: str
    who: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CallFacts:
    """A call with everything that belongs to it, read in one go; stills and shares oldest first."""

    call: Call
    shares: tuple[Share, ...] = ()
    stills: tuple[Still, ...] = ()
    position: Position | None = None

    def shared_with(self, kind: ShareKind, target: str | None) -> bool:
        """Whether this one may look."""
        return any(s.kind is kind and s.target == target for s in self.shares)
