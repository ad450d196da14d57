"""How long a test waits for what only a broken product does not do, and how busy the machine is.

Patience is not a claim about speed: the machine may be shared with busy loops
and another suite. Waits end at once when what they wait for comes, or when the
process they wait for has ended. A promise that is told in seconds is held
against `Unhurried`, which knows how much longer everything took just then.
"""

from __future__ import annotations

import time
from types import TracebackType

PATIENCE_S = 240.0
PATIENCE_MS = PATIENCE_S * 1_000
SPIN_CPU_S = 0.05
"""Longer than a scheduler's turn, so that others had theirs."""
MARGIN = 3.0
"""What is promised crosses several processes, each waiting for its own turn."""


def contention() -> float:
    """How many seconds of the clock a second of work takes now; 1 on an idle machine."""
    wall_s, cpu_s = time.monotonic(), time.process_time()
    while time.process_time() - cpu_s < SPIN_CPU_S:
        sum(range(500))
    return max(1.0, (time.monotonic() - wall_s) / SPIN_CPU_S)


class Unhurried:
    """``with Unhurried(2.0):`` fails where the block took longer than 2 s of an idle machine.

    The limit grows by what the machine's other work took away, measured before and after the block.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.took_s = 0.0

    def __enter__(self) -> Unhurried:
        self._busy = contention()
        self._began_s = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self.took_s = time.monotonic() - self._began_s
        if kind is None:
            allowed_s = self.limit_s * (1 + MARGIN * (max(self._busy, contention()) - 1))
            assert self.took_s < allowed_s, f"{self.took_s:.2f} s of {allowed_s:.2f} s"
