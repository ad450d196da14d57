"""Remembers what was already written down, so that a repeated look is not written again. Its size has a limit."""

from __future__ import annotations

from collections.abc import Hashable

REMEMBERED = 10_000
"""Marks kept; whatever is looked at again after so many others is written down once more."""


class RecentMarks:
    """The newest marks of something that should be told once."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._marks: dict[Hashable, None] = {}

    def __contains__(self, mark: Hashable) -> bool:
        return mark in self._marks

    def __len__(self) -> int:
        """How many marks are kept."""
        return len(self._marks)

    def add(self, mark: Hashable) -> None:
        """Keep a mark; the oldest makes room."""
        self._marks[mark] = None
        while len(self._marks) > self._remembered:
            del self._marks[next(iter(self._marks))]
