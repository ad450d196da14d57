"""A relay is killed with -9 while it sends; the next one sends what was left, with the same id, and nothing is lost.

Real processes: the relay is ``kyumei serve`` on a folder, the receiver a server of ours that checks signatures.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from relay.model.incident import Incident
from relay.model.letter import Addressee, Letter, letter_id
from relay.model.people import Hospital
from relay.records.sqlite import open_sqlite
from tests.city import Process, answers, free_port, until
from tests.contract.other_sides import HttpSide
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process


class Holding(HttpSide):
    """Holds the first request back until it is let go."""

    def __init__(self) -> None:
        self.let_go = Event()
        super().__init__()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        self.let_go.wait(PATIENCE_S)
        return 204, {}

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.got]


async def left(folder: Path, to: str, many: int) -> list[str]:
    """Letters in the outbox of a relay that does not run."""
    records = await open_sqlite(folder / "records.sqlite")
    async with records.begin() as tx:
        await tx.people.put_hospital(Hospital("chuo", "中央"))
        case = Incident(uuid4(), "救急1", 1, frozenset({"chuo"}))
        await tx.cases.put_incident(case)
        now_us, ids = _now_us(), []
        for n in range(many):
            who, alert = Addressee("chuo", n, "", "webhook", f"{to}/{n}"), uuid4()
            letter = Letter(
                letter_id(alert, who), case.id, alert, who.hospital, n, "", who.channel, who.to,
                True, now_us, now_us + 600_000_000, next_try_at_us=now_us,
            )  # fmt: skip
            assert await tx.outbox.put(letter)
            ids.append(str(letter.id))
    await records.close()
    return ids


def _now_us() -> int:
    from relay.model.clock import SystemClock

    return SystemClock().now_us()


def rows(folder: Path) -> dict[str, int]:
    db = sqlite3.connect(f"file:{folder / 'records.sqlite'}?mode=ro", uri=True)
    try:
        return dict(db.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
    finally:
        db.close()


async def serve(folder: Path, log: Path) -> Any:
    port = free_port()
    relay = Process(["-m", "relay", "serve", "--port", str(port), "--data", str(folder)], log)
    await until(
        lambda: answers(f"http://localhost:{port}/readyz") or relay.child.poll() is not None
    )
    assert relay.child.poll() is None, relay.said()
    return relay


async def test_what_a_killed_relay_was_sending_is_sent_by_the_next(tmp_path: Path) -> None:
    folder, side = tmp_path / "data", Holding()
    subprocess.run([sys.executable, "-m", "relay", "migrate", "--data", str(folder)], check=True)
    ids = await left(folder, side.base, 5)
    relay = await serve(folder, tmp_path / "1.log")
    try:
        await until(lambda: len(side.got) == 5)
        assert rows(folder) == {"waiting": 5}, "claimed, sent, and nothing written yet"
        os.kill(relay.child.pid, signal.SIGKILL)
        relay.child.wait()
        side.let_go.set()
        relay = await serve(folder, tmp_path / "2.log")
        await until(lambda: rows(folder) == {"handed-over": 5})
    finally:
        relay.stop()
        side.close()
    assert sorted(set(side.ids)) == sorted(ids), "none lost, none that was not put"
    assert len(side.ids) == 10, "each came again with its own id, which a receiver knows"


async def test_two_relays_on_one_database_send_each_letter_once(tmp_path: Path) -> None:
    """Today a data folder is one relay's; the outbox is made for many: two workers with connections of their own."""
    from relay.services.alarm.delivery import Delivery
    from relay.services.alarm.letters import LetterWords
    from tests.relay.test_delivery import _Channel
    from tests.relay.world import a_world

    async with a_world(tmp_path / "a") as world:
        spec_case = Incident(uuid4(), "救急1", 1, frozenset({"chuo"}))
        channels = [_Channel([]), _Channel([]), _Channel([])]
        sides, workers = list(channels), []
        world.relay.alarm.delivery._ways = {"own": channels.pop()}
        for n, channel in enumerate(channels):
            made = Delivery(
                world.relay.ground.journal, {"own": channel}, [], LetterWords("s"), f"relay-{n}"
            )
            workers.append(asyncio.create_task(made.run()))
        now_us = world.relay.clock.now_us()
        async with world.relay.records.begin() as tx:
            await tx.cases.put_incident(spec_case)
            for n in range(40):
                who = Addressee("chuo", n, "", "own", str(n))
                await tx.outbox.put(Letter(
                    letter_id(spec_case.id, who), spec_case.id, None, "chuo", n, "", "own", str(n),
                    True, now_us, now_us + 600_000_000, next_try_at_us=now_us,
                ))  # fmt: skip

        async def done() -> bool:
            async with world.relay.records.read() as records:
                found = await records.outbox.letters_of(spec_case.id)
            return all(not letter.is_waiting for letter in found)

        async with asyncio.timeout(PATIENCE_S):
            while not await done():
                await asyncio.sleep(0.05)
        for worker in workers:
            worker.cancel()
        sent = [one for side in sides for one in side.ids]
        assert len(sent) == len(set(sent)) == 40
