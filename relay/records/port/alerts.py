"""The part of ``Records`` that keeps alerts."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from relay.model.alert import Alert


class AlertReads(Protocol):
    """What can be asked of alerts."""

    async def open_alert(self, incident: UUID) -> Alert | None:
        """The alert of this case that waits for a decision."""

    async def last_alert(self, incident: UUID) -> Alert | None:
        """The newest alert of this case, in whatever state."""

    async def alert(self, alert: UUID) -> Alert | None:
        """One alert."""


class AlertWrites(AlertReads, Protocol):
    """Changes of alerts, inside one transaction of ``Records``."""

    async def put_alert(self, alert: Alert) -> None:
        """Add an alert, or set the state and steps of a known one.

        Raises:
            Conflict: the case already has an alert that waits for a decision.
        """
