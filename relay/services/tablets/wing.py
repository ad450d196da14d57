"""The tablets' wing, composed: what a tablet's connection needs, and which are open."""

from __future__ import annotations

from dataclasses import dataclass

from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.oncall.wing import OncallWing
from relay.services.people.wing import PeopleWing
from relay.services.recordings.wing import RecordingsWing
from relay.services.screening.wing import ScreeningWing
from relay.services.tablets.attention import Attended
from relay.services.tablets.events import TabletEvents
from relay.services.tablets.links import LinkRegistry
from relay.services.tablets.session import IngestParts
from relay.turns.credit import Credits


@dataclass(frozen=True, slots=True)
class TabletsWing:
    """What the wing offers.

    Attributes:
        links: every tablet's connection.
        parts: what every connection shares.
    """

    links: LinkRegistry
    parts: IngestParts

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {"links": self.links.run}


def compose(
    ground: GroundWing,
    people: PeopleWing,
    recordings: RecordingsWing,
    oncall: OncallWing,
    screening: ScreeningWing,
    new_cases: Credits,
) -> TabletsWing:
    """The wing over this ground; ``new_cases`` is how many cases an ambulance may open."""
    ports, hub, keeper = ground.ports, recordings.hub, recordings.keeper
    links = LinkRegistry(ports.clock)
    shared = (ground.journal, ports.ecg_log, hub, keeper)
    events = TabletEvents(*shared, screening.screening, new_cases, ground.disk)
    attended = Attended(ground.presence, oncall.hearables)
    parts = IngestParts(*shared, events, links, ports.bus, attended, people.rights)
    return TabletsWing(links, parts)
