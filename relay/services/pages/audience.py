"""Which open pages hear which texts. Of this process alone: every relay makes texts for its own pages.

A text is made once and handed to every page of a group. What goes between relays is news
(``relay/model/news.py``), never these texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from relay.model.call import ShareKind

DISPATCHERS = "dispatchers"
"""The group of every dispatcher's pages."""


def hospital_pages(hospital: str) -> str:
    """The group of the pages that somebody is at, of one hospital."""
    return f"{ShareKind.HOSPITAL}:{hospital}"


def resting_pages(hospital: str) -> str:
    """The group of the pages that nobody is at; they get texts without patients."""
    return f"resting:{hospital}"


def shared_with(kind: ShareKind, target: str) -> str:
    """The group of the pages of whoever a call is shared with."""
    return f"{kind}:{target}"


@dataclass(frozen=True, slots=True)
class Shows:
    """What whoever gets a text sees by it: a case, or a call.

    Attributes:
        id: which one.
        listed: what the audit calls such a look.
    """

    id: UUID
    listed: str


class OpenPage(Protocol):
    """An open page, as the audience knows it. Neither may raise or wait."""

    def hear(self, text: str, shows: Shows | None) -> None:
        """Send the text soon; ``shows`` is None where it shows nobody."""

    def read_again(self) -> None:
        """Texts for this page were lost: send it every row anew."""


class Audience:
    """The open pages of this relay by group."""

    def __init__(self) -> None:
        self._groups: dict[str, set[OpenPage]] = {}

    def join(self, page: OpenPage, *groups: str) -> None:
        """From now on this page hears what is said to these groups."""
        for group in groups:
            self._groups.setdefault(group, set()).add(page)

    def leave(self, page: OpenPage) -> None:
        """This page is gone."""
        for group, pages in list(self._groups.items()):
            pages.discard(page)
            if not pages:
                del self._groups[group]

    def say(self, group: str, text: str, shows: Shows | None = None) -> None:
        """Hand a text to every page of a group."""
        for page in self._groups.get(group, ()):
            page.hear(text, shows)

    def everybody_reads_again(self) -> None:
        """Nobody knows which texts were lost: every page gets its rows anew."""
        for page in {page for pages in self._groups.values() for page in pages}:
            page.read_again()
