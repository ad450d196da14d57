"""From the first symptom to the balloon: the moments of a case and the time between them. Pure; unknown stays unknown.

Each moment is the first of its kind in the case, but for the three that the crew presses (``MARKED``): there the newest
press counts, because a press is corrected by pressing again. All stand on the relay's clock: what a tablet dates with another
clock was put there when it came, and keeps the tablet's own time beside it (``device_at_us``).

Source of the list: FMC to device and its parts, ESC 2023 acute coronary syndromes guideline, section 5 (times of care).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from relay.model.timeline import Entry, Stage


class Milestone(StrEnum):
    """What happened."""

    ONSET = "onset"
    FMC = "fmc"
    ECG = "ecg"
    STORED = "stored"
    SHOWN = "shown"
    OPENED = "opened"
    DECIDED = "decided"
    ACCEPTED = "accepted"
    DEPART = "depart"
    DOOR = "door"
    DEVICE = "device"


FIRST = MappingProxyType(
    {
        Stage.SNAPSHOT_STORED: Milestone.STORED,
        Stage.DELIVERED: Milestone.SHOWN,
        Stage.TRACE_OPENED: Milestone.OPENED,
        Stage.DECIDED: Milestone.DECIDED,
    }
)
"""Stages whose first entry is the moment. Nothing says yet that a hospital has accepted, or when the device was used."""
MARKED = MappingProxyType(
    {"fmc": Milestone.FMC, "depart": Milestone.DEPART, "door": Milestone.DOOR}
)
STORY_STAGES = (*FIRST, Stage.MARK)
"""Stages that moments are read from; all others pass by."""
BETWEEN: Mapping[str, tuple[Milestone, Milestone]] = MappingProxyType(
    {
        "onset_fmc": (Milestone.ONSET, Milestone.FMC),
        "fmc_ecg": (Milestone.FMC, Milestone.ECG),
        "ecg_stored": (Milestone.ECG, Milestone.STORED),
        "stored_shown": (Milestone.STORED, Milestone.SHOWN),
        "shown_opened": (Milestone.SHOWN, Milestone.OPENED),
        "ecg_opened": (Milestone.ECG, Milestone.OPENED),
        "opened_decided": (Milestone.OPENED, Milestone.DECIDED),
        "decided_accepted": (Milestone.DECIDED, Milestone.ACCEPTED),
        "scene": (Milestone.FMC, Milestone.DEPART),
        "fmc_door": (Milestone.FMC, Milestone.DOOR),
        "door_device": (Milestone.DOOR, Milestone.DEVICE),
    }
)
"""Each interval's two ends, in the order of the story."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One moment.

    Attributes:
        at_us: on the relay's clock.
        device_at_us: by the clock of whoever dated it, where that was another; their difference is its offset.
        by: who, as people read it; ``""`` for the relay itself.
    """

    at_us: int
    device_at_us: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """The time between two moments.

    Attributes:
        seconds: whole, rounded down; None where an end is unknown or the second came before the first.
        is_reversed: the two ends contradict each other.
    """

    seconds: int | None
    is_reversed: bool = False


def moments_of(
    entries: Iterable[Entry], onset_at_us: int | None, ecgs_at_us: Iterable[int]
) -> dict[Milestone, Happened]:
    """The moments that are known.

    Args:
        entries: the case's timeline, ascending; whatever its stages.
        onset_at_us: of the newest patient card.
        ecgs_at_us: when each ECG of the case was taken.
    """
    found: dict[Milestone, Happened] = {}
    if onset_at_us is not None:
        found[Milestone.ONSET] = Happened(onset_at_us)
    if (first_us := min(ecgs_at_us, default=None)) is not None:
        found[Milestone.ECG] = Happened(first_us)
    for entry in entries:
        if entry.stage is Stage.MARK and (pressed := MARKED.get(str(entry.data.get("mark")))):
            found[pressed] = _happened(entry)
        elif (first := FIRST.get(entry.stage)) and (
            first not in found or entry.at_us < found[first].at_us
        ):
            found[first] = _happened(entry)
    return found


def _happened(entry: Entry) -> Happened:
    own = entry.data.get("device_at_us")
    return Happened(entry.at_us, own if isinstance(own, int) else None, entry.who)


def intervals_of(moments: Mapping[Milestone, Happened]) -> dict[str, Interval]:
    """Every interval of ``BETWEEN``, known or not."""
    return {name: _between(moments, *ends) for name, ends in BETWEEN.items()}


def _between(moments: Mapping[Milestone, Happened], start: Milestone, end: Milestone) -> Interval:
    one, other = moments.get(start), moments.get(end)
    if one is None or other is None:
        return Interval(None)
    passed_us = other.at_us - one.at_us
    return Interval(None, is_reversed=True) if passed_us < 0 else Interval(passed_us // 1_000_000)
