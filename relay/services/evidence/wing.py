"""The evidence's wing, composed: the audit's proofs, and the room on the disk."""

from __future__ import annotations

from dataclasses import dataclass

from relay.services.evidence.anchors import AuditAnchors
from relay.services.evidence.keeping import Evidence
from relay.services.evidence.storing import Room, Storing
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing


@dataclass(frozen=True, slots=True)
class EvidenceWing:
    """What the wing offers; ``evidence`` is closed before the stores are.

    Attributes:
        evidence: keeps the audit's heads outside, and finds what is gone.
        storing: whether this relay can store, and the room it keeps back.
    """

    evidence: Evidence
    storing: Storing

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {"evidence": self.evidence.run, "storing": self.storing.run}


def compose(ground: GroundWing, anchors: AuditAnchors, room: Room) -> EvidenceWing:
    """The wing over this ground."""
    ports = ground.ports
    evidence = Evidence(ground.journal, ports.ecg_log, anchors)
    return EvidenceWing(evidence, Storing(ports.records, ports.ecg_log, room, evidence))
