"""The electrode coach: a light for each lead, and snapshots that are sent without a press. No I/O, no clock.

The first ten clean seconds of a recording are sent by themselves, then a snapshot every five minutes. The crew's button
works at any time. If leads seem to be exchanged, the first snapshot waits up to half a minute, so that the crew can
correct them. Changes of ST are noticed by the relay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecg.detecting.standstill import Rhythm, StandstillVerdict, StandstillWatch
from ecg.screen import screen_segment
from ecg.values import EcgSegment, PatientFacts

CLEAN_S = 10.0
EVERY_S = 300.0
SWAP_HOLD_S = 30.0
SWAP_EVERY_S = 3.0
RHYTHM_EVERY_S = 1.0

Reason = Literal["clean", "interval"]


@dataclass(frozen=True, slots=True)
class SwapWarning:
    """Electrodes that look exchanged: a code of ``ecg.beat.reversal``, and words for the crew."""

    code: str
    words_ja: str
    words_en: str


def swap_warning(segment: EcgSegment) -> SwapWarning | None:
    """What the leads of ten seconds say of exchanged electrodes; None where nothing speaks for it."""
    for finding in screen_segment(segment, PatientFacts()).findings:
        if finding.code.startswith("REVERSAL_"):
            return SwapWarning(finding.code, finding.text_ja, finding.text_en)
    return None


class Coach:
    """What the lights of one recording add up to. One object a recording.

    Attributes:
        lights: the newest light of every lead. swap: exchanged electrodes, None where none are seen.
        watch: follows the beats. standstill_s: whole seconds without a QRS although the electrodes are good,
            None where that is not so.
    """

    def __init__(self, began_s: float) -> None:
        self.lights: dict[str, str] = {}
        self.swap: SwapWarning | None = None
        self.watch = StandstillWatch()
        self.standstill_s: int | None = None
        self._clean_since_s: float | None = None
        self._swap_looked_s: float | None = None
        self._rhythm_looked_s: float | None = None
        self._sent_clean = False
        self._last_snapshot_s = began_s

    def swap_due(self, now_s: float) -> bool:
        """Whether it is time for another look at the limbs."""
        return self._swap_looked_s is None or now_s - self._swap_looked_s >= SWAP_EVERY_S

    def swap_seen(self, swap: SwapWarning | None, now_s: float) -> None:
        """Take the newest look at the limbs; once they are mended, ten clean seconds begin anew."""
        self._swap_looked_s = now_s
        if self.swap is not None and swap is None and self._clean_since_s is not None:
            self._clean_since_s = now_s
        self.swap = swap

    def rhythm_due(self, now_s: float) -> bool:
        """Whether it is time for another look at the beats."""
        return self._rhythm_looked_s is None or now_s - self._rhythm_looked_s >= RHYTHM_EVERY_S

    def rhythm_seen(self, rhythm: Rhythm, now_s: float) -> None:
        """Take the newest look at the beats."""
        self._rhythm_looked_s = now_s
        standing = rhythm.verdict is StandstillVerdict.STANDSTILL
        self.standstill_s = int(rhythm.quiet_s) if standing else None

    def look(self, lights: dict[str, str], now_s: float) -> Reason | None:
        """Take the newest lights; the reason for a snapshot that is due now, or None."""
        self.lights = lights
        good = bool(lights) and all(light == "good" for light in lights.values())
        if not good:
            self._clean_since_s = None
        elif self._clean_since_s is None:
            self._clean_since_s = now_s
        clean_s = 0.0 if self._clean_since_s is None else now_s - self._clean_since_s
        needed_s = CLEAN_S + (SWAP_HOLD_S if self.swap else 0.0)
        if not self._sent_clean and clean_s >= needed_s:
            self._sent_clean = True
            return "clean"
        if now_s - self._last_snapshot_s >= EVERY_S and any(x != "off" for x in lights.values()):
            return "interval"
        return None

    def snapshot_taken(self, now_s: float) -> None:
        """A snapshot was taken, by hand or by itself: the five minutes begin anew."""
        self._last_snapshot_s = now_s
