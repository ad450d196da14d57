"""Refusals in the log without flooding it: the first of each address at once, then one line a minute with a count."""

from __future__ import annotations

import time
from typing import Any

QUIET_S = 60.0
MOST = 10_000


class Refusals:
    """Counts refusals by what was refused and from where."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], tuple[float, int]] = {}

    def note(self, log: Any, event: str, address: str, now_s: float | None = None) -> None:
        """One was refused; a line where a minute has passed since the last, with how many it stands for."""
        now = time.monotonic() if now_s is None else now_s
        told_s, more = self._since.get((event, address), (float("-inf"), 0))
        if now - told_s < QUIET_S:
            self._since[event, address] = (told_s, more + 1)
            return
        if len(self._since) >= MOST:
            self._since.clear()
        self._since[event, address] = (now, 0)
        log.warning(event, address=address, times=more + 1)
