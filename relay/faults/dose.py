"""How much of a fault: its size, how often, how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose.

    Attributes:
        size: what the experiment says it is (percent, seconds of dark, kbit/s, people …).
        times: repetitions.
        seconds: how long it lasts, or the pause between repetitions.
    """

    size: float = 0.0
    times: int = 1
    seconds: float = 0.0
