"""A tablet's clock beside the relay's, as one connection knows it."""

from __future__ import annotations

from relay.protocol.clock_estimate import TRUSTED_OFFSET_US


class TabletClock:
    """A tablet's clock as this connection knows it: from ``hello`` at first, then from pings."""

    def __init__(self) -> None:
        self.offset_us = 0

    def relay_time(self, tablet_us: int) -> int:
        """A moment of the tablet on the relay's clock; unchanged while the two nearly agree."""
        return tablet_us + (self.offset_us if abs(self.offset_us) > TRUSTED_OFFSET_US else 0)
