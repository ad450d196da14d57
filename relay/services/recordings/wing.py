"""The recordings' wing, composed: what is live now, and the ten seconds that are kept."""

from __future__ import annotations

from dataclasses import dataclass

from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.recordings.live import LiveHub
from relay.services.recordings.snapshots import SnapshotKeeper
from relay.services.recordings.stream_ages import Ages


@dataclass(frozen=True, slots=True)
class RecordingsWing:
    """What the wing offers.

    Attributes:
        hub: the recordings that are live now, and who watches them.
        keeper: keeps snapshots once their samples are here.
        ages: how old the newest sample of each recording is.
    """

    hub: LiveHub
    keeper: SnapshotKeeper
    ages: Ages

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {"live-hub": self.hub.run, "snapshots": self.keeper.run}


def compose(ground: GroundWing, snapshot_patience_s: float) -> RecordingsWing:
    """The wing over this ground."""
    ports = ground.ports
    hub = LiveHub(ports.ecg_log, ports.clock)
    keeper = SnapshotKeeper(ground.journal, ports.ecg_log, snapshot_patience_s, ground.rests)
    return RecordingsWing(hub, keeper, Ages(hub, ports.clock))
