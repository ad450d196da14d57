"""Everything on the tablet that is picture and not ECG: the budget, the cabin camera, shared calls.

It hangs beside the recorder and the uplink and can fail or stop without either noticing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from ambulance_client.budget import VideoBudget
from ambulance_client.cabin_camera import CabinCamera
from ambulance_client.relay_http import RelayHttp
from ambulance_client.shared_calls import SharedCalls

log = structlog.get_logger()

BUDGET_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Cabin:
    """A camera as ``--camera`` names it, and which case it belongs to now."""

    camera: str
    incident: Callable[[], UUID]


class TabletVideo:
    """The tablet's pictures.

    Args:
        http: asks the relay; closed by ``close``.
        backlog_s: seconds of ECG not yet on the relay's disk.
        is_connected: whether the link stands.
        notify: called when the page has something new to show.
        cabin: the camera to publish, None without one.
    """

    def __init__(
        self,
        http: RelayHttp,
        backlog_s: Callable[[], float],
        is_connected: Callable[[], bool],
        notify: Callable[[], None],
        cabin: Cabin | None = None,
    ) -> None:
        self.http = http
        self.budget = VideoBudget()
        self.shared = SharedCalls(http, is_connected, notify)
        self._backlog_s, self._notify = backlog_s, notify
        self.camera = cabin and CabinCamera(
            cabin.camera, http, cabin.incident, lambda: self.budget.step, is_connected, notify
        )

    def work(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the recording, by name."""
        found = {"video-budget": self._watch_backlog(), "shared-calls": self.shared.run()}
        return found | ({"cabin-camera": self.camera.run()} if self.camera else {})

    async def _watch_backlog(self) -> None:
        """Give ECG the radio first, for ever: what video may do follows from what waits."""
        while True:
            backlog_s = self._backlog_s()
            before, self.budget = self.budget, self.budget.after(backlog_s, time.monotonic())
            if before.step is not self.budget.step:
                log.info("video_budget", step=self.budget.step.value, backlog_s=backlog_s)
                self._notify()
            await asyncio.sleep(BUDGET_EVERY_S)

    def heard(self, stage: str) -> None:
        """The case's timeline grew by this stage."""
        if stage.startswith("call-"):
            self.shared.poke()

    def state(self) -> dict[str, Any]:
        """``video`` of ``PanelState``."""
        camera = self.camera.shown() if self.camera else None
        return {"step": self.budget.step.value, "calls": self.shared.calls, "camera": camera}

    def close(self) -> None:
        """Give up what is under way."""
        self.http.close()
