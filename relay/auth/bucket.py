"""A token bucket a key: how often somebody may try to sign in. Described in ``docs/settings.md``."""

from __future__ import annotations

from collections import OrderedDict


class Buckets:
    """Each key starts with ``burst`` tries; one comes back every ``refill_s`` seconds.

    At most ``max_keys`` keys are remembered; the one untouched for longest is forgotten first.
    """

    def __init__(self, burst: int, refill_s: float, max_keys: int = 10_000) -> None:
        self._burst = float(burst)
        self._refill_s = refill_s
        self._max_keys = max_keys
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now_s: float) -> bool:
        """Use one try; False where none is left."""
        level, then_s = self._level.pop(key, (self._burst, now_s))
        level = min(self._burst, level + (now_s - then_s) / self._refill_s)
        allowed = level >= 1.0
        self._level[key] = (level - 1.0 if allowed else level, now_s)
        while len(self._level) > self._max_keys:
            self._level.popitem(last=False)
        return allowed

    def forget(self, key: str) -> None:
        """Give all tries back, after a right password."""
        self._level.pop(key, None)
