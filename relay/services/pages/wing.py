"""The pages' wing, composed: what a page's feed needs, and which are open."""

from __future__ import annotations

from dataclasses import dataclass

from relay.services.alarm.wing import AlarmWing
from relay.services.calls.wing import CallsWing
from relay.services.cases.wing import CasesWing
from relay.services.evidence.wing import EvidenceWing
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.pages.audience import Audience
from relay.services.pages.calls_publisher import CallsPublisher
from relay.services.pages.every_row import EveryRow
from relay.services.pages.publisher import FeedPublisher
from relay.services.pages.registry import FeedRegistry
from relay.services.pages.session import FeedParts
from relay.services.people.wing import PeopleWing
from relay.services.recordings.wing import RecordingsWing


@dataclass(frozen=True, slots=True)
class PagesWing:
    """What the wing offers.

    Attributes:
        registry: every page's feed.
        audience: which of them hear which texts.
        publisher: sends a case's row to the pages it is addressed to.
        calls_publisher: sends a call's row to the pages that may see it.
        parts: what every feed shares.
    """

    registry: FeedRegistry
    audience: Audience
    publisher: FeedPublisher
    calls_publisher: CallsPublisher
    parts: FeedParts

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {
            "pages": self.registry.run,
            "feed-publisher": self.publisher.run,
            "calls-publisher": self.calls_publisher.run,
        }


def compose(
    ground: GroundWing,
    people: PeopleWing,
    recordings: RecordingsWing,
    evidence: EvidenceWing,
    alarm: AlarmWing,
    calls: CallsWing,
    cases: CasesWing,
) -> PagesWing:
    """The wing over this ground; whoever begins to look at a case is published."""
    ports = ground.ports
    audience = Audience()
    publisher = FeedPublisher(ports.bus, cases.cases, audience)
    ground.presence.on_looking = publisher.changed
    registry = FeedRegistry(ports.bus, people.people, ground.presence, ports.clock)
    parts = FeedParts(
        audience=audience,
        every_row=EveryRow(cases.cases, calls.calls),
        clock=ports.clock,
        hub=recordings.hub,
        cases=cases.cases,
        hearing=alarm.hearing,
        people=people.people,
        registry=registry,
        presence=ground.presence,
        ages=recordings.ages,
        storing=evidence.storing,
        rights=people.rights,
        witness=ground.witness,
    )
    calls_publisher = CallsPublisher(ports.bus, calls.book, audience)
    return PagesWing(registry, audience, publisher, calls_publisher, parts)
