"""Limits how much disk one ambulance may use in a day for snapshots, photos and entries. Live ECG does not count.

A snapshot request of 250 bytes makes the relay keep a megabyte. A change of age makes it screen every snapshot of the case
again and keep the results. Live ECG is never refused; if a tablet sends it much faster than real time, the relay reads it
more slowly (``links``). An ordinary ambulance needs a hundredth of its share.
"""

from __future__ import annotations

import structlog

from relay.errors import TooMany
from relay.model.clock import Clock
from relay.turns.credit import Credits

log = structlog.get_logger(__name__)
DAY_S = 86_400.0
LOW = 0.2
"""Of the day's share: below it the administrator is told, once until it is above again."""
ENTRY_BYTES = 2_048
"""An entry with its rows, its line on the timeline and what is indexed of them."""
REPORT_BYTES = 16_384
"""The screening of one snapshot."""
SAMPLE_BYTES = 2


class DiskShares:
    """What each ambulance has left; a day's share comes back in a day, evenly."""

    def __init__(self, clock: Clock, mb_a_day: float) -> None:
        self._clock = clock
        self._most = mb_a_day * 1e6
        self._left = Credits(self._most / DAY_S, self._most)
        self._low: set[str] = set()

    def take(self, unit: str, n_bytes: float) -> bool:
        """Take this much; True where the share has just become low.

        Raises:
            TooMany: there is not so much left; the sentence says when there is.
        """
        now_s = self._clock.monotonic_s()
        if not self._left.may(unit, n_bytes, now_s):
            wait_min = self._left.again_in_s(unit, n_bytes, now_s) / 60
            log.warning("disk-share-used-up", unit=unit, bytes=round(n_bytes))
            raise TooMany(
                "This ambulance has used up its share of the relay's disk for today; live ECG goes on. "
                f"Phone the administrator, or try again in {wait_min:.0f} min."
            )
        is_low = self._left.left(unit, now_s) < LOW * self._most
        is_news = is_low and unit not in self._low
        (self._low.add if is_low else self._low.discard)(unit)
        if is_news:
            log.warning("disk-share-low", unit=unit, left_mb=round(self.left_mb(unit)))
        return is_news

    def left_mb(self, unit: str) -> float:
        """Megabytes this ambulance has left now."""
        return self._left.left(unit, self._clock.monotonic_s()) / 1e6


def snapshot_bytes(lead_mask: int, n_samples: int) -> int:
    """The most that a snapshot and its screening can fill."""
    return lead_mask.bit_count() * n_samples * SAMPLE_BYTES + REPORT_BYTES
