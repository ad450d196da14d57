"""A case (in code, tables and on the wire: incident): one patient, one ambulance, the hospitals it is addressed to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from relay.errors import Conflict


class IncidentState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLOSED = "closed"


TRANSITIONS: dict[IncidentState, dict[str, IncidentState]] = {
    IncidentState.OPEN: {"close": IncidentState.CLOSED},
    IncidentState.CLOSED: {"resume": IncidentState.OPEN},
}
"""A closed case opens again when its tablet sends something more: nothing may be hidden."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One case.

    Attributes:
        unit: the ambulance it belongs to; no other device may touch it.
        hospitals: whose staff may see it.
    """

    id: UUID
    unit: str
    opened_at_us: int
    hospitals: frozenset[str]
    state: IncidentState = IncidentState.OPEN


def advance(incident: Incident, step: str) -> Incident:
    """The case after a step.

    Raises:
        Conflict: the table has no such step.
    """
    try:
        return replace(incident, state=TRANSITIONS[incident.state][step])
    except KeyError:
        raise Conflict(f"A case that is {incident.state} cannot {step}; reload the page.") from None
