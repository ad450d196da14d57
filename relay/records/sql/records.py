"""``RecordReads`` and ``RecordWrites`` in SQL: every aggregate on one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.records.sql.alerts import SqlAlertReads, SqlAlertWrites
from relay.records.sql.calls import SqlCallReads, SqlCallWrites
from relay.records.sql.cases import SqlCaseReads, SqlCaseWrites
from relay.records.sql.connection import SqlChange, SqlConnection
from relay.records.sql.evidence import SqlEvidenceReads, SqlEvidenceWrites
from relay.records.sql.ladders import SqlLadderReads, SqlLadderWrites
from relay.records.sql.leases import SqlLeaseReads, SqlLeaseWrites
from relay.records.sql.outbox import SqlOutboxReads, SqlOutboxWrites
from relay.records.sql.people import SqlPeopleReads, SqlPeopleWrites
from relay.records.sql.recordings import SqlRecordingReads, SqlRecordingWrites
from relay.records.sql.ringing import SqlRingingReads, SqlRingingWrites
from relay.records.sql.roster import SqlRosterReads, SqlRosterWrites

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlReads:
    """Questions on one connection, at one moment."""

    def __init__(self, connection: AsyncConnection) -> None:
        db = SqlConnection(connection)
        self.cases = SqlCaseReads(db)
        self.recordings = SqlRecordingReads(db)
        self.alerts = SqlAlertReads(db)
        self.people = SqlPeopleReads(db)
        self.calls = SqlCallReads(db)
        self.evidence = SqlEvidenceReads(db)
        self.leases = SqlLeaseReads(db)
        self.outbox = SqlOutboxReads(db)
        self.ringing = SqlRingingReads(db)
        self.roster = SqlRosterReads(db)
        self.ladders = SqlLadderReads(db)


class SqlWrites:
    """Questions and changes on one connection, inside one transaction. Whoever opened it commits it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = db = SqlChange(connection)
        self.cases = SqlCaseWrites(db)
        self.recordings = SqlRecordingWrites(db)
        self.alerts = SqlAlertWrites(db)
        self.people = SqlPeopleWrites(db)
        self.calls = SqlCallWrites(db)
        self.evidence = SqlEvidenceWrites(db)
        self.leases = SqlLeaseWrites(db)
        self.outbox = SqlOutboxWrites(db)
        self.ringing = SqlRingingWrites(db)
        self.roster = SqlRosterWrites(db)
        self.ladders = SqlLadderWrites(db)

    async def write_nothing_new(self) -> None:
        """Write what stands there already: whether the disk takes it."""
        await self._db.write_nothing_new()
