"""What every world of the tests needs and would be made anew each time: its application, its hospitals and people."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from fastapi import FastAPI

from relay.auth.argon import ArgonPasswords
from relay.auth.hash_processes import HashProcesses
from relay.model.people import Device, Hospital, Person, Role
from relay.services.relay import Relay, Site
from relay.settings import Settings
from relay.web.app import prepared_app
from relay.wiring.adapters import Adapters
from relay.wiring.relay import open_relay

PASSWORD = "a long enough password"


_HASHING = HashProcesses()
"""Of all worlds of a test process."""


def quick_passwords() -> ArgonPasswords:
    """As the relay's, and no work."""
    return ArgonPasswords(time_cost=1, memory_kib=8, parallelism=1, processes=_HASHING)


_APPS: list[tuple[bool, FastAPI]] = []


@contextmanager
def an_app(site: Site) -> Iterator[FastAPI]:
    """An application that no other world uses now: its routes are a sixth of a second of work, and the same every time."""
    kind = site.demo is not None
    ready = next((it for it in _APPS if it[0] == kind), None)
    if ready is not None:
        _APPS.remove(ready)
    app = prepared_app(site) if ready is None else ready[1]
    yield app
    _APPS.append((kind, app))


_FURNISHED: list[tuple[Path, dict[str, str]]] = []


async def furnish(folder: Path) -> dict[str, str]:
    """A data folder as a relay left it that had the city's people; their relay runs once in a test process."""
    if not _FURNISHED:
        made = Path(mkdtemp(prefix="city-"))
        quick = Adapters(passwords=quick_passwords())
        async with open_relay(Settings(data_dir=made, reserve_mb=0), quick) as relay:
            _FURNISHED.append((made, await people_the_city(relay)))
    made, tokens = _FURNISHED[0]
    await asyncio.to_thread(shutil.copytree, made, folder, dirs_exist_ok=True)
    return dict(tokens)


async def people_the_city(relay: Relay) -> dict[str, str]:
    """Hospitals, people and ambulances; the tokens by unit."""
    known = {account.person.name for account in await relay.people.people.accounts()}
    for hospital in ("chuo", "daiichi"):
        await relay.people.people.add_hospital(Hospital(hospital, f"{hospital} hospital"), "test")
    for name, role, at in (
        ("sato", Role.CARDIOLOGIST, "chuo"),
        ("ito", Role.ED, "chuo"),
        ("mori", Role.CARDIOLOGIST, "daiichi"),
        ("kato", Role.DISPATCHER, "chuo"),
        ("oka", Role.COMMAND, None),
        ("root", Role.ADMIN, None),
    ):
        if name not in known:
            await relay.people.people.add_account(
                Person(name, f"Dr {name}", role, at), PASSWORD, "test"
            )
    return {
        "救急1": await relay.people.people.add_device(Device("救急1", frozenset({"chuo"})), "test"),
        "救急2": await relay.people.people.add_device(
            Device("救急2", frozenset({"daiichi"})), "test"
        ),
    }
