"""Who may do what, as the house decided it: every route and socket, every kind of asker, what is written down.

Not generated from the guards: a guard that changes its mind must meet this table. A route without a row fails.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from relay.model.people import Permission
from relay.services.ground.access import Relation

PERSONS = ("sato", "ito", "kato", "oka", "root", "mori", "abe")
"""Of hospital chuo: a cardiologist and the ED. A dispatcher, a command post, an administrator. Of another
hospital, daiichi: a cardiologist and the ED."""
TABLETS = ("tablet", "tablet-other", "tablet-revoked", "tablet-unknown")
OTHERS = ("nobody", "resting", "signed-out", "disabled", "phone", "phone-other")
EVERYBODY = (*PERSONS, *TABLETS, *OTHERS)


@dataclass(frozen=True)
class Row:
    """One route.

    Attributes:
        permission / relation: as the guard must say them.
        yes / role / theirs: who may; who may not by their role (403); for whom it does not exist (404).
        else_: what everybody else gets.
        writes: the action of the audit's row, None: nothing, on purpose.
    """

    permission: Permission | None
    relation: Relation
    yes: tuple[str, ...]
    role: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    else_: int = 401
    writes: str | None = None
    about: str = field(default="", kw_only=True)
    """Of which thing the row's subject is: ``incident``, ``call`` or "" for something else."""

    def status_of(self, asker: str) -> int:
        """The first digit decides: 2 where they may."""
        if asker in self.yes:
            return 200
        if asker in self.role:
            return 403
        return 404 if asker in self.theirs else self.else_


P, R = Permission, Relation


def _case(permission: Permission, writes: str, yes: tuple[str, ...] = ("sato", "ito")) -> Row:
    """A case of chuo: for its own, by their role; for another hospital it does not exist."""
    may_by_role = {"sato": "mori", "ito": "abe"}
    theirs = tuple(may_by_role[name] for name in yes)
    role = tuple(name for name in PERSONS if name not in (*yes, *theirs))
    return Row(permission, R.ADDRESSED, yes, role, theirs, writes=writes, about="incident")


def _watch(writes: str | None) -> Row:
    """A 119 call that is shared with chuo, oka and the tablet."""
    yes, theirs = ("sato", "ito", "kato", "oka", "tablet"), ("mori", "abe", "tablet-other")
    return Row(P.CALLS_WATCH, R.SHARED, yes, ("root",), theirs, writes=writes, about="call")


def _lead(writes: str | None, permission: Permission = P.CALLS_TAKE) -> Row:
    """A dispatcher leads it; nobody else, shared or not."""
    role = tuple(name for name in PERSONS if name != "kato")
    return Row(permission, R.SHARED, ("kato",), role, writes=writes, about="call")


def _cabin(writes: str | None) -> Row:
    """The cabin of a case that began as a 119 call."""
    yes = ("sato", "ito", "kato")
    return Row(P.CABIN_WATCH, R.CABIN, yes, ("oka", "root"), ("mori", "abe"), writes=writes, about="incident")  # fmt: skip


def _tablet(writes: str | None) -> Row:
    """The case's own tablet, nobody else."""
    return Row(P.STREAM_SEND, R.OWN_CASE, ("tablet",), (), ("tablet-other",), writes=writes, about="incident")  # fmt: skip


def _phone(writes: str | None = None) -> Row:
    """The caller's phone about its own call, whatever that is."""
    return Row(None, R.HOLDS_LINK, ("phone", "phone-other"), else_=410, writes=writes)


def _ringing(writes: str | None, relation: R = R.OWN_DEVICE) -> Row:
    """A device of one's own, for whoever opens traces."""
    return Row(
        P.TRACE_OPEN,
        relation,
        ("sato", "ito", "mori", "abe"),
        ("kato", "oka", "root"),
        writes=writes,
    )


