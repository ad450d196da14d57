"""The electrode coach: a light per lead, and snapshots that nobody has to remember. No I/O, no clock.

The first ten clean seconds of a recording are sent by themselves, then a snapshot every five minutes;
the crew's button works beside it at any time. Changes of ST are the relay's to notice.
"""

from __future__ import annotations

from typing import Literal

CLEAN_S = 10.0
EVERY_S = 300.0

Reason = Literal["clean", "interval"]


class Coach:
    """What the lights of one recording add up to. One object a recording."""

    def __init__(self, began_s: float) -> None:
        self.lights: dict[str, str] = {}
        self._clean_since_s: float | None = None
        self._sent_clean = False
        self._last_snapshot_s = began_s

    def look(self, lights: dict[str, str], now_s: float) -> Reason | None:
        """Take the newest lights; the reason for a snapshot that is due now, or None."""
        self.lights = lights
        good = bool(lights) and all(light == "good" for light in lights.values())
        if not good:
            self._clean_since_s = None
        elif self._clean_since_s is None:
            self._clean_since_s = now_s
        clean_s = 0.0 if self._clean_since_s is None else now_s - self._clean_since_s
        if not self._sent_clean and clean_s >= CLEAN_S:
            self._sent_clean = True
            return "clean"
        if now_s - self._last_snapshot_s >= EVERY_S and any(x != "off" for x in lights.values()):
            return "interval"
        return None

    def snapshot_taken(self, now_s: float) -> None:
        """A snapshot was taken, by hand or by itself: the five minutes begin anew."""
        self._last_snapshot_s = now_s
