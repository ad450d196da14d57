"""What is so and is not on disk yet: an alarm that rings from memory, a look that was taken while nothing could be stored.

Rows of cases show it as if it stood on the timeline; it is stored as soon as the database takes it, and then goes
from here. A restart in between forgets it: every page says meanwhile that nothing is being stored.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from relay.model.alert import Alert
from relay.model.timeline import Entry, Stage
from relay.records.port.cases import CaseFacts

MOST = 1_000


@dataclass(frozen=True, slots=True)
class Untold:
    """An entry of a timeline that has no number yet."""

    stage: Stage
    who: str
    at_us: int
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class UnstoredItem:
    """Something of a case that waits for the database."""

    incident: UUID
    lines: tuple[Untold, ...]
    alert: Alert | None = None


class Unstored:
    """Everything that waits, by a key of its own. Bounded; the oldest makes room."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, UnstoredItem] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._waiting

    def add(self, key: Hashable, waiting: UnstoredItem) -> None:
        """It is so from now on."""
        self._waiting[key] = waiting
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)

    def stored(self, key: Hashable) -> None:
        """It is on disk, or is not so any more."""
        self._waiting.pop(key, None)

    def alert_of(self, incident: UUID) -> Alert | None:
        """The alarm of this case that rings from memory."""
        for waiting in self._waiting.values():
            if waiting.incident == incident and waiting.alert is not None:
                return waiting.alert
        return None

    def has_alert(self, alert: UUID) -> bool:
        """Whether this alarm rings from memory."""
        return any(w.alert is not None and w.alert.id == alert for w in self._waiting.values())

    def was_looked_at(self, incident: UUID) -> bool:
        """Whether a person has this case's trace open and that is not stored yet."""
        mine = (w for w in self._waiting.values() if w.incident == incident)
        return any(line.stage is Stage.TRACE_OPENED for w in mine for line in w.lines)

    def over(self, facts: CaseFacts) -> CaseFacts:
        """The facts of a case with what waits for the database."""
        mine = [w for w in self._waiting.values() if w.incident == facts.incident.id]
        if not mine:
            return facts
        alert = self.alert_of(facts.incident.id)
        if facts.alert is not None and facts.alert.is_open:
            alert = facts.alert
        told = _numbered(facts, [line for waiting in mine for line in waiting.lines])
        return replace(facts, alert=alert or facts.alert, told=told)


def _numbered(facts: CaseFacts, lines: Sequence[Untold]) -> tuple[Entry, ...]:
    last = facts.told[-1].entry if facts.told else 0
    entries = [
        Entry(facts.incident.id, last + n, line.at_us, line.stage, line.who, dict(line.data))
        for n, line in enumerate(lines, 1)
    ]
    return (*facts.told, *entries)
