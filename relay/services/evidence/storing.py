"""Finds out once a second whether the relay can store, and tells everybody while it cannot."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from relay.causes import words
from relay.ecglog.port import EcgLog
from relay.errors import RelayError
from relay.records.port.records import Records
from relay.services.evidence.keeping import Evidence

log = structlog.get_logger(__name__)
EVERY_S = 1.0


class Room(Protocol):
    """The room on the disk that is kept back."""

    given: bool

    def look(self) -> None:
        """Give it away or take it back, by what is free now."""


class Storing:
    """Asks the stores that failed whether they work again, and says what does not."""

    def __init__(self, records: Records, ecg_log: EcgLog, room: Room, evidence: Evidence) -> None:
        self._records = records
        self._log = ecg_log
        self._room = room
        self._evidence = evidence
        self._told: tuple[str, ...] = ()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.to_thread(self._room.look)
            for part in (self._records, self._log):
                if part.failing is not None:
                    try:
                        await part.ping()
                    except RelayError:
                        continue  # it is still so, and was said
            causes = tuple(self.causes())
            if causes != self._told:
                log.error("not-storing", causes=causes) if causes else log.info("storing-again")
                self._told = causes
            await asyncio.sleep(EVERY_S)

    @property
    def room_given(self) -> bool:
        """Whether the room that was kept back is the database's now."""
        return self._room.given

    def causes(self) -> list[str]:
        """Rows of ``relay.causes``, the gravest first; empty while everything is stored and whole."""
        found = []
        if self._records.failing is not None:
            found.append(self._records.failing)
        elif self._log.failing is not None or self._room.given:
            found.append("ecg-not-stored")
        if self._evidence.damage:
            found.append("data-damaged")
        return found

    def troubles(self) -> list[dict[str, str]]:
        """The same in words, for pages."""
        return [words(cause) for cause in self.causes()]
