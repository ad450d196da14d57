"""Four tablets with a past: each has finished many recordings, and the relay is killed again and again.

What counts is how soon after the relay takes connections the live ECG of every tablet is on its disk, and
that no case of the past is opened by the tablets coming back.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from relay.demo.ports import free_port
from relay.demo.processes import child
from relay.ecglog.segment_file import scan
from relay.faults.dose import Dose
from relay.faults.lab import UNITS, Lab
from relay.faults.verdict import Outcome

OTHERS = UNITS[1:4]
RECORDS = "records.sqlite"
FINISHED_WITHIN_S = 120.0
BACK_WITHIN_S = 300.0


class Crew:
    """The page of one tablet, pressed by the experiment."""

    def __init__(self, port: int) -> None:
        self._base = f"http://localhost:{port}"

    def state(self) -> dict[str, Any]:
        """What the page shows; empty while the tablet does not answer."""
        try:
            with urllib.request.urlopen(f"{self._base}/api/state", timeout=5) as answer:  # noqa: S310
                shown: dict[str, Any] = json.loads(answer.read())
        except (OSError, ValueError):
            return {}
        return shown

    def next_case(self) -> None:
        """Press "new case": the recording ends, another begins."""
        request = urllib.request.Request(  # noqa: S310 - our own loopback
            f"{self._base}/api/case",
            method="POST",
            data=b"{}",
            headers={"Content-Type": "application/json", "X-Kyumei": "1"},
        )
        with urllib.request.urlopen(request, timeout=20):  # noqa: S310 - our own loopback
            pass

    def recorded(self) -> tuple[UUID, int] | None:
        """The live recording and how far it is."""
        stream = self.state().get("stream")
        return (UUID(stream["id"]), stream["newest_sample"]) if stream else None

    def records_another(self, than: UUID | None) -> bool:
        """Whether another recording than this has begun."""
        now = self.recorded()
        return now is not None and now[0] != than and now[1] > 0

    def is_delivered(self) -> bool:
        """Whether it is connected and holds less than a second."""
        state = self.state()
        return bool(state) and state["link"]["state"] == "connected" and state["backlog_s"] < 1


async def kill_with_a_past(lab: Lab, dose: Dose) -> Outcome:
    """``dose.size`` finished recordings on each of four tablets, then the relay killed ``dose.times`` times."""
    async with _others(lab) as crews:
        crews = [Crew(lab.panel_reached), *crews]
        await asyncio.gather(*(_finish(lab, crew, int(dose.size)) for crew in crews))
        slowest_s, opened = 0.0, 0
        for _ in range(dose.times):
            await asyncio.sleep(lab.dice.uniform(0.5, 2.0))
            await lab.kill_relay()
            live = [crew.recorded() for crew in crews]
            past = _close_all_but(lab.data / RECORDS, {str(one[0].hex) for one in live if one})
            segments = set((lab.data / "ecg").glob("*.seg"))
            await lab.start_relay()
            began_s = time.monotonic()
            at = [at for crew in crews if (at := await asyncio.to_thread(crew.recorded))]
            await lab.until(partial(_is_on_disk, lab.data / "ecg", segments, at), BACK_WITHIN_S)
            slowest_s = max(slowest_s, time.monotonic() - began_s)
            for crew in crews:
                await lab.until(crew.is_delivered, BACK_WITHIN_S)
            opened = max(opened, _opened_of(lab.data / RECORDS, past))
    return await lab.outcome(
        slowest_live_on_disk_s=slowest_s, finished_each=dose.size, cases_opened=opened
    )


@asynccontextmanager
async def _others(lab: Lab) -> AsyncIterator[list[Crew]]:
    """Three more tablets beside the lab's own, on the same relay; ended politely, which sends the rest."""
    async with AsyncExitStack() as stack:
        crews = []
        for number, unit in enumerate(OTHERS):
            port = free_port()
            await stack.enter_async_context(
                child(
                    unit,
                    *("ambulance_client", "run", "--drill", "--unit", unit),
                    *("--source", f"synthetic:normal?seed={20 + number}"),
                    *("--relay", f"ws://127.0.0.1:{lab.relay_port}"),
                    *("--spool", str(lab.folder / f"spool-{number}")),
                    *("--journal", str(lab.journal), "--panel-port", str(port)),
                    log_file=lab.folder / f"tablet-{number}.log",
                    env={"KYUMEI_TOKEN": lab.known.tokens[unit]},
                )
            )
            crews.append(Crew(port))
        for crew in crews:
            await lab.until(crew.recorded)
        yield crews
        for crew in crews:
            await lab.until(crew.is_delivered)


async def _finish(lab: Lab, crew: Crew, count: int) -> None:
    """Let so many recordings be made, each of a case of its own, and wait until all is delivered."""
    before: UUID | None = None
    for _ in range(count):
        await lab.until(partial(crew.records_another, before), FINISHED_WITHIN_S)
        found = await asyncio.to_thread(crew.recorded)
        before = found[0] if found else None
        await asyncio.to_thread(crew.next_case)
    await lab.until(partial(crew.records_another, before), FINISHED_WITHIN_S)
    await lab.until(crew.is_delivered, FINISHED_WITHIN_S)


def _close_all_but(records: Path, live: set[str]) -> list[str]:
    """As upkeep does after half a day: the cases of the past are closed. The relay is down."""
    with closing(sqlite3.connect(records, timeout=30)) as db, db:
        rows = db.execute("SELECT id, incident FROM streams").fetchall()
        kept = {case for stream, case in rows if _hex(stream) in live}
        past = sorted({case for _, case in rows} - kept)
        db.executemany("UPDATE incidents SET state = 'closed' WHERE id = ?", [(c,) for c in past])
    return past


def _opened_of(records: Path, past: list[str]) -> int:
    """How many cases of the past are open (again)."""
    with closing(sqlite3.connect(f"file:{records}?mode=ro", uri=True, timeout=30)) as db:
        rows = db.execute("SELECT id FROM incidents WHERE state = 'open'").fetchall()
    return len({case for (case,) in rows} & set(past))


def _hex(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value).replace("-", "")


def _is_on_disk(folder: Path, old: set[Path], at: list[tuple[UUID, int]]) -> bool:
    """Whether of each recording a frame later than this sample is in a segment begun since."""
    newest: dict[UUID, int] = {}
    for path in set(folder.glob("*.seg")) - old:
        for entry in scan(path).entries:
            newest[entry.stream] = max(newest.get(entry.stream, 0), entry.end_sample)
    return bool(at) and all(newest.get(stream, 0) > sample for stream, sample in at)
