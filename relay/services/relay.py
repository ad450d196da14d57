"""All services of one running relay, as the web floor sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.bus.port import Bus
from relay.errors import RelayError
from relay.model.clock import Clock
from relay.services.callers import Callers
from relay.services.calls import Calls
from relay.services.cases import Cases
from relay.services.feeds import FeedParts
from relay.services.ingest import IngestParts
from relay.services.people import People
from relay.services.pictures import Pictures
from relay.services.screening import Screening
from relay.services.upkeep import Upkeep
from relay.services.viewers import CallViewers
from relay.store.port import EcgLog, Records


@dataclass(frozen=True, slots=True)
class Site:
    """What this installation calls itself and shows.

    Attributes:
        demo: what ``GET /api/demo`` answers, None where this is no drill.
        origins: where pages may come from beside the relay's own address.
        tablet_origins: what the drill's page may frame.
        public_url: where callers' phones reach the relay, empty for the page's own address.
    """

    name: str
    version: str
    demo: Mapping[str, object] | None = None
    origins: frozenset[str] = frozenset()
    tablet_origins: tuple[str, ...] = ()
    public_url: str = ""


@dataclass(slots=True)
class Relay:
    """Everything, opened by ``relay.wiring``."""

    site: Site
    clock: Clock
    records: Records
    ecg_log: EcgLog
    bus: Bus
    people: People
    cases: Cases
    calls: Calls
    callers: Callers
    viewers: CallViewers
    pictures: Pictures
    screening: Screening
    ingest: IngestParts
    feeds: FeedParts
    upkeep: Upkeep
    stopped_parts: set[str] = field(default_factory=set)

    def goodbye(self) -> None:
        """Ask tablets and pages to come back at once: the relay is going away."""
        self.ingest.registry.goodbye()
        self.feeds.registry.goodbye()

    @property
    def connections(self) -> int:
        """Tablets and pages connected now."""
        return self.ingest.registry.count + self.feeds.registry.count

    async def faults(self) -> dict[str, str]:
        """What is wrong, by part; empty where the relay is ready."""
        found = dict.fromkeys(self.stopped_parts, "It stopped and is being restarted.")
        for name, part in (("records", self.records), ("ecg-log", self.ecg_log), ("bus", self.bus)):
            try:
                await part.ping()
            except RelayError as error:
                found[name] = str(error)
        return found
