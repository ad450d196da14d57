"""The tablet's events that the relay is not known to have: few at a time, the live case's first."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from relay.protocol import messages as m
from relay.protocol.link import ANSWER_WITHIN_S, EVENTS_IN_FLIGHT


class EventQueue:
    """Events in the order they were made, and when each was last said on this connection.

    The relay knows an event by its id, so one may be said again; those of one case keep their order.
    """

    def __init__(self) -> None:
        self._events: dict[UUID, m.Event] = {}
        self._said_s: dict[UUID, float] = {}
        self._refused_s: dict[UUID, float] = {}

    def __len__(self) -> int:
        """How many are not known to be stored."""
        return len(self._events)

    def __contains__(self, event: UUID) -> bool:
        return event in self._events

    def get(self, event: UUID) -> m.Event | None:
        """An event that is not known to be stored."""
        return self._events.get(event)

    def add(self, event: m.Event) -> None:
        """Something new was entered."""
        self._events[event.event] = event

    def drop(self, event: UUID) -> None:
        """Forget the event: the relay has stored it, or will never take it."""
        for kept in (self._events, self._said_s, self._refused_s):
            kept.pop(event, None)

    def refused(self, event: UUID, now_s: float) -> None:
        """The relay does not take the event now. It is sent again later; other events do not wait for it."""
        if event in self._events:
            self._said_s.pop(event, None)
            self._refused_s[event] = now_s

    def connected(self) -> None:
        """A new connection: nothing is on its way."""
        self._said_s.clear()
        self._refused_s.clear()

    def names(self, recording: UUID) -> bool:
        """Whether an event that waits speaks of this recording."""
        return any(m.recording_of(e.body) == recording for e in self._events.values())

    def due(self, now_s: float, first: UUID | None) -> Iterator[m.Event]:
        """The events to send now, those of case ``first`` before the others.

        Each event that is given out counts as sent.
        """
        late = [e for e, said_s in self._said_s.items() if now_s - said_s >= ANSWER_WITHIN_S]
        free = [e for e in self._next(now_s, first) if e not in self._said_s]
        for event in [*late, *free[: max(0, EVENTS_IN_FLIGHT - len(self._said_s))]]:
            self._said_s[event] = now_s
            self._refused_s.pop(event, None)
            yield self._events[event]

    def _next(self, now_s: float, first: UUID | None) -> list[UUID]:
        if len(self._said_s) >= EVENTS_IN_FLIGHT:
            return []
        ready = [
            event
            for event in self._events.values()
            if event.event not in self._refused_s
            or now_s - self._refused_s[event.event] >= ANSWER_WITHIN_S
        ]
        return [e.event for e in sorted(ready, key=lambda e: e.incident != first)]
