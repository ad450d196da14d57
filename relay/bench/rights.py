"""``kyumei bench rights``: how long after a right was taken away what was open on it is closed, in real seconds.

The relay is a process of its own, and so is what takes the right away: this one, with the same database.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from relay.auth.strength import new_passphrase
from relay.auth.tokens import COOKIE
from relay.bench.link import Progress, free_port, listening
from relay.bench.usage import percentile
from relay.demo.processes import child
from relay.demo.provision import BY, HOSPITAL
from relay.model.people import Device, Hospital, Person, Role
from relay.office import migrate_folder, open_people
from relay.protocol import feed
from relay.protocol import messages as m
from relay.services.people.accounts import AccountChange
from relay.services.people.people import People
from relay.settings import Settings

OTHER = Hospital("fukushima-2", "福島第二病院(訓練)")
PROMISE_S = 1.0
End = Callable[[People, str], Awaitable[object]]
LINKS: dict[str, End] = {
    "tablet revoked": lambda people, unit: people.revoke_device(unit, BY),
    "token replaced": lambda people, unit: people.add_device(
        Device(unit, frozenset({HOSPITAL.id})), BY
    ),
    "hospitals changed": lambda people, unit: people.address_device(unit, [OTHER.id], BY),
}
PAGES: dict[str, End] = {
    "account closed": lambda people, name: people.disable(name, BY),
    "moved to another hospital": lambda people, name: people.change_account(
        name, AccountChange(hospital=OTHER.id), BY
    ),
}


async def bench_rights(times: int, progress: Progress) -> dict[str, Any]:
    """The figures of each kind and of all, as one JSON-safe object."""
    with tempfile.TemporaryDirectory(prefix="kyumei-bench-") as name:
        folder, port = Path(name), free_port()
        settings = Settings(data_dir=folder / "data")
        await migrate_folder(settings)
        args = ("relay", "serve", "--port", str(port), "--data", str(settings.data_dir))
        async with child("The relay", *args, log_file=folder / "relay.log") as relay:
            await listening(port, relay)
            async with open_people(settings) as people:
                for hospital in (HOSPITAL, OTHER):
                    await people.add_hospital(hospital, BY)
                took = {kind: await _links(people, port, kind, times) for kind in LINKS}
                progress(f"{times * len(LINKS)} tablets are cut")
                took |= {kind: await _pages(people, port, kind, times) for kind in PAGES}
            relay.check()
    everything = [s for seconds in took.values() for s in seconds]
    return {
        "ends": len(everything),
        "within_1_s": sum(s <= PROMISE_S for s in everything),
        **_figures(everything),
        "by_kind": {kind: _figures(seconds) for kind, seconds in took.items()},
    }


def _figures(seconds: list[float]) -> dict[str, float]:
    return {
        "p50_s": round(percentile(seconds, 0.5), 3),
        "worst_s": round(max(seconds), 3),
    }


async def _links(people: People, port: int, kind: str, times: int) -> list[float]:
    """One tablet after another: its link stands, its right ends, its link is closed."""
    took = []
    for n in range(times):
        unit = f"{kind} {n}"
        token = await people.add_device(Device(unit, frozenset({HOSPITAL.id})), BY)
        async with connect(
            f"ws://127.0.0.1:{port}/link/v1",
            subprotocols=[m.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            additional_headers={"Authorization": f"Bearer {token}"},
        ) as socket:
            await socket.send(m.to_text(m.Hello("bench", time.time_ns() // 1000)))
            await socket.recv()
            took.append(await _closed_after(socket, LINKS[kind](people, unit)))
    return took


async def _pages(people: People, port: int, kind: str, times: int) -> list[float]:
    took = []
    for n in range(times):
        name, password = f"{kind.split(maxsplit=1)[0]}-{n}", new_passphrase()
        await people.add_account(Person(name, name, Role.ED, HOSPITAL.id), password, BY)
        session, _ = await people.sign_in(name, password, name)
        async with connect(
            f"ws://127.0.0.1:{port}/feed/v1",
            subprotocols=[feed.SUBPROTOCOL],  # type: ignore[list-item]
            additional_headers={"Cookie": f"{COOKIE}={session}"},
            origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
        ) as socket:
            await socket.recv()
            took.append(await _closed_after(socket, PAGES[kind](people, name)))
    return took


async def _closed_after(socket: ClientConnection, end: Awaitable[object]) -> float:
    """Seconds from the commit until the relay has closed."""
    await end
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(60):
            while True:
                await socket.recv()
    except ConnectionClosed:
        return time.monotonic() - began_s
