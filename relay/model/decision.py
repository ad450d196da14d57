"""What a physician decided after reading the trace."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class DecisionKind(StrEnum):
    """The four answers a crew can get."""

    STEMI_CATH = "stemi-cath"
    REPEAT_5MIN = "repeat-5min"
    NOT_STEMI = "not-stemi"
    UNREADABLE = "unreadable"


ASKS_FOR_ANOTHER = frozenset({DecisionKind.REPEAT_5MIN, DecisionKind.UNREADABLE})
"""After these, the next snapshot is a new question and may ring again at once."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. Later ones are added, none is changed.

    Attributes:
        who: as people read it.
        user: the account's name.
        snapshot: what was on screen, None for the live trace.
    """

    incident: UUID
    decision: DecisionKind
    text: str
    snapshot: UUID | None
    who: str
    user: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A person had the trace on screen."""

    incident: UUID
    snapshot: UUID | None
    who: str
    user: str
    at_us: int
