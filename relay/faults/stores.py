"""Disks that fill up or stall and a database that is gone, under running processes: rows 12, 14, 21."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing

from relay.faults.dose import Dose
from relay.faults.lab import Lab
from relay.faults.verdict import Outcome

RECORDS = "records.sqlite"
SNAPSHOT_EVERY_S = 15.0


async def relay_disk_full(lab: Lab, dose: Dose) -> Outcome:
    """The relay's disk has not a byte left; the tablet keeps all, and everybody is told."""
    await asyncio.sleep(2)
    await lab.small_disk.fill()
    full_s = time.monotonic()
    alarm_s = await lab.until(lambda: not _is_ready(lab))
    crew_s = alarm_s + await lab.until(lambda: (lab.panel() or {"backlog_s": 0})["backlog_s"] > 2)
    await asyncio.sleep(max(0.0, dose.seconds - (time.monotonic() - full_s)))
    held_s = ((await asyncio.to_thread(lab.panel)) or {"backlog_s": 0.0})["backlog_s"]
    await lab.small_disk.empty()
    healed_s = await lab.until(lambda: _is_ready(lab))
    drained_s = healed_s + await lab.drained(120)
    return await lab.outcome(
        alarm_s=alarm_s, crew_sees_s=crew_s, held_s=held_s, healed_s=healed_s, drained_s=drained_s
    )


def _is_ready(lab: Lab) -> bool:
    return bool(lab.readiness().get("ok"))


async def tablet_disk_full(lab: Lab, dose: Dose) -> Outcome:
    """The tablet's disk is full while the radio is dark: memory holds it, and the crew is told."""
    await asyncio.sleep(2)
    lab.proxy.dose.dark = True
    await lab.small_disk.fill()
    full_s = time.monotonic()
    alarm_s = await lab.until(lambda: not (lab.panel() or {"spool_ok": True})["spool_ok"])
    await asyncio.sleep(max(0.0, dose.seconds - (time.monotonic() - full_s)))
    lost_s = ((await asyncio.to_thread(lab.panel)) or {"lost_s": 1.0})["lost_s"]
    await lab.small_disk.empty()
    healed_s = await lab.until(lambda: (lab.panel() or {"spool_ok": False})["spool_ok"])
    lab.proxy.dose.dark = False
    drained_s = await lab.drained(120)
    return await lab.outcome(alarm_s=alarm_s, lost_s=lost_s, healed_s=healed_s, drained_s=drained_s)


async def relay_disk_stalls(lab: Lab, dose: Dose) -> Outcome:
    """Every write to the relay's disk waits; nothing fails, nothing may be acknowledged."""
    await asyncio.sleep(2)
    before_mb, worst_mb, alarm_s, drained_s = await lab.settled_rss_mb(), 0.0, 0.0, 0.0
    for _ in range(dose.times):
        await lab.stalling_disk.stall()
        stalled_s = time.monotonic()
        try:
            alarm_s = max(alarm_s, await lab.until(lambda: not _is_ready(lab), dose.seconds))
            await asyncio.sleep(max(0.0, dose.seconds - (time.monotonic() - stalled_s)))
            worst_mb = max(worst_mb, lab.relay_rss_mb())
        finally:
            await lab.stalling_disk.go_on()
        light_s = time.monotonic()
        await lab.until(lambda since=light_s: lab.watcher.live_since(since) is not None)  # type: ignore[misc]
        await lab.drained(120)
        drained_s = max(drained_s, time.monotonic() - light_s)
    return await lab.outcome(
        alarm_s=alarm_s, relay_grew_mb=worst_mb - before_mb, drained_s=drained_s
    )


async def records_locked(lab: Lab, dose: Dose) -> Outcome:
    """Nobody can write to the database of cases; the link breaks meanwhile, snapshots are asked for."""
    alarm_s = drained_s = 0.0
    for _ in range(dose.times):
        await asyncio.sleep(2)
        with closing(sqlite3.connect(lab.data / RECORDS, timeout=30)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            locked_s = time.monotonic()
            alarm_s = max(alarm_s, await lab.until(lambda: not _is_ready(lab)))
            lab.proxy.cut()
            while time.monotonic() - locked_s < dose.seconds:
                await asyncio.sleep(min(SNAPSHOT_EVERY_S, dose.seconds / 3))
                await asyncio.to_thread(lab.ask_panel_if_it_can, "/api/snapshot")
            holder.rollback()
        healed_s = await lab.until(lambda: _is_ready(lab))
        drained_s = max(drained_s, healed_s + await lab.drained(120))
    return await lab.outcome(alarm_s=alarm_s, drained_s=drained_s)
