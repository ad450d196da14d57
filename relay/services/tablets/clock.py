"""A tablet's clock beside the relay's, as one connection knows it, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from relay.protocol.clock_estimate import TRUSTED_OFFSET_US
from relay.records.port.records import RecordWrites
from relay.services.ground.late import Late

JUMP_US = 500_000
"""A clock that moves by more at once is written into the audit."""


class TabletClock:
    """A tablet's clock as this connection knows it: from ``hello`` at first, then from pings."""

    def __init__(self) -> None:
        self.offset_us = 0

    def relay_time(self, tablet_us: int) -> int:
        """A moment of the tablet on the relay's clock; unchanged while the two nearly agree."""
        return tablet_us + (self.offset_us if abs(self.offset_us) > TRUSTED_OFFSET_US else 0)


async def keep(
    late: Late, unit: str, streams: Sequence[UUID], before_us: int | None, offset_us: int
) -> None:
    """Keep a clock's offset with its recordings where it has changed by a twentieth of a second; audit a jump.

    Where the database takes nothing now, both are written later: the ECG goes on meanwhile.

    Args:
        late: writes now or later.
        unit: the ambulance.
        streams: its recordings under way.
        before_us: the offset known so far, None for none.
        offset_us: the relay's clock minus the tablet's.
    """
    if before_us is not None and abs(offset_us - before_us) < JUMP_US / 10:
        return

    async def write(tx: RecordWrites) -> None:
        for stream in streams:
            await tx.recordings.set_clock_offset(stream, offset_us)

    await late.do(("clock-offset", unit), write)
    if before_us is not None and abs(offset_us - before_us) > JUMP_US:
        told = {"before_us": before_us, "offset_us": offset_us}
        await late.audit(unit, "clock-jumped", unit, told)
