"""Processes that die: rows 1 to 3 and 18 of the table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

from relay.faults.dose import Dose
from relay.faults.lab import Lab
from relay.faults.verdict import Outcome


async def kill_relay(lab: Lab, dose: Dose) -> Outcome:
    """Kill -9 of the relay, again and again; the link must be back soon after it answers."""
    slowest_s = 0.0
    for _ in range(dose.times):
        await asyncio.sleep(lab.dice.uniform(0.3, 1.2))
        await lab.kill_relay()
        await lab.start_relay()
        slowest_s = max(slowest_s, await _live_after(lab, time.monotonic()))
    return await lab.outcome(slowest_live_again_s=slowest_s)


async def _live_after(lab: Lab, moment_s: float) -> float:
    await lab.until(lambda: lab.watcher.live_since(moment_s) is not None)
    return lab.watcher.live_since(moment_s) or 0.0


async def kill_tablet(lab: Lab, dose: Dose) -> Outcome:
    """Kill -9 of the tablet, again and again."""
    for _ in range(dose.times):
        await asyncio.sleep(lab.dice.uniform(1.0, 2.0))
        await lab.kill_tablet()
        await lab.start_tablet()
    await asyncio.sleep(2)
    return await lab.outcome()


async def kill_both(lab: Lab, dose: Dose) -> Outcome:
    """Kill -9 of both in the same moment, as one power cut would; in either order they come back.

    Neither waits for the other: each boots on its own, up to a second apart.
    """
    slowest_s = 0.0
    for _ in range(dose.times):
        await asyncio.sleep(lab.dice.uniform(0.5, 2.0))
        await asyncio.gather(lab.kill_relay(), lab.kill_tablet())
        died_s = time.monotonic()
        first, second = lab.start_relay, lab.start_tablet
        if lab.dice.random() < 0.5:
            first, second = second, first
        await asyncio.gather(first(), _after(lab.dice.uniform(0, 1), second))
        await _live_after(lab, died_s)
        slowest_s = max(slowest_s, time.monotonic() - died_s)
    await asyncio.sleep(2)
    return await lab.outcome(slowest_recovery_s=slowest_s)


async def _after(wait_s: float, start: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(wait_s)
    await start()


async def upgrades(lab: Lab, dose: Dose) -> Outcome:
    """The relay is asked to end and a new one takes its place, as an upgrade does it."""
    gaps_s = []
    for _ in range(dose.times):
        await asyncio.sleep(max(dose.seconds, lab.dice.uniform(1, 2)))
        asked_s = time.monotonic()
        await lab.replace_relay()
        await _live_after(lab, time.monotonic())
        gaps_s.append(lab.watcher.longest_gap_s(asked_s))
    return await lab.outcome(
        longest_gap_s=max(gaps_s),
        median_gap_s=median(gaps_s),
        longer_than_2_s=sum(gap_s > 2 for gap_s in gaps_s),
    )
