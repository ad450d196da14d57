"""A tablet's wall clock that jumps while it records: row 17 of the table."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing

from relay.faults import clocks
from relay.faults.dose import Dose
from relay.faults.lab import Lab
from relay.faults.stores import RECORDS
from relay.faults.verdict import Outcome

HOUR_S = 3_600.0
JUMPS_S = (HOUR_S, HOUR_S + 1, HOUR_S, 0.0, -1.0, -HOUR_S, 0.0)
"""Where the clock stands after each jump: +1 h, a second more and back, right, a second, an hour slow."""


async def jumps(lab: Lab, dose: Dose) -> Outcome:
    """The clock jumps by an hour and by a second, both ways; the zone is wrong all the time."""
    began_s = time.monotonic()
    for _ in range(dose.times):
        for offset_s in JUMPS_S:
            await asyncio.to_thread(clocks.jump, lab.folder, offset_s)
            await asyncio.sleep(dose.seconds)
    figures = {
        "jumps": dose.times * len(JUMPS_S),
        "longest_gap_s": lab.watcher.longest_gap_s(began_s),
        "said_lost": lab.watcher.times_said("lost", began_s),
    }
    outcome = await lab.outcome(**figures)
    outcome.figures["audited"] = await asyncio.to_thread(_audited, lab)
    outcome.figures["not_audited"] = outcome.figures["jumps"] - outcome.figures["audited"]
    return outcome


def _audited(lab: Lab) -> int:
    with closing(sqlite3.connect(lab.data / RECORDS)) as records:
        (found,) = records.execute(
            "SELECT count(*) FROM audit WHERE action = 'clock-jumped'"
        ).fetchone()
    return int(found)
