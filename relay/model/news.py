"""News: what the parts of a relay tell each other, and what one relay tells another.

A piece of news says that something *has happened*. It is never the record of it: whoever misses news
reads the store. News is a frozen value made of plain fields, so that it can leave the process as bytes
(``relay/bus/news_bytes.py``). No service, no function and no ready text for a page is in it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from relay.model.call import CallFacts, Share
from relay.model.incident import Incident
from relay.model.timeline import Entry

EVERY_CASE = "case/*"
EVERY_CALL = "call/*"
SESSION_ENDS = "session-ended"


def case_topic(incident: UUID) -> str:
    """Topic of the news of one case."""
    return f"case/{incident}"


def call_topic(call: UUID) -> str:
    """Topic of the news of one 119 call."""
    return f"call/{call}"


def caller_topic(call: UUID) -> str:
    """Topic of the news for one caller's phone alone."""
    return f"caller/{call}"


def family_of(topic: str) -> str:
    """``case/*`` for ``case/6ba7…``: the topic of whoever hears of every one of its kind."""
    return topic.split("/", 1)[0] + "/*"


@dataclass(frozen=True, slots=True)
class News(ABC):
    """One piece of news.

    Attributes:
        kind: its name among relays; never changed, never used for anything else.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def topic(self) -> str:
        """The one topic it is published on."""


@dataclass(frozen=True, slots=True)
class CaseChanged(News):
    """Something of this case is different; ``entries`` are new on its timeline."""

    kind: ClassVar[str] = "case-changed"
    incident: Incident
    entries: tuple[Entry, ...] = ()

    @property
    def topic(self) -> str:
        """The case's own."""
        return case_topic(self.incident.id)


@dataclass(frozen=True, slots=True)
class CallChanged(News):
    """Something of this 119 call is different.

    Attributes:
        facts: the call as it is stored now.
        phone: what the caller's phone last said of itself (battery, network); None where it said nothing.
        unshared: shares that this change ended. Whoever they were for takes the call off the page.
    """

    kind: ClassVar[str] = "call-changed"
    facts: CallFacts
    phone: Mapping[str, object] | None = None
    unshared: tuple[Share, ...] = ()

    @property
    def topic(self) -> str:
        """The call's own."""
        return call_topic(self.facts.call.id)


@dataclass(frozen=True, slots=True)
class CallerLooksAgain(News):
    """The caller's phone may have something else to show; its connection reads it afresh."""

    kind: ClassVar[str] = "caller-looks-again"
    call: UUID

    @property
    def topic(self) -> str:
        """The phone's own."""
        return caller_topic(self.call)


@dataclass(frozen=True, slots=True)
class SessionEnded(News):
    """A person signed out: whatever is open by this session ends at once.

    Attributes:
        token_hash: what is stored of the session; the token itself is told to nobody.
    """

    kind: ClassVar[str] = "session-ended"
    token_hash: str

    @property
    def topic(self) -> str:
        """One for all sessions."""
        return SESSION_ENDS
