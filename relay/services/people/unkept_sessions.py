"""What this relay knows of sessions that the database has not got yet: begun, touched, woken or ended while it took no writes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TypeVar

from relay.model.people import Session, SessionEnd

V = TypeVar("V")
MOST = 10_000


class UnkeptSessions:
    """Lies over what the database says of sessions. In memory: a restart forgets it."""

    def __init__(self) -> None:
        self._begun: OrderedDict[str, Session] = OrderedDict()
        self._touched: OrderedDict[str, int] = OrderedDict()
        self._woken: OrderedDict[str, int] = OrderedDict()
        self._ended: OrderedDict[str, SessionEnd] = OrderedDict()

    def begun(self, session: Session) -> None:
        """Somebody has signed in."""
        _keep(self._begun, session.token_hash, session)

    def touched(self, token_hash: str, seen_at_us: int) -> None:
        """A person did something."""
        _keep(self._touched, token_hash, seen_at_us)

    def woken(self, token_hash: str, at_us: int) -> None:
        """A person has proved again who they are."""
        _keep(self._woken, token_hash, at_us)

    def ended(self, token_hash: str, why: SessionEnd) -> None:
        """It has ended, whatever the database says."""
        _keep(self._ended, token_hash, why)

    def why_ended(self, token_hash: str) -> SessionEnd | None:
        """Why it has ended, None where nothing is known of an end here."""
        return self._ended.get(token_hash)

    def only_here(self, token_hash: str) -> Session | None:
        """A session that the database had not got when it was begun."""
        return self._begun.get(token_hash)

    def over(self, token_hash: str, found: Session | None) -> Session | None:
        """A session as it is now, given what the database says of it."""
        if token_hash in self._ended:
            return None
        if found is not None:
            self._begun.pop(token_hash, None)
        session = found or self._begun.get(token_hash)
        if session is None:
            return None
        woken_us, touched_us = self._woken.get(token_hash, 0), self._touched.get(token_hash, 0)
        if found is not None and found.seen_at_us >= max(woken_us, touched_us):
            self._woken.pop(token_hash, None)
            self._touched.pop(token_hash, None)
        return replace(
            session,
            created_at_us=max(session.created_at_us, woken_us),
            seen_at_us=max(session.seen_at_us, woken_us, touched_us),
        )


def _keep(into: OrderedDict[str, V], token_hash: str, value: V) -> None:
    into.pop(token_hash, None)
    into[token_hash] = value
    while len(into) > MOST:
        into.popitem(last=False)
