"""Tells alarms outside the pages. Every alarm that rings goes to every channel; a channel that fails is tried again.

The pages ring without this, and nothing here delays an alarm. What still waits is in memory only. If the relay
ends meanwhile, its audit does not say that the alarm was sent, and does not say that it was not.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from relay.alerts.port import AlertChannel
from relay.errors import BadInput, Unavailable
from relay.model.alert import Alert
from relay.services.ground.late import Late
from relay.services.ground.seen import RecentMarks

log = structlog.get_logger(__name__)
SEND_TIMEOUT_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
GIVE_UP_S = 600.0
"""An alarm that reached nobody for ten minutes is told no more: whoever came would come for something else."""
MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class Destination:
    """Where alarms go."""

    channel: AlertChannel
    to: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    alert: Alert
    text: str
    since_s: float


class Delivery:
    """Tells every destination of every alarm, each in its own time."""

    def __init__(self, late: Late, destinations: Sequence[Destination], site: str) -> None:
        self._late, self._site = late, site
        self._told = RecentMarks()
        self._lanes = [_DestinationQueue(late, destination) for destination in destinations]

    def rang(self, alert: Alert) -> None:
        """An alarm rings: tell of it. The same alarm a second time is not told again."""
        if not self._lanes or alert.id in self._told:
            return
        self._told.add(alert.id)
        waiting = _Waiting(alert, text_of(alert, self._site), self._late.clock.monotonic_s())
        for lane in self._lanes:
            lane.add(waiting)

    async def run(self) -> None:
        """Tell until cancelled; a site without destinations has nothing to tell."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())


def text_of(alert: Alert, site: str) -> str:
    """One line in both languages. It says when and which alarm, and nothing of the patient."""
    at = datetime.fromtimestamp(alert.raised_at_us / 1e6, UTC)
    return (
        f"{site}: 心電図の警報が鳴っています。画面を開いてください。 An ECG alarm rings; open the page. "
        f"({at:%Y-%m-%d %H:%M:%S} UTC, alarm {alert.id})"
    )


class _DestinationQueue:
    """What waits for one destination. The oldest goes first and stays first until it is told or given up."""

    def __init__(self, late: Late, destination: Destination) -> None:
        self._late, self._destination = late, destination
        self._waiting: deque[_Waiting] = deque(maxlen=MOST_WAITING)
        self._wake = asyncio.Event()

    def add(self, waiting: _Waiting) -> None:
        if len(self._waiting) == MOST_WAITING:
            log.error("alert-not-sent", alert=str(self._waiting[0].alert.id), reason="too many")
        self._waiting.append(waiting)
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            while self._waiting:
                first = self._waiting[0]
                reason = await self._tell(first)
                if self._waiting and self._waiting[0] is first:
                    self._waiting.popleft()
                await self._write_down(first.alert, reason)
            await self._wake.wait()

    async def _tell(self, one: _Waiting) -> str | None:
        """Try until it is told; why it was not, or None."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._destination.channel.send(one.text, self._destination.to)
            except BadInput as error:
                return str(error)
            except (Unavailable, TimeoutError) as error:
                reason = str(error) or f"It took longer than {SEND_TIMEOUT_S:.0f} s."
                if self._late.clock.monotonic_s() - one.since_s > GIVE_UP_S:
                    return reason
                log.warning("alert-waits", channel=self._destination.channel.name, reason=reason)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                return None

    async def _write_down(self, alert: Alert, reason: str | None) -> None:
        """Into the audit; an address may be a telephone number and does not stand there."""
        data = {"channel": self._destination.channel.name}
        if reason is not None:
            log.error("alert-not-sent", alert=str(alert.id), reason=reason, **data)
            data["reason"] = reason[:200]
        action = "alert-sent" if reason is None else "alert-not-sent"
        await self._late.audit("relay", action, str(alert.id), data)
