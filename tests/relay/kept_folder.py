"""A data folder with one of everything a relay keeps, closed in order; copied for each test that spoils it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from relay.protocol import messages as m
from relay.settings import Settings
from tests.relay.pictures import a_jpeg
from tests.relay.world import Tablet, World, a_world

DATABASE = "records.sqlite"
N_FRAMES = 48


async def a_patient(world: World, tablet: Tablet, frames: int = N_FRAMES) -> UUID:
    """A case with ECG, a card, a snapshot, a photo, a look, a decision and a line to the crew."""
    spec = tablet.open()
    await tablet.follow(spec.incident)
    await tablet.record(spec.stream, range(frames))
    await tablet.event(spec.incident, m.PatientCard(1, age_years=61, sex="M"))
    snapshot = await tablet.snapshot(spec, 0, 1000)
    await tablet.notice("screened")
    await tablet.stored(spec.stream)
    await tablet.settled()
    base = f"/api/incidents/{spec.incident}"
    async with await world.http("sato") as http:
        opened = await http.post(f"{base}/opened", json={"snapshot": str(snapshot)})
        assert opened.status_code == 200, opened.text
        told = {"decision": "stemi-cath", "text": "カテ室へ", "snapshot": str(snapshot)}
        assert (await http.post(f"{base}/decisions", json=told)).status_code == 201
        assert (await http.post(f"{base}/notes", json={"text": "到着時刻は"})).status_code == 201
    token = {"Authorization": f"Bearer {world.tokens[spec_unit(tablet, world)]}"}
    async with await world.http(None) as http:
        path = f"{base}/photos/{uuid4()}"
        assert (await http.put(path, content=a_jpeg(), headers=token)).status_code == 204
    return spec.incident


def spec_unit(tablet: Tablet, world: World) -> str:
    """The unit whose token a tablet holds."""
    return next(unit for unit, token in world.tokens.items() if token == tablet.token)


async def fill(folder: Path, runs: int = 3) -> None:
    """Runs of a relay, each with a patient: as many closed files of ECG."""
    for _ in range(runs):
        async with a_world(folder) as world, world.tablet() as tablet:
            await a_patient(world, tablet)


def spoil(folder: Path, *statements: str) -> None:
    """What somebody with the database file in their hands can do."""
    with sqlite3.connect(folder / DATABASE) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
    db.close()


def copied(made: Path, to: Path, how: Callable[[Path], object] | None = None) -> Settings:
    """A copy of a folder, spoiled; the settings that name it.

    A relay that ends while somebody reads leaves SQLite's journal beside the database; whoever opens it next takes it in.
    """
    shutil.copytree(made, to, dirs_exist_ok=True)
    sqlite3.connect(to / DATABASE).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    if how is not None:
        how(to)
    return Settings(data_dir=to)
