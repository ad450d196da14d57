"""The looks at a recording that the coach adds up: its lights, exchanged electrodes, a heart that stands still."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Protocol
from uuid import UUID

from ambulance_client.coach import Coach, swap_warning
from ambulance_client.intake import Intake
from ambulance_client.recorder import Reason, Recorder
from ecg.conditioning.electrode_lights import electrode_lights
from relay.errors import BadInput

LOOK_EVERY_S = 0.5
LIGHTS_WINDOW_S = 1.5
LONG_WINDOW_S = 10.0


class TabletForLooks(Protocol):
    """The tablet, as far as the looks go."""

    recorder: Recorder | None
    coach: Coach
    intake: Intake

    def notify(self) -> None:
        """What the crew sees has changed."""

    async def snapshot(self, reason: Reason = "manual") -> UUID:
        """See ``Tablet.snapshot``."""


async def watch_electrodes(tablet: TabletForLooks) -> None:
    """Look at the electrodes twice a second, for ever; send what is due by itself."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        tablet.intake.look()
        if tablet.recorder is None or tablet.intake.state != "running":
            continue
        changed, due = await look(tablet.recorder, tablet.coach)
        if changed:
            tablet.notify()
        if due is not None:
            with contextlib.suppress(BadInput):  # less than ten seconds: the next look decides
                await tablet.snapshot(due)


async def look(recorder: Recorder, coach: Coach) -> tuple[bool, Reason | None]:
    """Look once; whether the crew's page changes, and the reason for a snapshot that is due now, or None."""
    before = (coach.lights, coach.swap, coach.standstill_s)
    now_s = time.monotonic()
    swap_due, rhythm_due = coach.swap_due(now_s), coach.rhythm_due(now_s)
    ten = recorder.recent_segment(LONG_WINDOW_S) if swap_due or rhythm_due else None
    if ten is not None and swap_due and ten.n_samples >= (LONG_WINDOW_S - 1) * ten.fs_hz:
        coach.swap_seen(await asyncio.to_thread(swap_warning, ten), now_s)
    if ten is not None and rhythm_due:
        coach.rhythm_seen(await asyncio.to_thread(coach.watch.look, ten), now_s)
    segment = recorder.recent_segment(LIGHTS_WINDOW_S)
    if segment is None:
        return False, None
    due = coach.look(await asyncio.to_thread(electrode_lights, segment), now_s)
    return before != (coach.lights, coach.swap, coach.standstill_s), due
