"""What the relay may rely on when it stores something that is not a frame of ECG.

One small port for each aggregate, reached by its name: ``tx.people.account("sato")``. An aggregate is what
belongs together and is asked and changed by the same words: cases, recordings, alerts, people, calls.
Adapters do not inherit; a contract test runs every adapter against these words.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from relay.records.port.alerts import AlertReads, AlertWrites
from relay.records.port.calls import CallReads, CallWrites
from relay.records.port.cases import CaseReads, CaseWrites
from relay.records.port.evidence import EvidenceReads, EvidenceWrites
from relay.records.port.ladders import LadderReads, LadderWrites
from relay.records.port.leases import LeaseReads, LeaseWrites
from relay.records.port.outbox import OutboxReads, OutboxWrites
from relay.records.port.people import PeopleReads, PeopleWrites
from relay.records.port.recordings import RecordingReads, RecordingWrites
from relay.records.port.ringing import RingingReads, RingingWrites
from relay.records.port.roster import RosterReads, RosterWrites


class RecordReads(Protocol):
    """What can be asked, by aggregate. Inside one ``Records.read`` all answers are of the same moment."""

    @property
    def cases(self) -> CaseReads:
        """Cases and what is told of them."""

    @property
    def recordings(self) -> RecordingReads:
        """Recordings, snapshots and reports."""

    @property
    def alerts(self) -> AlertReads:
        """Alerts."""

    @property
    def people(self) -> PeopleReads:
        """People, sessions and tablets."""

    @property
    def calls(self) -> CallReads:
        """119 calls."""

    @property
    def evidence(self) -> EvidenceReads:
        """The audit, fingerprints and witnesses."""

    @property
    def leases(self) -> LeaseReads:
        """Which relay does what must be done once."""

    @property
    def outbox(self) -> OutboxReads:
        """Letters: who is told of which ECG, by which way."""

    @property
    def ringing(self) -> RingingReads:
        """Devices that ring, and the site's keys."""

    @property
    def roster(self) -> RosterReads:
        """Who is on call, and how they are reached."""

    @property
    def ladders(self) -> LadderReads:
        """How an unopened ECG climbs from person to person."""


class RecordWrites(RecordReads, Protocol):
    """One transaction: all of it is on disk when the ``with`` block ends well, or nothing is.

    Rows of the kinds in ``relay.model.evidence.FORMS`` that it added are told of in the audit's chain: its
    last row then has the action ``kept`` and carries their hashes.
    """

    @property
    def cases(self) -> CaseWrites:
        """Cases and what is told of them."""

    @property
    def recordings(self) -> RecordingWrites:
        """Recordings, snapshots and reports."""

    @property
    def alerts(self) -> AlertWrites:
        """Alerts."""

    @property
    def people(self) -> PeopleWrites:
        """People, sessions and tablets."""

    @property
    def calls(self) -> CallWrites:
        """119 calls."""

    @property
    def evidence(self) -> EvidenceWrites:
        """The audit."""

    @property
    def leases(self) -> LeaseWrites:
        """Which relay does what must be done once."""

    @property
    def outbox(self) -> OutboxWrites:
        """Letters: who is told of which ECG, by which way."""

    @property
    def ringing(self) -> RingingWrites:
        """Devices that ring, and the site's keys."""

    @property
    def roster(self) -> RosterWrites:
        """Who is on call, and how they are reached."""

    @property
    def ladders(self) -> LadderWrites:
        """How an unopened ECG climbs from person to person."""


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
