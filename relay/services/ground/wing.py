"""The ground, composed: the ports below the services, and what every wing stands on."""

from __future__ import annotations

from dataclasses import dataclass

from relay.bus.port import Bus
from relay.ecglog.port import EcgLog
from relay.model.clock import Clock
from relay.records.port.records import Records
from relay.services.ground.disk_shares import DiskShares
from relay.services.ground.heap import give_back
from relay.services.ground.journal import Journal
from relay.services.ground.late import Late
from relay.services.ground.presence import Presence
from relay.services.ground.remaking import Remaking
from relay.services.ground.supervision import Work
from relay.services.ground.witness import AccessWitness
from relay.turns.rests import Rests


@dataclass(frozen=True, slots=True)
class Ports:
    """What a relay stands on: its clock, its two stores and its bus."""

    clock: Clock
    records: Records
    ecg_log: EcgLog
    bus: Bus


@dataclass(frozen=True, slots=True)
class GroundWing:
    """What every wing may use.

    Attributes:
        ports: the clock, the two stores and the bus.
        late: writes that wait until the database answers.
        journal: where cases are changed.
        witness: writes down who saw what.
        presence: which screens somebody is at.
        disk: each ambulance's share of the disk.
        rests: a client that keeps the shared workers busy rests in between.
        remaking: strangers' pictures, made anew.
    """

    ports: Ports
    late: Late
    journal: Journal
    witness: AccessWitness
    presence: Presence
    disk: DiskShares
    rests: Rests
    remaking: Remaking

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {
            "late": self.late.run,
            "witness": self.witness.run,
            "presence": self.presence.run,
            "heap": give_back,
        }


def compose(ports: Ports, unit_disk_mb_per_day: float) -> GroundWing:
    """The ground over these ports."""
    late = Late(ports.records, ports.clock)
    return GroundWing(
        ports,
        late,
        Journal(ports.records, ports.bus, late),
        AccessWitness(late),
        Presence(ports.clock),
        DiskShares(ports.clock, unit_disk_mb_per_day),
        Rests(ports.clock),
        Remaking(),
    )
