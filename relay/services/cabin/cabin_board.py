"""What is known of each ambulance's cabin camera now. In memory: a restart asks the tablets anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from relay.protocol.answers import CabinRow

MOST_CABINS = 2_000


class CabinStep(StrEnum):
    """What the tablet says its camera may do: ECG goes first."""

    FULL = "full"
    REDUCED = "reduced"
    STILLS = "stills"
    PAUSED = "paused"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class CabinState:
    """One cabin's camera.

    Attributes:
        step: as the tablet last said.
        live: whether pictures arrive.
        since_us: when either last changed.
        still / still_at_us: the newest picture sent instead of video, and when it came.
    """

    step: CabinStep = CabinStep.FULL
    live: bool = False
    since_us: int = 0
    still: bytes = b""
    still_at_us: int | None = None

    @property
    def state(self) -> str:
        """In one word for a page: live, frozen, stills, paused, failed or off."""
        if self.step in {CabinStep.FULL, CabinStep.REDUCED}:
            return "live" if self.live else "frozen"
        return self.step.value


def room_of(incident: UUID) -> UUID:
    """The cabin's room in the media plane.

    Not the case's own number: a tablet chooses that one, and could choose a 119 call's.
    """
    return uuid5(NAMESPACE_URL, f"kyumei:cabin:{incident}")


class CabinBoard:
    """Every cabin by its case."""

    def __init__(self) -> None:
        self._cabins: dict[UUID, CabinState] = {}

    def get(self, incident: UUID) -> CabinState | None:
        """The cabin, None where its camera never said anything."""
        return self._cabins.get(incident)

    def change(self, incident: UUID, now_us: int, **changes: object) -> bool:
        """Set some fields; whether what a page shows is different now."""
        before = self._cabins.get(incident)
        cabin = replace(before or CabinState(since_us=now_us), **changes)  # type: ignore[arg-type]  # fields of Cabin
        if before is None or (before.step, before.live) != (cabin.step, cabin.live):
            cabin = replace(cabin, since_us=now_us)
        self._cabins[incident] = cabin
        if len(self._cabins) > MOST_CABINS:
            del self._cabins[next(iter(self._cabins))]
        return before is None or cabin_json(before) != cabin_json(cabin)

    def forget(self, incident: UUID) -> bool:
        """Drop it; whether there was one."""
        return self._cabins.pop(incident, None) is not None

    def json(self, incident: UUID | None) -> CabinRow | None:
        """What pages are told of it, or None."""
        cabin = self._cabins.get(incident) if incident is not None else None
        return cabin_json(cabin) if cabin is not None else None


def cabin_json(cabin: CabinState) -> CabinRow:
    """What pages are told of a cabin."""
    return {
        "state": cabin.state,
        "step": cabin.step.value,
        "since_us": cabin.since_us,
        "still_at_us": cabin.still_at_us,
    }
