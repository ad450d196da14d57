"""The experiments: a fault, a dose, and what must hold. One function each, registered by name."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relay.faults.lab import Lab, Outcome

Experiment = Callable[[Lab, float, random.Random], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table.

    Attributes:
        name: what is typed after ``--only``.
        says: the fault and its dose in words; ``{n}`` is the dose.
        small / full: the dose of a quick run and of a published one.
    """

    name: str
    says: str
    small: float
    full: float
    run: Experiment


async def tunnels(lab: Lab, dark_s: float, dice: random.Random) -> Outcome:
    """Dark for a while, then light: the live view must be back and the backlog drain."""
    await asyncio.sleep(3)
    lab.proxy.dose.dark = True
    await asyncio.sleep(dark_s)
    lab.proxy.dose.dark = False
    began_s = time.monotonic()
    await lab.until(lambda: (lab.panel() or {"link": {}})["link"].get("state") == "connected")
    back_s = time.monotonic() - began_s
    drained_s = back_s + await lab.drained()
    return await lab.outcome(
        connected_after_s=round(back_s, 2), drained_after_s=round(drained_s, 2)
    )


async def cuts(lab: Lab, times: float, dice: random.Random) -> Outcome:
    """The connection is reset again and again."""
    for _ in range(int(times)):
        await asyncio.sleep(dice.uniform(0.2, 1.2))
        lab.proxy.cut()
    await lab.drained()
    return await lab.outcome(connections=lab.proxy.connections)


async def half_open(lab: Lab, times: float, dice: random.Random) -> Outcome:
    """The relay's answers vanish while the tablet's bytes still pass, until the tablet redials."""
    slowest_s = 0.0
    for _ in range(int(times)):
        await asyncio.sleep(dice.uniform(0.5, 1.5))
        before, began_s = lab.proxy.connections, time.monotonic()
        lab.proxy.dose.one_way = True
        await lab.redialled(before)
        lab.proxy.dose.one_way = False
        await lab.until(lambda: (lab.panel() or {"link": {}})["link"].get("state") == "connected")
        slowest_s = max(slowest_s, time.monotonic() - began_s)
    await lab.drained()
    return await lab.outcome(slowest_reconnect_s=round(slowest_s, 2))


async def latency(lab: Lab, seconds: float, dice: random.Random) -> Outcome:
    """300 ms each way with 400 ms of jitter: slow is not lost."""
    lab.proxy.dose.latency_s, lab.proxy.dose.jitter_s = 0.3, 0.4
    connections, lost = lab.proxy.connections, 0
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        await asyncio.sleep(0.5)
        lost += (await asyncio.to_thread(lab.panel) or {"link": {}})["link"].get("state") == "lost"
    again = lab.proxy.connections - connections
    return await lab.outcome(false_lost=lost, reconnects=again)


async def narrow(lab: Lab, kbit_per_s: float, dice: random.Random) -> Outcome:
    """A minute behind a narrow uplink, after ten seconds of dark: live first, then the backlog."""
    lab.proxy.dose.dark = True
    await asyncio.sleep(10)
    lab.proxy.dose.dark = False
    lab.proxy.dose.kbit_per_s = kbit_per_s
    drained_s = await lab.drained(120)
    return await lab.outcome(drained_after_s=round(drained_s, 2))


async def damage(lab: Lab, seconds: float, dice: random.Random) -> Outcome:
    """Bits change on the way: nothing wrong is stored, everything arrives in the end."""
    lab.proxy.dose.flips_per_mb = 300
    await asyncio.sleep(seconds)
    lab.proxy.dose.flips_per_mb = 0
    await lab.drained()
    return await lab.outcome(connections=lab.proxy.connections)


async def kill_relay(lab: Lab, times: float, dice: random.Random) -> Outcome:
    """Kill -9 of the relay, again and again."""
    for _ in range(int(times)):
        await asyncio.sleep(dice.uniform(0.3, 1.2))
        await lab.kill(lab.relay_child)
        await lab.start_relay()
    await lab.drained()
    return await lab.outcome()


async def kill_tablet(lab: Lab, times: float, dice: random.Random) -> Outcome:
    """Kill -9 of the tablet, again and again."""
    for _ in range(int(times)):
        await asyncio.sleep(dice.uniform(1.0, 2.0))
        await lab.kill(lab.tablet_child)
        await lab.start_tablet()
    await asyncio.sleep(2)
    await lab.drained()
    return await lab.outcome()


FAULTS: tuple[Fault, ...] = (
    Fault("tunnel", "a tunnel, {n:.0f} s dark", 8, 60, tunnels),
    Fault("cuts", "the connection reset {n:.0f} times", 8, 200, cuts),
    Fault("half-open", "answers vanish until the tablet redials, {n:.0f} times", 1, 20, half_open),
    Fault("latency", "300 ms + 0–400 ms jitter each way for {n:.0f} s", 8, 120, latency),
    Fault("narrow-128", "10 s dark, then {n:.0f} kbit/s", 128, 128, narrow),
    Fault("narrow-32", "10 s dark, then {n:.0f} kbit/s", 32, 32, narrow),
    Fault("damage", "300 bit flips per MB for {n:.0f} s", 10, 600, damage),
    Fault("kill-relay", "kill -9 of the relay {n:.0f} times", 2, 100, kill_relay),
    Fault("kill-tablet", "kill -9 of the tablet {n:.0f} times", 2, 100, kill_tablet),
)
