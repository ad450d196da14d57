"""What a bad radio does: rows 4 to 9 of the table."""

from __future__ import annotations

import asyncio
import time

from relay.errors import Unavailable
from relay.faults.dose import Dose
from relay.faults.lab import Lab
from relay.faults.verdict import Outcome

ONE_MBIT = 1_000.0
SNAPSHOT_AFTER_S = 12.0


async def packet_loss(lab: Lab, dose: Dose) -> Outcome:
    """Packets are lost at random, both ways."""
    await lab.wire.lose(dose.size)
    began_s = time.monotonic()
    await asyncio.sleep(dose.seconds)
    figures = {
        "live_p50_ms": lab.watcher.ages_ms(began_s, 0.5),
        "live_p99_ms": lab.watcher.ages_ms(began_s, 0.99),
        "longest_gap_s": lab.watcher.longest_gap_s(began_s),
        "said_lost": lab.watcher.times_said("lost", began_s),
    }
    await lab.wire.lose(0)
    return await lab.outcome(**figures)


async def tunnels(lab: Lab, dose: Dose) -> Outcome:
    """Dark, then light on a line of 1 Mbit/s: the picture is back at once, the hole is filled."""
    back_s, drained_s = [], []
    await lab.wire.narrow(ONE_MBIT)
    for _ in range(dose.times):
        await asyncio.sleep(lab.dice.uniform(2, 4))
        await lab.wire.lose(100)
        await asyncio.sleep(dose.size)
        await lab.wire.lose(0)
        light_s = time.monotonic()
        back_s.append(await _live_again(lab, light_s))
        await lab.drained()
        drained_s.append(time.monotonic() - light_s)
        await asyncio.sleep(max(0.0, dose.seconds - (time.monotonic() - light_s)))
    return await lab.outcome(live_back_s=max(back_s), drained_s=max(drained_s))


async def _live_again(lab: Lab, since_s: float) -> float:
    await lab.until(lambda: lab.watcher.live_since(since_s) is not None)
    return lab.watcher.live_since(since_s) or 0.0


async def latency(lab: Lab, dose: Dose) -> Outcome:
    """300 ms each way with 0–400 ms of jitter: slow is not lost."""
    lab.proxy.dose.latency_s, lab.proxy.dose.jitter_s = 0.3, 0.4
    connections, began_s = lab.proxy.connections, time.monotonic()
    await asyncio.sleep(dose.seconds)
    figures = {
        "false_lost": lab.watcher.times_said("lost", began_s + 1),
        "reconnects": lab.proxy.connections - connections,
        "live_p99_ms": lab.watcher.ages_ms(began_s + 1, 0.99),
    }
    return await lab.outcome(**figures)


async def narrow(lab: Lab, dose: Dose) -> Outcome:
    """Ten seconds dark, then a narrow line: a snapshot goes before the backlog, which drains behind."""
    await asyncio.sleep(SNAPSHOT_AFTER_S)
    await lab.wire.lose(100)
    await asyncio.sleep(10)
    await lab.wire.narrow(dose.size)
    await lab.wire.lose(0)
    light_s = time.monotonic()
    wanted = (await asyncio.to_thread(lab.ask_panel, "/api/snapshot"))["snapshot"]
    await lab.until(lambda: _is_stored(lab, wanted))
    snapshot_s = time.monotonic() - light_s
    live_s = await _live_again(lab, light_s)
    await lab.drained(240)
    drained_s = time.monotonic() - light_s
    await asyncio.sleep(dose.seconds)
    figures = {
        "snapshot_s": snapshot_s,
        "live_back_s": live_s,
        "drained_s": drained_s,
        "live_p99_ms": lab.watcher.ages_ms(light_s + drained_s, 0.99),
    }
    await lab.wire.narrow(None)
    return await lab.outcome(**figures)


def _is_stored(lab: Lab, snapshot: str) -> bool:
    state = lab.panel() or {"snapshots": []}
    return any(s["id"] == snapshot and s["stored_at_us"] for s in state["snapshots"])


async def address_changes(lab: Lab, dose: Dose) -> Outcome:
    """The tablet's address changes under an open connection, which stays half-open for ever."""
    slowest_s, late = 0.0, 0
    for _ in range(dose.times):
        await asyncio.sleep(lab.dice.uniform(0.5, 1.5))
        moved_s = time.monotonic()
        await lab.wire.move()
        await asyncio.sleep(0.3)  # what was on its way when the address went
        back_s = 0.3 + await _live_again(lab, moved_s + 0.3)
        slowest_s = max(slowest_s, back_s)
        late += back_s > 5
    return await lab.outcome(slowest_back_s=slowest_s, later_than_5_s=late)


async def half_open(lab: Lab, dose: Dose) -> Outcome:
    """The relay's answers vanish while the tablet's bytes still pass, until the tablet redials."""
    slowest_s, sessions = 0.0, 0
    for _ in range(dose.times):
        await asyncio.sleep(lab.dice.uniform(0.5, 1.5))
        before, began_s = lab.proxy.connections, time.monotonic()
        lab.proxy.dose.one_way = True
        await lab.until(lambda was=before: lab.proxy.connections > was)  # type: ignore[misc]
        slowest_s = max(slowest_s, time.monotonic() - began_s)
        lab.proxy.dose.one_way = False
        await lab.until(lab.is_connected)
        await asyncio.sleep(0.3)
        sessions = max(sessions, (await asyncio.to_thread(lab.readiness)).get("tablets", 0))
    return await lab.outcome(slowest_redial_s=slowest_s, live_sessions=sessions)


async def cuts(lab: Lab, dose: Dose) -> Outcome:
    """The connection is reset again and again."""
    for _ in range(dose.times):
        await asyncio.sleep(lab.dice.uniform(0.2, 1.2))
        lab.proxy.cut()
    return await lab.outcome(connections=lab.proxy.connections)


async def twice_and_late(lab: Lab, dose: Dose) -> Outcome:
    """Frames arrive twice and overtake each other."""
    lab.messages.twice, lab.messages.late = 0.3, 0.1
    await asyncio.sleep(dose.seconds)
    doubled, overtaken = lab.messages.doubled, lab.messages.overtaken
    if not doubled or not overtaken:
        raise Unavailable("The proxy doubled or held back nothing; give it more seconds.")
    lab.messages.twice = lab.messages.late = 0.0
    return await lab.outcome(doubled=doubled, overtaken=overtaken)


async def damage(lab: Lab, dose: Dose) -> Outcome:
    """Bits change on the way: nothing wrong is stored, everything arrives in the end."""
    before_mb = await lab.settled_rss_mb()
    lab.proxy.dose.flips_per_mb = dose.size
    await asyncio.sleep(dose.seconds)
    lab.proxy.dose.flips_per_mb = 0
    grown_mb = lab.relay_rss_mb() - before_mb
    return await lab.outcome(connections=lab.proxy.connections, relay_grew_mb=grown_mb)
