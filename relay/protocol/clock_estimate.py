"""How far apart two clocks are, from exchanges of pings. Pure."""

from __future__ import annotations

from collections import deque

DRIFT_US = 100_000
"""What two clocks may drift apart within the exchanges remembered, with room to spare."""

TRUSTED_OFFSET_US = 1_000_000
"""Below this a tablet's clock counts as right, and its times are taken as they are."""


class ClockEstimate:
    """The relay's clock minus the tablet's, from ping exchanges: the quickest of the last eight."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=8)

    def add(self, t0_us: int, server_us: int, t3_us: int) -> None:
        """One exchange: sent at ``t0``, answered at ``server``, back at ``t3``.

        An exchange during which the tablet's clock ran backwards is ignored. One that cannot be true
        together with an earlier one (half a round trip is all either can be wrong) means that a clock
        was set in between: the earlier ones are forgotten.
        """
        rtt_us = t3_us - t0_us
        if rtt_us < 0:
            return
        offset_us = server_us - (t0_us + t3_us) // 2
        for old_rtt_us, old_offset_us in self._samples:
            if abs(offset_us - old_offset_us) > (rtt_us + old_rtt_us) // 2 + DRIFT_US:
                self._samples.clear()
                break
        self._samples.append((rtt_us, offset_us))

    def reset(self) -> None:
        """Forget all exchanges (a new connection)."""
        self._samples.clear()

    @property
    def offset_us(self) -> int | None:
        """Relay's clock minus the tablet's, None before the first exchange."""
        return min(self._samples)[1] if self._samples else None

    @property
    def rtt_us(self) -> int | None:
        """The quickest round trip of the last eight, None before the first exchange."""
        return min(self._samples)[0] if self._samples else None
