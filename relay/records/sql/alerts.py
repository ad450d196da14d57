"""Alerts in SQL."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from relay.errors import Conflict
from relay.model.alert import OPEN_STATES, Alert
from relay.records.sql import schema as t
from relay.records.sql import values as v
from relay.records.sql.connection import SqlChange, SqlConnection


class SqlAlertReads:
    """Questions about alerts."""

    def __init__(self, db: SqlConnection) -> None:
        self._db = db

    async def open_alert(self, incident: UUID) -> Alert | None:
        """The alert that waits for a decision."""
        query = sa.select(t.alerts).filter_by(incident=incident)
        row = await self._db.one(query.where(t.alerts.c.state.in_([s.value for s in OPEN_STATES])))
        return v.alert_of(row) if row else None

    async def last_alert(self, incident: UUID) -> Alert | None:
        """The newest alert."""
        query = sa.select(t.alerts).filter_by(incident=incident)
        row = await self._db.one(query.order_by(t.alerts.c.raised_at_us.desc()).limit(1))
        return v.alert_of(row) if row else None

    async def alert(self, alert: UUID) -> Alert | None:
        """One alert."""
        row = await self._db.one(sa.select(t.alerts).filter_by(id=alert))
        return v.alert_of(row) if row else None


class SqlAlertWrites(SqlAlertReads):
    """Changes of alerts."""

    def __init__(self, db: SqlChange) -> None:
        super().__init__(db)
        self._db: SqlChange = db

    async def put_alert(self, alert: Alert) -> None:
        """Add an alert or set its state."""
        try:
            await self._db.put(t.alerts, "id", v.alert_columns(alert))
        except IntegrityError as error:
            raise Conflict("This case already has an alert that waits for a decision.") from error
