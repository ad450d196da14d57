"""A source that gives one recording and no more."""

from __future__ import annotations

from ambulance_client.sources.port import Source


class Single:
    """``Recordings`` of one source that is at hand."""

    waiting_for = ""
    waiting_cause = ""

    def __init__(self, source: Source) -> None:
        self._left: Source | None = source

    async def next(self) -> Source | None:
        """The recording, then None."""
        source, self._left = self._left, None
        return source

    async def finished(self, source: Source) -> None:
        """Nothing is left to tidy."""
