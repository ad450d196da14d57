"""Which clock the crew's page shows: the relay's, as soon as it is known how far the tablet's is off.

Half of what stands there comes from the relay and half from the tablet; on two clocks "opened 9 minutes
before it was sent" is what a crew would read.
"""

from __future__ import annotations

from relay.causes import words
from relay.protocol.clock_estimate import TRUSTED_OFFSET_US

TELL_AFTER_US = 60_000_000


class TrueTime:
    """The relay's clock as the tablet last knew it; it outlives the connection that measured it."""

    def __init__(self) -> None:
        self._offset_us = 0

    def saw(self, offset_us: int | None) -> None:
        """How far the relay's clock is ahead of the tablet's now, None where that is not known."""
        if offset_us is not None:
            self._offset_us = offset_us

    @property
    def shift_us(self) -> int:
        """What to add to a moment of the tablet's clock."""
        return self._offset_us if abs(self._offset_us) > TRUSTED_OFFSET_US else 0

    def of(self, tablet_us: int | None) -> int | None:
        """A moment of the tablet's clock on the relay's."""
        return None if tablet_us is None else tablet_us + self.shift_us

    def told(self) -> dict[str, str] | None:
        """The words for a clock that is a minute or more off, None where it is not."""
        if abs(self._offset_us) < TELL_AFTER_US:
            return None
        is_ahead = self._offset_us < 0
        return words(
            "clock-off",
            min=round(abs(self._offset_us) / 60e6),
            way="進み" if is_ahead else "遅れ",
            way_en="ahead" if is_ahead else "behind",
        )
