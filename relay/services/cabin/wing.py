"""The cabin's wing, composed: the camera in the ambulance, and the crew's photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.model.call import CallFacts
from relay.services.cabin.cabin_board import CabinBoard
from relay.services.cabin.cabins import Cabins
from relay.services.cabin.photos import Photos
from relay.services.cabin.telling import Telling
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.people.wing import PeopleWing
from relay.video.port import MediaPlane


@dataclass(frozen=True, slots=True)
class CabinWing:
    """What the wing offers.

    Attributes:
        board: how every camera stands now.
        cabins: cameras as tablets send them and people look at them.
        photos: pictures the crew took.
    """

    board: CabinBoard
    cabins: Cabins
    photos: Photos

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {"cabins": self.cabins.run}


def compose(
    ground: GroundWing,
    people: PeopleWing,
    board: CabinBoard,
    plane: MediaPlane,
    tell_call: Callable[[CallFacts], None],
) -> CabinWing:
    """The wing over this ground.

    Args:
        ground: what it stands on.
        people: who watches.
        board: read by the calls' wing too.
        plane: video.
        tell_call: lets those who see a call hear of its cabin; the calls' wing is a neighbour.
    """
    telling = Telling(ground.journal, tell_call)
    cabins = Cabins(
        telling, board, ground.ports.bus, people.sessions, plane, ground.remaking, people.rights
    )
    return CabinWing(board, cabins, Photos(ground.journal, ground.remaking, ground.disk))