_ALL = Row(None, R.NONE, EVERYBODY)
_READERS = Row(
    P.INCIDENTS_READ, R.OWN_HOSPITAL, ("sato", "ito", "mori", "abe"), ("kato", "oka", "root"),
    writes="cases-listed",
)  # fmt: skip
_DISPATCH = Row(P.CALLS_TAKE, R.NONE, ("kato",), tuple(n for n in PERSONS if n != "kato"))
_CASE, _CALL, _CABIN = "/api/incidents/{incident}", "/api/calls/{call}", "/api/incidents/{incident}/cabin"  # fmt: skip

ROUTES: dict[tuple[str, str], Row] = {
    ("GET", "/"): _ALL,
    ("GET", "/live"): _ALL,
    ("GET", "/dispatch"): _ALL,
    ("GET", "/api/site"): _ALL,
    ("GET", "/livez"): _ALL,
    ("GET", "/readyz"): _ALL,
    ("POST", "/api/session"): Row(None, R.NONE, EVERYBODY, writes="signed-in"),
    ("GET", "/api/session"): Row(None, R.NONE, PERSONS),
    ("GET", "/api/session/feed"): Row(None, R.NONE, (*PERSONS, "resting")),
    ("POST", "/api/session/wake"): Row(None, R.NONE, (*PERSONS, "resting"), writes="session-woken"),
    ("POST", "/api/session/password"): Row(None, R.NONE, PERSONS, writes="password-changed"),
    ("DELETE", "/api/session"): Row(None, R.NONE, (*PERSONS, "resting"), writes="signed-out"),
    ("GET", "/api/incidents"): _READERS,
    ("GET", "/api/archive"): replace(_READERS, writes="archive-searched"),
    ("GET", _CASE): _case(P.INCIDENTS_READ, "case-read"),
    ("GET", f"{_CASE}/timeline"): _case(P.INCIDENTS_READ, "case-read"),
    ("GET", f"{_CASE}/trend"): _case(P.INCIDENTS_READ, "trend-read"),
    ("POST", f"{_CASE}/opened"): _case(P.TRACE_OPEN, "trace-opened"),
    ("POST", f"{_CASE}/decisions"): _case(P.DECIDE, "decided", ("sato",)),
    ("POST", f"{_CASE}/notes"): _case(P.NOTES_WRITE, "note-written"),
    ("POST", _CASE + "/letters/{letter}/opened"): _case(P.INCIDENTS_READ, "letter-opened"),
    ("GET", "/api/ring-devices"): _ringing(None, R.NONE),
    ("POST", "/api/ring-devices"): _ringing("ring-device-added", R.NONE),
    ("DELETE", "/api/ring-devices/{device}"): _ringing("ring-device-stopped"),
    ("POST", "/api/ring-devices/{device}/try"): _ringing("way-tried"),
    ("POST", "/api/ways/try"): Row(P.WAYS_TRY, R.NONE, ("root",), tuple(n for n in PERSONS if n != "root"), writes="way-tried"),
    ("GET", "/api/snapshots/{snapshot}"): _case(P.INCIDENTS_READ, "snapshot-read"),
    ("GET", "/api/snapshots/{snapshot}/comparison"): _case(P.INCIDENTS_READ, "comparison-read"),
    ("GET", "/api/snapshots/{snapshot}/samples"): _case(P.INCIDENTS_READ, "samples-read"),
    ("GET", "/api/snapshots/{snapshot}/exports/{export}"): _case(P.INCIDENTS_READ, "snapshot-exported"),
    ("GET", "/api/streams/{stream}/frames"): _case(P.INCIDENTS_READ, "frames-read"),
    ("GET", _CABIN): _cabin("cabin-read"),
    ("GET", f"{_CABIN}/still"): _cabin("cabin-still-read"),
    ("GET", f"{_CABIN}/ice"): _cabin(None),
    ("POST", f"{_CABIN}/whep"): _cabin("cabin-watched"),
    ("PATCH", _CABIN + "/whep/{session}"): _cabin(None),
    ("DELETE", _CABIN + "/whep/{session}"): _cabin(None),
    ("POST", f"{_CABIN}/whip"): _tablet("cabin-published"),
    ("PATCH", _CABIN + "/whip/{session}"): _tablet(None),
    ("DELETE", _CABIN + "/whip/{session}"): _tablet(None),
    ("POST", f"{_CABIN}/step"): _tablet(None),
    ("POST", f"{_CABIN}/stills"): _tablet(None),
    ("PUT", _CASE + "/photos/{photo}"): _tablet("photo-kept"),
    ("GET", _CASE + "/photos/{photo}"): _cabin("photo-read"),
    ("POST", "/api/calls"): Row(
        P.CALLS_TAKE, R.NONE, ("kato",), _DISPATCH.role, writes="call-taken"
    ),
    ("GET", "/api/calls"): Row(
        P.CALLS_WATCH, R.NONE, ("sato", "ito", "kato", "oka", "mori", "abe", "tablet", "tablet-other"),
        ("root",), writes="calls-listed",
    ),
    ("GET", "/api/places"): _DISPATCH,
    ("GET", _CALL): _watch("call-read"),
    ("GET", f"{_CALL}/stats"): _lead(None, P.CALLS_READ),
    ("POST", f"{_CALL}/told"): _lead("call-told"),
    ("POST", f"{_CALL}/dispatched"): _lead("call-dispatched"),
    ("POST", f"{_CALL}/invite"): _lead("link-sent"),
    ("POST", f"{_CALL}/revoke"): _lead("link-revoked"),
    ("POST", f"{_CALL}/guidance"): _lead("guidance"),
    ("POST", f"{_CALL}/shares"): _lead("call-shared"),
    ("DELETE", _CALL + "/shares/{share}"): _lead("call-unshared"),
    ("POST", f"{_CALL}/stills"): _lead("still-kept"),
    ("GET", _CALL + "/stills/{still}"): _watch("still-read"),
    ("POST", f"{_CALL}/end"): _lead("call-ended"),
    ("GET", f"{_CALL}/clips"): _watch("clips-listed"),
    ("GET", _CALL + "/clips/{clip}"): _watch("clip-read"),
    ("POST", _CALL + "/clips/{clip}/delete"): _lead("clip-deleted"),
    ("GET", f"{_CALL}/ice"): _watch(None),
    ("POST", f"{_CALL}/whep"): _watch("call-watched"),
    ("GET", _CALL + "/whep/{session}"): _watch(None),
    ("PATCH", _CALL + "/whep/{session}"): _watch(None),
    ("DELETE", _CALL + "/whep/{session}"): _watch(None),
    ("GET", f"{_CALL}/glimpses"): _watch("glimpses-watched"),
    ("GET", _CALL + "/glimpses/{at_us}"): _watch(None),
    ("POST", "/live/api/redeem"): Row(None, R.NONE, ("phone", "phone-other"), else_=410, writes="link-opened"),
    ("GET", "/live/api/state"): _phone(),
    ("POST", "/live/api/progress"): _phone(),
    ("POST", "/live/api/position"): _phone("position-consented"),
    ("POST", "/live/api/stills"): _phone(),
    ("POST", "/live/api/glimpses"): _phone(),
    ("POST", "/live/whip"): _phone(),
    ("PATCH", "/live/whip/{session}"): Row(None, R.HOLDS_LINK, ("phone",), (), ("phone-other",), 410),
    ("DELETE", "/live/whip/{session}"): Row(None, R.HOLDS_LINK, ("phone",), (), ("phone-other",), 410),
}  # fmt: skip

SOCKETS: dict[str, Row] = {
    "/link/v1": Row(P.STREAM_SEND, R.OWN_CASE, ("tablet", "tablet-other"), writes="tablet-connected"),
    "/feed/v1": Row(None, R.OWN_HOSPITAL, ("sato", "ito", "kato", "oka", "mori", "abe", "resting"), writes="cases-listed"),
    "/live/feed": Row(None, R.HOLDS_LINK, ("phone", "phone-other")),
}  # fmt: skip
"""Who is let stay; everybody else's socket is closed by the relay."""
