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
from relay.services.alarm.wing import AlarmWing
from relay.services.cabin.wing import CabinWing
from relay.services.calls.wing import CallsWing
from relay.services.cases.wing import CasesWing
from relay.services.evidence.wing import EvidenceWing
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.oncall.wing import OncallWing
from relay.services.pages.wing import PagesWing
from relay.services.people.wing import PeopleWing
from relay.services.recordings.wing import RecordingsWing
from relay.services.screening.wing import ScreeningWing
from relay.services.tablets.wing import TabletsWing

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
    """Everything, opened by ``relay.wiring``: the wings of its services, each with what it offers.

    Attributes:
        known_tokens: hashes of the tablets' tokens that opened something when this relay began; they
            need not prove themselves first.
        stopped_parts: what broke and is being restarted, by name.
    """

    site: Site
    ground: GroundWing
    people: PeopleWing
    recordings: RecordingsWing
    evidence: EvidenceWing
    alarm: AlarmWing
    oncall: OncallWing
    calls: CallsWing
    cabin: CabinWing
    screening: ScreeningWing
    cases: CasesWing
    tablets: TabletsWing
    pages: PagesWing
    known_tokens: tuple[str, ...] = ()
    stopped_parts: set[str] = field(default_factory=set)
    _asking: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        """The relay's clock."""
        return self.ground.ports.clock

    @property
    def records(self) -> Records:
        """The store of cases, people and the audit."""
        return self.ground.ports.records

    @property
    def ecg_log(self) -> EcgLog:
        """The store of ECG frames."""
        return self.ground.ports.ecg_log

    @property
    def bus(self) -> Bus:
        """Who hears of changes."""
        return self.ground.ports.bus

    @property
    def work(self) -> Work:
        """What runs beside the requests, by name."""
        wings = (
            self.ground, self.people, self.recordings, self.evidence, self.alarm, self.oncall,
            self.calls, self.cabin, self.screening, self.cases, self.tablets, self.pages,
        )  # fmt: skip
        return {name: run for wing in wings for name, run in wing.work.items()}

    def goodbye(self) -> None:
        """Ask tablets and pages to come back at once: the relay is going away."""
        self.tablets.links.goodbye()
        self.pages.registry.goodbye()

    @property
    def connections(self) -> int:
        """Tablets and pages connected now."""
        return self.tablets.links.count + self.pages.registry.count

    async def faults(self) -> dict[str, str]:
        """What is wrong, by part; empty where the relay is ready. Answers within seconds."""
        found = dict.fromkeys(self.stopped_parts, "It stopped and is being restarted.")
        if self.screening.screening.preparing:
            found["screening"] = "It is still getting ready; meanwhile it screens, only slower."
        found |= self.evidence.evidence.damage
        if self.evidence.storing.room_given:
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
