"""The part of ``Records`` that keeps cases, and what is told of them: timeline, patient card, photos, looks, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from relay.model.alert import Alert
from relay.model.decision import Decision, Opening
from relay.model.incident import Incident, IncidentState
from relay.model.photo import ScenePhoto
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.stream import EcgStream
from relay.model.timeline import Entry, Stage


@dataclass(frozen=True, slots=True)
class CasesAsked:
    """Which cases.

    Attributes:
        hospital: only those addressed to it; unit: only this ambulance's.
        opened_since_us: only those opened then or later.
        beyond: only those that come after this case in the order.
        oldest_first: the order; else newest first.
    """

    hospital: str | None = None
    state: IncidentState | None = None
    unit: str | None = None
    opened_since_us: int | None = None
    beyond: UUID | None = None
    oldest_first: bool = False


NO_DECISION = "none"


@dataclass(frozen=True, slots=True)
class CaseSearch:
    """Which cases are searched for; everything that is named must be so.

    Attributes:
        hospital: only those addressed to it; None: the whole city's.
        from_us / to_us: opened then or later; opened before.
        tier: the gravest letter that any screening of the case gave.
        decision: the newest decision; ``NO_DECISION``: nobody has decided.
        words: each stands in a note or in a decision's text, in whatever ASCII case.
        beyond: only those that come after this case, newest first.
    """

    hospital: str | None = None
    state: IncidentState | None = None
    from_us: int | None = None
    to_us: int | None = None
    unit: str | None = None
    tier: str | None = None
    decision: str | None = None
    words: tuple[str, ...] = ()
    beyond: UUID | None = None


@dataclass(frozen=True, slots=True)
class CasesFound:
    """A page of a search.

    Attributes:
        ids: newest first.
        beyond: the case to search on from, None where every case has been looked at. It may be in no page: a search
            looks at a bounded number of cases, however few of them it finds.
        looked_to_us: when ``beyond`` was opened.
    """

    ids: tuple[UUID, ...]
    beyond: UUID | None
    looked_to_us: int | None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything a row of the case list is made of, read in one go.

    Attributes:
        card: the patient card of the highest revision, None before the first.
        streams / snapshots / openings: oldest first; snapshots without samples.
        live: the newest screening of each stream, as far as one is kept.
        snapshot_reports: the newest screening of each snapshot.
        alert / decision: the newest, None before the first.
        told: the timeline's entries that receipts and ladders are made of (``TOLD_STAGES``), ascending.
    """

    incident: Incident
    card: Mapping[str, object] | None
    streams: tuple[EcgStream, ...]
    snapshots: tuple[Snapshot, ...]
    snapshot_reports: Mapping[UUID, Report]
    live: Mapping[UUID, Report]
    alert: Alert | None
    openings: tuple[Opening, ...]
    decision: Decision | None
    told: tuple[Entry, ...] = ()


class CaseReads(Protocol):
    """What can be asked of cases."""

    async def incident(self, incident: UUID) -> Incident | None:
        """One case."""

    async def incidents(self, asked: CasesAsked, *, at_most: int) -> list[Incident]:
        """Cases in the order asked for; whoever asks says how many it can take and asks again for more."""

    async def search(self, asked: CaseSearch, *, at_most: int, looks_at: int) -> CasesFound:
        """At most so many of the cases searched for, among the next ``looks_at`` of the hospital's; none is left out."""

    async def count_incidents(self, asked: CasesAsked) -> int:
        """How many there are."""

    async def told(self, incidents: Sequence[UUID]) -> Mapping[UUID, Sequence[Entry]]:
        """The entries of each of these cases that receipts are made of; cases without any may be missing."""

    async def facts(self, incidents: Sequence[UUID]) -> list[CaseFacts]:
        """The facts of these cases in the order asked for; unknown ones are left out."""

    async def timeline(self, incident: UUID, after: int = 0) -> list[Entry]:
        """The next entries numbered above ``after``, ascending; ask again after the last until there is none."""

    async def newest_entries(self, incident: UUID, before: int, at_most: int) -> list[Entry]:
        """The newest entries numbered below ``before``, ascending."""

    async def last_entry_at_us(self, incident: UUID) -> int | None:
        """The latest moment on the timeline, None where nothing stands on it."""

    async def receipt_entries(self, incident: UUID) -> list[Entry]:
        """The entries that receipts and ladders are made of (``TOLD_STAGES``), ascending; none is left out."""

    async def story(self, incident: UUID) -> list[Entry]:
        """The entries that intervals are made of (``STORY_STAGES``), ascending; none is left out."""

    async def card(self, incident: UUID) -> Mapping[str, object] | None:
        """The patient card of the highest revision."""

    async def openings(self, incident: UUID) -> list[Opening]:
        """Who had the trace on screen, oldest first."""

    async def last_decision(self, incident: UUID) -> Decision | None:
        """The newest decision of this case."""

    async def photo_image(self, photo: UUID) -> tuple[ScenePhoto, bytes] | None:
        """A photo of the scene with its JPEG, None where there is none of this name."""

    async def photo_count(self, incident: UUID) -> int:
        """How many photos a case has."""


class CaseWrites(CaseReads, Protocol):
    """Changes of cases, inside one transaction of ``Records``."""

    async def mark_event(self, event: UUID, incident: UUID, at_us: int) -> bool:
        """Note that an event is applied; False where it already was (then do nothing)."""

    async def put_incident(self, incident: Incident) -> None:
        """Add a case, or set the state and hospitals of a known one."""

    async def add_entry(
        self, incident: UUID, at_us: int, stage: Stage, who: str, data: Mapping[str, object]
    ) -> Entry:
        """Append to a case's timeline; the answer holds the number it got."""

    async def put_card(
        self, incident: UUID, rev: int, body: Mapping[str, object], at_us: int
    ) -> None:
        """Keep a revision of the patient card; a revision already kept stays as it is."""

    async def add_opening(self, opening: Opening) -> None:
        """Keep who had the trace on screen."""

    async def add_decision(self, decision: Decision) -> None:
        """Keep a decision."""

    async def add_note(self, incident: UUID, text: str, who: str, user: str, at_us: int) -> None:
        """Keep a line of text."""

    async def add_photo(self, photo: ScenePhoto, jpeg: bytes) -> bool:
        """Keep a photo of the scene; False where that photo is already known. Never changed."""
