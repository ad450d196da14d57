"""A photo of the scene that the crew took: the wrecked car, the list of medicines, the patient's card."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ScenePhoto:
    """One photo, without its pixels. Never changed.

    Attributes:
        id: chosen by the tablet, so that sending it twice keeps it once.
        taken_at_us: on the relay's clock.
        by: the ambulance.
    """

    id: UUID
    incident: UUID
    taken_at_us: int
    by: str
