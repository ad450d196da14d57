"""What the relay may rely on when it stores something that is not a frame of ECG.

Adapters do not inherit; a contract test runs every adapter against these words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import UUID

from relay.model.alert import Alert
from relay.model.audit import AuditRow
from relay.model.decision import Decision, Opening
from relay.model.evidence import Fingerprint, Witness
from relay.model.incident import Incident
from relay.model.photo import ScenePhoto
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream
from relay.model.timeline import Entry, Stage
from relay.records.port.calls import CallReads, CallWrites
from relay.records.port.cases import CaseFacts, CaseReads, CasesAsked
from relay.records.port.people import PeopleReads, PeopleWrites


class RecordReads(CallReads, CaseReads, PeopleReads, Protocol):
    """What can be asked. Inside one ``Records.read`` all answers are of the same moment."""

    async def stream(self, stream: UUID) -> EcgStream | None:
        """One recording."""

    async def snapshot(self, snapshot: UUID) -> Snapshot | None:
        """One snapshot, without its samples."""

    async def same_samples(self, fingerprint: str, incident: UUID) -> int | None:
        """When a file with these samples first came for another case than this, None: never."""

    async def snapshot_samples(self, snapshot: UUID) -> bytes | None:
        """Its samples (int16 little-endian, lead after lead), None before they are kept."""

    async def awaited_snapshots(self) -> list[Snapshot]:
        """Snapshots whose samples are not kept yet."""

    async def kept_snapshots(self, incident: UUID) -> list[Snapshot]:
        """Snapshots of a case whose samples are kept, oldest first."""

    async def unscreened_snapshots(self) -> list[Snapshot]:
        """Kept snapshots that have no report."""

    async def snapshot_report(self, snapshot: UUID) -> Report | None:
        """The newest report of a snapshot."""

    async def st_points(
        self, *, incident: UUID | None = None, stream: UUID | None = None
    ) -> list[StPoint]:
        """Points of the ST trend of a case or of one recording, in the order they were kept."""

    async def open_alert(self, incident: UUID) -> Alert | None:
        """The alert of this case that waits for a decision."""

    async def last_alert(self, incident: UUID) -> Alert | None:
        """The newest alert of this case, in whatever state."""

    async def alert(self, alert: UUID) -> Alert | None:
        """One alert."""

    async def last_decision(self, incident: UUID) -> Decision | None:
        """The newest decision of this case."""

    async def photo_image(self, photo: UUID) -> tuple[ScenePhoto, bytes] | None:
        """A photo of the scene with its JPEG, None where there is none of this name."""

    async def photo_count(self, incident: UUID) -> int:
        """How many photos a case has."""

    async def was_calm_since(self, incident: UUID, at_us: int) -> bool:
        """Whether a screening after that moment was of a calm tier (C, D or E)."""

    async def openings(self, incident: UUID) -> list[Opening]:
        """Who had the trace on screen, oldest first."""

    async def audit_rows(self, after: int = 0, limit: int = 1_000) -> list[AuditRow]:
        """Audit rows numbered above ``after``, ascending."""

    async def ids_of_case(self, incident: UUID) -> list[str]:
        """Everything a row of the audit may call a case by: itself, its recordings, ECGs, alerts, calls."""

    async def find_audit(
        self,
        *,
        case: UUID | None = None,
        subjects: Sequence[str] = (),
        person: str = "",
        since_us: int = 0,
        limit: int = 1_000,
    ) -> tuple[list[AuditRow], int]:
        """The newest rows of what people did and saw that fit, ascending, and how many older ones were left out.

        Rows that only carry evidence of what is kept are not among them.

        Args:
            case: rows that name it in what they say, or are about one of ``subjects``.
            subjects: its names, as ``ids_of_case`` gives them.
            person: rows by this account or unit, or about its account.
            since_us: rows of that moment or later.
            limit: the newest so many.
        """

    async def audit_rows_of(self, action: str) -> list[AuditRow]:
        """Every audit row of one action, ascending."""

    async def fingerprints(
        self, kind: str, after: tuple[Any, ...] | None = None
    ) -> tuple[list[Fingerprint], tuple[Any, ...]]:
        """The next fingerprints of a kind of ``FORMS`` after a key, and the key to go on after; none: the end."""

    async def witnessed_samples(self) -> list[Witness]:
        """Samples that were on disk once, because kept snapshots and screenings were made of them."""

    async def audit_head(self) -> AuditRow | None:
        """The newest audit row."""


class RecordWrites(RecordReads, CallWrites, PeopleWrites, Protocol):
    """One transaction: all of it is on disk when the ``with`` block ends well, or nothing is.

    Rows of the kinds in ``relay.model.evidence.FORMS`` that it added are told of in the audit's chain: its
    last row then has the action ``kept`` and carries their hashes.
    """

    async def mark_event(self, event: UUID, incident: UUID, at_us: int) -> bool:
        """Note that an event is applied; False where it already was (then do nothing)."""

    async def put_incident(self, incident: Incident) -> None:
        """Add a case, or set the state and hospitals of a known one."""

    async def put_stream(self, stream: EcgStream) -> None:
        """Add a recording, or set what can change of a known one (not its epoch)."""

    async def raise_epoch(self, stream: UUID) -> int:
        """The next fencing number of a known recording, from 1, never given twice."""

    async def set_clock_offset(self, stream: UUID, offset_us: int) -> None:
        """The relay's clock minus the tablet's, as the tablet last measured it."""

    async def add_entry(
        self, incident: UUID, at_us: int, stage: Stage, who: str, data: Mapping[str, object]
    ) -> Entry:
        """Append to a case's timeline; the answer holds the number it got."""

    async def put_card(
        self, incident: UUID, rev: int, body: Mapping[str, object], at_us: int
    ) -> None:
        """Keep a revision of the patient card; a revision already kept stays as it is."""

    async def add_snapshot(self, snapshot: Snapshot) -> bool:
        """Keep a request, with its origin where it has one; False where that snapshot is already known."""

    async def add_photo(self, photo: ScenePhoto, jpeg: bytes) -> bool:
        """Keep a photo of the scene; False where that photo is already known. Never changed."""

    async def keep_samples(self, snapshot: Snapshot, samples: bytes) -> None:
        """Keep a snapshot's samples, once; nothing can change or remove them afterwards."""

    async def add_report(self, report: Report) -> None:
        """Keep a screening for good."""

    async def put_live(self, reports: Sequence[Report]) -> None:
        """Keep the newest screening of each live stream, in place of the one before."""

    async def add_st_points(self, points: Sequence[StPoint]) -> None:
        """Keep points of the ST trend for good."""

    async def put_alert(self, alert: Alert) -> None:
        """Add an alert, or set the state and steps of a known one.

        Raises:
            Conflict: the case already has an alert that waits for a decision.
        """

    async def add_decision(self, decision: Decision) -> None:
        """Keep a decision."""

    async def add_opening(self, opening: Opening) -> None:
        """Keep who had the trace on screen."""

    async def add_note(self, incident: UUID, text: str, who: str, user: str, at_us: int) -> None:
        """Keep a line of text."""

    async def audit(
        self,
        at_us: int,
        who: str,
        action: str,
        subject: str,
        data: Mapping[str, object] | None = None,
    ) -> AuditRow:
        """Append one row to the audit, chained to the row before it; it also says from where (``model.asker``)."""


class Records(Protocol):
    """Everything the relay keeps beside the frames.

    All calls raise ``Unavailable`` when the database cannot answer or the disk is full; a
    transaction that raised left nothing behind.
    """

    def read(self) -> AbstractAsyncContextManager[RecordReads]:
        """A consistent view; never blocks a writer."""

    def begin(self) -> AbstractAsyncContextManager[RecordWrites]:
        """A transaction. It is on disk when the block ends without an exception."""

    @property
    def failing(self) -> str | None:
        """The row of ``relay.causes`` for the last write, where that failed; None while writes succeed."""

    async def ping(self) -> None:
        """Return when the database can be written: something was, in the last seconds or now.

        Raises:
            Unavailable: it cannot, with the reason in one sentence.
        """

    async def forget_deleted(self) -> None:
        """See to it that nothing that was deleted is left in the store's files.

        Raises:
            Unavailable: the store cannot do it now.
        """

    async def close(self) -> None:
        """Release the database. Further calls raise ``Unavailable``."""


__all__ = [
    "CaseFacts",
    "CasesAsked",
    "RecordReads",
    "RecordWrites",
    "Records",
]
