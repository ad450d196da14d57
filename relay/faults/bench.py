"""What an experiment needs of the machine it runs on."""

from __future__ import annotations

from dataclasses import dataclass

from relay.faults import clocks, disks, namespaces


@dataclass(frozen=True, slots=True)
class Bench:
    """What an experiment needs beside a relay and a tablet.

    Attributes:
        wire: both live in network namespaces; without it a byte proxy stands between them.
        messages: a message proxy in place of the byte proxy.
        small_disk / stalling_disk: ``relay`` or ``tablet``, whose disk is of that kind.
        clock: the tablet's clock can be set while it runs.
    """

    wire: bool = False
    messages: bool = False
    small_disk: str = ""
    stalling_disk: str = ""
    clock: bool = False

    def why_not(self) -> str:
        """Empty where this machine can build it, else the reason in one sentence."""
        return (
            (self.wire and namespaces.why_not())
            or (self.small_disk and disks.why_not_small())
            or (self.stalling_disk and disks.why_not_stalling())
            or (self.clock and clocks.why_not())
            or ""
        )
