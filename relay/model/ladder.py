"""The ladder: an ECG that nobody opens climbs from person to person. Decisions alone; no I/O; the time is an argument.

A ladder belongs to one case and one hospital and begins with an ECG that asks for a human. It has steps (frozen when
it begins); the next one is due at a time, and is done once. Only a named person who opens the trace stops it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID, uuid5

from relay.errors import LocalProtocolError
from relay.model.ladder_policy import PolicyStep, Steps, Target
from relay.model.roster import DutyRole

NAMESPACE = UUID("0d6f9f0e-5a35-4f3c-9c5e-6d6b3a1c4f70")


class LadderState(StrEnum):
    """How far it has come."""

    CLIMBING = "climbing"
    TOP = "top"
    STOPPED = "stopped"


TRANSITIONS: dict[LadderState, dict[str, LadderState]] = {
    LadderState.CLIMBING: {
        "climb": LadderState.CLIMBING,
        "arrive": LadderState.TOP,
        "stop": LadderState.STOPPED,
        "settle": LadderState.STOPPED,
    },
    LadderState.TOP: {"stop": LadderState.STOPPED, "settle": LadderState.STOPPED},
    LadderState.STOPPED: {},
}
"""``climb``: a step is done and another is to come. ``arrive``: the last one is done. ``stop``: a person has opened it.

``settle``: a doubt that asked softly does not ask any more, or a loud one has taken its place. No loud one settles.
"""


class Skip(StrEnum):
    """Why a step rings nobody. The next one is then due at once."""

    NOBODY_ON_CALL = "nobody-on-call"
    RUNG_ALREADY = "rung-already"
    NO_ACCOUNT = "no-account"
    NO_WAY = "no-way"


@dataclass(frozen=True, slots=True)
class Ladder:
    """One ladder.

    Attributes:
        level: how loudly it rings (``relay/protocol/calling.py``).
        snapshot: the ECG that asked first.
        alert: the alert about it, None where a person sent it and nothing rang.
        steps: what is done in turn.
        step: the next one, counted from 0; ``len(steps)`` when all are done.
        due_at_us: when that one is due.
    """

    id: UUID
    incident: UUID
    hospital: str
    level: str
    snapshot: UUID
    alert: UUID | None
    began_at_us: int
    steps: Steps
    due_at_us: int
    step: int = 0
    state: LadderState = LadderState.CLIMBING

    @property
    def next_step(self) -> PolicyStep | None:
        """What is done next; None where nothing is to come."""
        climbs = self.state is LadderState.CLIMBING and self.step < len(self.steps)
        return self.steps[self.step] if climbs else None

    def is_due(self, now_us: int) -> bool:
        """Whether its next step is to be done now."""
        return self.next_step is not None and self.due_at_us <= now_us


@dataclass(frozen=True, slots=True)
class LadderRung:
    """A step that was done.

    Attributes:
        step: its place, counted from 0.
        who: the account or desk that was rung; "" for everybody and for the crew.
        skipped: why it rang nobody.
    """

    ladder: UUID
    step: int
    target: Target
    who: str
    channels: tuple[str, ...]
    due_at_us: int
    done_at_us: int
    skipped: Skip | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """What asks for a human."""

    level: str
    snapshot: UUID
    alert: UUID | None


def begun(incident: UUID, hospital: str, asking: Asking, steps: Steps, at_us: int) -> Ladder | None:
    """A ladder that begins; None where the policy has no step for what asks. Its first step is due at once."""
    if not steps:
        return None
    key = uuid5(NAMESPACE, f"{incident}/{hospital}/{asking.snapshot}/{asking.level}")
    return Ladder(
        key, incident, hospital, asking.level, asking.snapshot, asking.alert, at_us, steps, at_us
    )


def climbed(ladder: Ladder, *, skipped: bool) -> Ladder:
    """The ladder after its next step was done; after one that rang nobody the next is due at the same moment.

    A step's time counts from when the one before was *due*: a relay that stood still for a minute does not make
    everybody wait a minute longer.

    Raises:
        LocalProtocolError: there is no next step.
    """
    done = ladder.next_step
    if done is None:
        raise LocalProtocolError(f"A ladder that is {ladder.state} has no step to do.")
    further = ladder.step + 1
    word = "climb" if further < len(ladder.steps) else "arrive"
    wait_us = 0 if skipped else round(done.wait_s * 1e6)
    return replace(
        ladder,
        step=further,
        due_at_us=ladder.due_at_us + wait_us,
        state=TRANSITIONS[ladder.state][word],
    )


def stopped(ladder: Ladder, who: str) -> Ladder:
    """The ladder after a named person opened the trace; as it was where it had been stopped.

    Raises:
        LocalProtocolError: nobody is named.
    """
    if not who.strip():
        raise LocalProtocolError("A ladder is stopped by a person, who is named.")
    if ladder.state is LadderState.STOPPED:
        return ladder
    return replace(ladder, state=TRANSITIONS[ladder.state]["stop"])


def settled(ladder: Ladder) -> Ladder:
    """A soft ladder that is over without a person.

    Raises:
        LocalProtocolError: it is a loud one; only a person who opens the trace ends it.
    """
    if ladder.level != "soft":
        raise LocalProtocolError("Only a person who opens the trace ends a ladder that rings.")
    return replace(ladder, state=TRANSITIONS[ladder.state]["settle"])


def raised(ladder: Ladder, asking: Asking) -> Ladder:
    """The ladder when what asks has become louder meanwhile: it goes on, and nobody is rung anew."""
    return replace(ladder, level=asking.level, alert=asking.alert or ladder.alert)


def chosen(
    target: Target, on_call: Mapping[DutyRole, str | None], rung: Collection[str]
) -> tuple[str, Skip | None]:
    """Whom a step rings by the roster of this moment, and why nobody.

    Args:
        target: whom the policy names.
        on_call: by role the account or desk that is on call, None in a hole.
        rung: whom this case has rung already.
    """
    if target in (Target.EVERYBODY, Target.CREW):
        return "", None
    who = on_call.get(DutyRole(target.value))
    if who is None:
        return "", Skip.NOBODY_ON_CALL
    return who, Skip.RUNG_ALREADY if who in rung else None


def upcoming(
    ladder: Ladder, on_call: Mapping[DutyRole, str | None], rung: Collection[str]
) -> tuple[Target, str] | None:
    """Who is rung next as the roster stands now: the next step that would not be skipped."""
    if ladder.state is not LadderState.CLIMBING:
        return None
    for step in ladder.steps[ladder.step :]:
        who, skip = chosen(step.who, on_call, rung)
        if skip is None:
            return step.who, who
    return None
