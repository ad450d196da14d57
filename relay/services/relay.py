"""All services of one running relay, as the web floor sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from relay.bus.port import Bus
from relay.ecglog.port import EcgLog
from relay.errors import RelayError
from relay.model.clock import Clock
from relay.records.port.records import Records
from relay.services.cabin.cabins import Cabins
from relay.services.cabin.photos import Photos
from relay.services.calls.callers import Callers
from relay.services.calls.calls import Calls
from relay.services.calls.clips import Clips
from relay.services.calls.glimpses import Glimpses
from relay.services.calls.pictures import Pictures
from relay.services.calls.viewers import CallViewers
from relay.services.cases.cases import Cases
from relay.services.cases.changes import Changes
from relay.services.cases.deciding import Deciding
from relay.services.cases.upkeep import Upkeep
from relay.services.evidence.keeping import Evidence
from relay.services.ground.rights import Rights
from relay.services.ground.witness import Witness
from relay.services.pages.session import FeedParts
from relay.services.people.people import People
from relay.services.screening.work import Screening
from relay.services.tablets.session import IngestParts

ANSWERS_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Site:
    """What this installation calls itself and shows.

    Attributes:
        demo: what ``GET /api/demo`` answers, None where this is no drill.
        origins: where pages may come from beside the relay's own address.
        tablet_origins: what the drill's page may frame.
        map_tiles: address of map tiles for the dispatcher's page, empty for none.
        hosts: names under which this relay is asked for beside this machine's own, in lower case.
        proxies: networks of the proxies in front of it, whose word about a client's address holds.
        connections_per_address: how many of one address may wait at a time.
        public_url: where callers' phones reach the relay, empty for the page's own address.
    """

    name: str
    version: str
    demo: Mapping[str, object] | None = None
    origins: frozenset[str] = frozenset()
    tablet_origins: tuple[str, ...] = ()
    public_url: str = ""
    map_tiles: str = ""
    hosts: frozenset[str] = frozenset()
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    connections_per_address: int = 256


@dataclass(slots=True)
class Relay:
    """Everything, opened by ``relay.wiring``."""

    site: Site
    clock: Clock
    records: Records
    ecg_log: EcgLog
    bus: Bus
    people: People
    rights: Rights
    witness: Witness
    cases: Cases
    changes: Changes
    deciding: Deciding
    calls: Calls
    callers: Callers
    viewers: CallViewers
    pictures: Pictures
    glimpses: Glimpses
    cabins: Cabins
    photos: Photos
    clips: Clips
    screening: Screening
    ingest: IngestParts
    feeds: FeedParts
    upkeep: Upkeep
    evidence: Evidence
    known_tokens: tuple[str, ...] = ()
    """Hashes of the tablets' tokens that opened something when this relay began: they need not prove themselves first."""
    stopped_parts: set[str] = field(default_factory=set)
    _asking: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def goodbye(self) -> None:
        """Ask tablets and pages to come back at once: the relay is going away."""
        self.ingest.registry.goodbye()
        self.feeds.registry.goodbye()

    @property
    def connections(self) -> int:
        """Tablets and pages connected now."""
        return self.ingest.registry.count + self.feeds.registry.count

    async def faults(self) -> dict[str, str]:
        """What is wrong, by part; empty where the relay is ready. Answers within seconds."""
        found = dict.fromkeys(self.stopped_parts, "It stopped and is being restarted.")
        if self.screening.preparing:
            found["screening"] = "It is still getting ready; meanwhile it screens, only slower."
        found |= self.evidence.damage
        if self.feeds.storing.room_given:
            found["room"] = (
                "The disk has no room for ECG; what was kept back is the database's now."
            )
        parts = (("records", self.records), ("ecg-log", self.ecg_log), ("bus", self.bus))
        for name, part in parts:
            # A part that hangs is asked once, not again by everybody who wants to know.
            if name not in self._asking:
                self._asking[name] = asyncio.ensure_future(part.ping())
        await asyncio.wait(self._asking.values(), timeout=ANSWERS_WITHIN_S)
        for name, _ in parts:
            asked = self._asking.get(name)
            if asked is None or not asked.done():
                found[name] = f"It has not answered for {ANSWERS_WITHIN_S:.0f} s; look at its disk."
                continue
            del self._asking[name]
            error = asked.exception()
            if isinstance(error, RelayError):
                found[name] = str(error)
            elif error is not None:
                raise error
        return found
