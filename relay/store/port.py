"""What the relay may rely on when it stores something. Two ports, one file.

``EcgLog`` keeps ECG frames exactly as they left the tablet. ``Records`` keeps everything else.
Adapters do not inherit; a contract test runs every adapter against these words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from relay.model.alert import Alert
from relay.model.audit import AuditRow
from relay.model.decision import Decision, Opening
from relay.model.incident import Incident, IncidentState
from relay.model.people import Account, Device, DeviceEntry, Hospital, Session
from relay.model.photo import ScenePhoto
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.st_point import StPoint
from relay.model.stream import EcgStream
from relay.model.timeline import Entry, Stage
from relay.protocol.ranges import RangeSet
from relay.store.calls_port import CallReads, CallWrites


@dataclass(frozen=True, slots=True)
class LoggedFrame:
    """One frame as the log keeps it.

    Attributes:
        seq: position of the frame in its stream.
        first_sample / n_samples: the samples it covers.
        data: the wire frame, checksum included, byte for byte.
    """

    seq: int
    first_sample: int
    n_samples: int
    data: bytes

    @property
    def end_sample(self) -> int:
        """One past the last sample."""
        return self.first_sample + self.n_samples


class EcgLog(Protocol):
    """An append-only log of ECG frames."""

    async def append(self, stream: UUID, frames: Sequence[LoggedFrame]) -> None:
        """Return once every frame is on disk and will survive a power cut.

        Idempotent by ``(stream, seq)``: a frame already in the log, or on its way into it, is not
        written twice; the call still returns only when that frame is on disk.

        Raises:
            Unavailable: the disk is full or failing. Nothing may be acknowledged; the same frames
                may be appended again later.
        """

    def stored(self, stream: UUID) -> RangeSet:
        """Sequence numbers on disk, as a copy. Empty for a stream the log has never seen."""

    def newest_sample(self, stream: UUID) -> int:
        """One past the newest sample on disk, 0 for an unknown stream."""

    def covered(self, stream: UUID) -> RangeSet:
        """Sample positions on disk, as a copy."""

    async def read(self, stream: UUID, from_sample: int, to_sample: int) -> list[LoggedFrame]:
        """Frames on disk that touch ``[from_sample, to_sample)``, ascending by first sample.

        A frame whose bytes have rotted on disk is left out and reported in the log: the reader
        draws it as missing. Nothing damaged is ever returned.

        Raises:
            Unavailable: the disk is failing.
        """

    def streams(self) -> list[UUID]:
        """Every stream the log knows."""

    async def ping(self) -> None:
        """Return when the log can write.

        Raises:
            Unavailable: it cannot, with the reason in one sentence.
        """

    async def close(self) -> None:
        """Write what is pending, then release the files. Further calls raise ``Unavailable``."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything a row of the incident list is made of, read in one go.

    Attributes:
        card: the patient card of the highest revision, None before the first.
        streams / snapshots / openings: oldest first; snapshots without samples.
        live: the newest screening of each stream, as far as one is kept.
        snapshot_reports: the newest screening of each snapshot.
        alert / decision: the newest, None before the first.
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


class RecordReads(CallReads, Protocol):
    """What can be asked. Inside one ``Records.read`` all answers are of the same moment."""

    async def incident(self, incident: UUID) -> Incident | None:
        """One case."""

    async def incidents(
        self, *, hospital: str | None = None, state: IncidentState | None = None, limit: int = 200
    ) -> list[Incident]:
        """Cases, newest first; with ``hospital`` only those addressed to it."""

    async def cases(self, incidents: Sequence[UUID]) -> list[CaseFacts]:
        """The facts of these cases in the order asked for; unknown ones are left out."""

    async def stream(self, stream: UUID) -> EcgStream | None:
        """One recording."""

    async def timeline(self, incident: UUID, after: int = 0, limit: int = 10_000) -> list[Entry]:
        """Entries numbered above ``after``, ascending."""

    async def card(self, incident: UUID) -> Mapping[str, object] | None:
        """The patient card of the highest revision."""

    async def snapshot(self, snapshot: UUID) -> Snapshot | None:
        """One snapshot, without its samples."""

    async def snapshot_samples(self, snapshot: UUID) -> bytes | None:
        """Its samples (int16 little-endian, lead after lead), None before they are kept."""

    async def awaited_snapshots(self) -> list[Snapshot]:
        """Snapshots whose samples are not kept yet."""

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

    async def account(self, name: str) -> Account | None:
        """One account."""

    async def accounts(self) -> list[Account]:
        """Every account, by name."""

    async def sessions(self, token_hashes: Sequence[str]) -> list[Session]:
        """Those of these sessions that were not ended, of accounts that are not disabled."""

    async def device_of_token(self, token_hash: str) -> Device | None:
        """The device whose token, not revoked, has this hash."""

    async def devices(self) -> list[DeviceEntry]:
        """Every device, by unit."""

    async def hospitals(self) -> list[Hospital]:
        """Every hospital, by id."""

    async def audit_rows(self, after: int = 0, limit: int = 1_000) -> list[AuditRow]:
        """Audit rows numbered above ``after``, ascending."""

    async def audit_head(self) -> AuditRow | None:
        """The newest audit row."""


class RecordWrites(RecordReads, CallWrites, Protocol):
    """One transaction: all of it is on disk when the ``with`` block ends well, or nothing is."""

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
        """Keep a request; False where that snapshot is already known."""

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

    async def put_account(self, account: Account) -> None:
        """Add an account or replace it."""

    async def add_session(self, session: Session) -> None:
        """Keep a new session."""

    async def touch_session(self, token_hash: str, seen_at_us: int) -> None:
        """The person did something."""

    async def end_sessions(
        self, at_us: int, *, token_hash: str | None = None, user: str | None = None
    ) -> None:
        """End one session, or all of an account."""

    async def put_device(self, entry: DeviceEntry) -> None:
        """Add a device or replace it."""

    async def put_hospital(self, hospital: Hospital) -> None:
        """Add a hospital or rename it."""

    async def audit(
        self,
        at_us: int,
        who: str,
        action: str,
        subject: str,
        data: Mapping[str, object] | None = None,
    ) -> AuditRow:
        """Append one row to the audit, chained to the row before it."""


class Records(Protocol):
    """Everything the relay keeps beside the frames.

    All calls raise ``Unavailable`` when the database cannot answer or the disk is full; a
    transaction that raised left nothing behind.
    """

    def read(self) -> AbstractAsyncContextManager[RecordReads]:
        """A consistent view; never blocks a writer."""

    def begin(self) -> AbstractAsyncContextManager[RecordWrites]:
        """A transaction. It is on disk when the block ends without an exception."""

    async def ping(self) -> None:
        """Return when the database can be written.

        Raises:
            Unavailable: it cannot, with the reason in one sentence.
        """

    async def close(self) -> None:
        """Release the database. Further calls raise ``Unavailable``."""


__all__ = ["CaseFacts", "EcgLog", "LoggedFrame", "RecordReads", "RecordWrites", "Records"]
