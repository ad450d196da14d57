"""What the screen said about a stretch of ECG, as the relay keeps it. It is never a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

TIERS = ("A", "B", "C", "D", "E", "Q")
ALARM_TIER = "A"
DOUBTED_TIER = "B"
UNREADABLE_TIER = "Q"
CALM_TIERS = ("C", "D", "E")
"""Readable, and the criteria of the alarm's tier were not met."""


@dataclass(frozen=True, slots=True)
class Report:
    """One screening.

    Attributes:
        snapshot: the snapshot it is about, None for a stretch of the live stream.
        body: as ``kyumei screen --json`` prints it.
    """

    incident: UUID
    stream: UUID
    snapshot: UUID | None
    first_sample: int
    n_samples: int
    tier: str
    statement_ja: str
    statement_en: str
    body: Mapping[str, object]
    at_us: int

    @property
    def end_sample(self) -> int:
        """One past the last sample screened."""
        return self.first_sample + self.n_samples
