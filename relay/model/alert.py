"""An alert: the relay saw tier A and a human must look.

Every step after RAISED names the person who took it; there is no path from RAISED to CLOSED without
one, and the relay itself can take none of these steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from relay.errors import Conflict, LocalProtocolError


class AlertState(StrEnum):
    """How far a human has come with it."""

    RAISED = "raised"
    DELIVERED = "delivered"
    OPENED = "opened"
    DECIDED = "decided"
    CLOSED = "closed"


TRANSITIONS: dict[AlertState, dict[str, AlertState]] = {
    AlertState.RAISED: {
        "deliver": AlertState.DELIVERED,
        "open": AlertState.OPENED,
        "decide": AlertState.DECIDED,
    },
    AlertState.DELIVERED: {"open": AlertState.OPENED, "decide": AlertState.DECIDED},
    AlertState.OPENED: {"decide": AlertState.DECIDED},
    AlertState.DECIDED: {"close": AlertState.CLOSED},
    AlertState.CLOSED: {},
}
OPEN_STATES = frozenset({AlertState.RAISED, AlertState.DELIVERED, AlertState.OPENED})
"""Nobody has decided yet."""


@dataclass(frozen=True, slots=True)
class AlertStep:
    """Who took a step and when."""

    who: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of one case.

    Attributes:
        snapshot: the ten seconds it is about.
        steps: by the state reached, who took the step and when.
    """

    id: UUID
    incident: UUID
    stream: UUID
    snapshot: UUID | None
    tier: str
    statement_ja: str
    statement_en: str
    raised_at_us: int
    state: AlertState = AlertState.RAISED
    steps: MappingProxyType[AlertState, AlertStep] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def is_open(self) -> bool:
        """Whether a decision is still due."""
        return self.state in OPEN_STATES


def can(alert: Alert, step: str) -> bool:
    """Whether the table has this step from where the alert stands."""
    return step in TRANSITIONS[alert.state]


def advance(alert: Alert, step: str, *, who: str, at_us: int) -> Alert:
    """The alert after a named person took a step.

    Raises:
        LocalProtocolError: nobody is named.
        Conflict: the table has no such step.
    """
    if not who.strip():
        raise LocalProtocolError("A step of an alert names the person who takes it.")
    if not can(alert, step):
        raise Conflict(f"An alert that is {alert.state} cannot {step}; reload the page.")
    state = TRANSITIONS[alert.state][step]
    steps = MappingProxyType({**alert.steps, state: AlertStep(who, at_us)})
    return replace(alert, state=state, steps=steps)
