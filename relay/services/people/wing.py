"""The people's wing, composed: accounts and devices, what their rights hold open, and who watches video."""

from __future__ import annotations

from dataclasses import dataclass

from relay.services.ground.rights import Rights
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.people.people import People
from relay.services.people.viewer_sessions import ViewerSessions
from relay.video.port import MediaPlane


@dataclass(frozen=True, slots=True)
class PeopleWing:
    """What the wing offers.

    Attributes:
        people: accounts, sessions and devices.
        rights: every claim in use; what has lost its right is cut.
        sessions: who watches which video.
    """

    people: People
    rights: Rights
    sessions: ViewerSessions

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {"rights": self.rights.run, "viewers": self.sessions.run}


def compose(ground: GroundWing, people: People, plane: MediaPlane) -> PeopleWing:
    """The wing around these people; commands have them without it (``relay.office``)."""
    rights = Rights(ground.ports.records, people.now)
    return PeopleWing(people, rights, ViewerSessions(ground.ports.bus, people, plane, rights))
