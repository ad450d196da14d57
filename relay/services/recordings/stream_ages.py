"""How old the newest sample of each hospital's recordings is, made once for all its pages."""

from __future__ import annotations

from uuid import UUID

from relay.model.clock import Clock
from relay.services.recordings.live import LiveHub

FRESH_FOR_S = 1.0
"""Ages this young are handed to the next page as they are."""
REMEMBERED = 10_000
Known = tuple[float, dict[str, int]]


class Ages:
    """Ages by hospital. A recording's hospitals are told when its case is drawn."""

    def __init__(self, hub: LiveHub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._streams: dict[UUID, frozenset[str]] = {}
        self._made: dict[str, Known] = {}

    def belongs(self, stream: UUID, hospitals: frozenset[str]) -> None:
        """A recording of a case addressed to these hospitals."""
        self._streams.pop(stream, None)
        self._streams[stream] = hospitals
        while len(self._streams) > REMEMBERED:
            del self._streams[next(iter(self._streams))]

    def of(self, hospital: str | None) -> dict[str, int]:
        """By recording: milliseconds since its newest sample came. Only recordings live on this relay."""
        now_s = self._clock.monotonic_s()
        made_s, ages = self._made.get(hospital or "", (-1.0, {}))
        if made_s < 0 or now_s - made_s > FRESH_FOR_S:
            ages_of_all = self._hub.ages_ms()
            ages = {
                str(stream): age_ms
                for stream, age_ms in ages_of_all.items()
                if hospital in self._streams.get(stream, ())
            }
            self._made[hospital or ""] = (now_s, ages)
        return ages
