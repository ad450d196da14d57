"""``kyumei bench neighbours``: what honest clients wait for, alone and beside one client who does one thing in excess.

A fresh relay process for each abuse, its abuser in another process, the honest ones in this. Before and during are minutes of one run on one
machine: read the ratios. Goals: an alarm at most twice as late and within two seconds; live ECG 1.5 times; a sign-in, a caller's link and a
caller's picture three times; nobody else refused.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import urllib.parse
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from relay.bench.asking import HttpAsker
from relay.bench.link import free_port, listening
from relay.bench.neighbour_honest import HonestCredentials, Waited, honest
from relay.bench.neighbour_orders import ABUSES, Orders
from relay.bench.usage import percentile
from relay.demo.desk import Desk
from relay.demo.processes import child
from relay.demo.provision import HOSPITAL, provision
from relay.errors import BadInput, Unavailable
from relay.model.people import Person, Role
from relay.office import open_people
from relay.settings import Settings

Progress = Callable[[str], None]
RINGING, LIVE = 6, 4
BEGINS_S = 2.0
MOST = {"alarm": 2.0, "ecg": 1.5, "sign-in": 3.0, "caller-link": 3.0, "picture": 3.0}
"""How many times as late the median may be beside an abuser."""
ALARM_WITHIN_MS = 2_000.0


async def bench_neighbours(
    seconds: float, only: Sequence[str], progress: Progress
) -> dict[str, Any]:
    """Every abuse, or only these; figures in ms, ratios, and whether the goals hold.

    Raises:
        BadInput: there is no such abuse.
    """
    unknown = [name for name in only if name not in ABUSES]
    if unknown:
        raise BadInput(f"There is no abuse {unknown[0]}; choose of {', '.join(ABUSES)}.")
    rows = []
    for name in only or ABUSES:
        progress(f"{name}: {seconds:.0f} s alone, {seconds:.0f} s beside it")
        with tempfile.TemporaryDirectory(prefix="kyumei-bench-") as folder:
            rows.append(await _beside(name, Path(folder), seconds))
    return {"seconds": seconds, "rows": rows, "met": all(row["met"] for row in rows)}


async def _beside(name: str, folder: Path, seconds: float) -> dict[str, Any]:
    units = [*(f"ring-{n}" for n in range(RINGING)), *(f"live-{n}" for n in range(LIVE)), "much"]
    data, port = folder / "data", free_port()
    known = await provision(data, units)
    async with open_people(Settings(data_dir=data)) as people:
        doctor = Person("mori", "Dr Mori", Role.CARDIOLOGIST, HOSPITAL.id)
        await people.add_account(doctor, known.password, "bench")
    tokens = list(known.tokens.values())
    papers = HonestCredentials(
        port, tuple(tokens[:RINGING]), tuple(tokens[RINGING:-1]), known.name, known.dispatcher,
        known.password,
    )  # fmt: skip
    args = ("relay", "serve", "--port", str(port), "--data", str(data))
    async with child("The relay", *args, log_file=folder / "relay.log") as relay:
        await listening(port, relay)
        ours, theirs = [await _signed_in(papers, account) for account in (known.name, "mori")]
        (call, link), (_, other) = await asyncio.to_thread(_calls, papers)
        lasts_s = 4 * seconds + 60
        async with honest(papers, ours, call, link, lasts_s) as clients:
            streams = await _streams(port, theirs)
            orders = Orders(name, port, tokens[-1], theirs, other, call, streams, known.name)
            async with _abuser(orders) as begin:
                before = await clients.measure(seconds)
                begin()
                await asyncio.sleep(BEGINS_S)
                during = await clients.measure(seconds)
        relay.check()
    return judged(name, before, during)


async def _signed_in(papers: HonestCredentials, account: str) -> str:
    told = {"name": account, "password": papers.password}
    got = await HttpAsker(papers.port).ask("POST", "/api/session", told)
    if got is None or got.status != 200:
        raise Unavailable("The relay lets nobody in; look at its log.")
    return got.headers["set-cookie"].partition(";")[0]


def _calls(papers: HonestCredentials) -> list[tuple[str, str]]:
    """Two calls that a hospital may see, and the token behind each one's link."""
    desk = Desk(f"http://localhost:{papers.port}")
    desk.sign_in(papers.dispatcher, papers.password)
    found = []
    for _ in range(2):
        call = desk.take("bench", "ring-0", HOSPITAL.id)
        fragment = urllib.parse.urlsplit(desk.invite(call)).fragment
        found.append((call, fragment.partition("~")[0]))
    return found


async def _streams(port: int, cookie: str) -> tuple[str, ...]:
    got = await HttpAsker(port, headers=(("Cookie", cookie),)).ask("GET", "/api/incidents")
    rows = got.json()["incidents"] if got else []
    return tuple(row["stream"]["id"] for row in rows if row["stream"])


@asynccontextmanager
async def _abuser(orders: Orders) -> AsyncIterator[Callable[[], None]]:
    """The abusing process, prepared; calling what is given lets it begin."""
    process = await asyncio.create_subprocess_exec(
        *("nice", "-n", "19"),  # it would have a machine of its own: its own work must not cost the relay its core
        sys.executable, "-m", "relay.bench.neighbour_abusers",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    said = process.stdin
    try:
        said.write(json.dumps(asdict(orders)).encode() + b"\n")
        if await asyncio.wait_for(process.stdout.readline(), 120) != b"ready\n":
            raise Unavailable("The abusing process failed; its error stands above.")
        yield lambda: said.write(b"go\n")
        if process.returncode is not None:
            raise Unavailable("The abusing process ended by itself; its error stands above.")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def judged(name: str, before: Waited, during: Waited) -> dict[str, Any]:
    """One row: medians and worst in ms, their ratios, what was refused, which goals are missed."""
    figures: dict[str, Any] = {}
    missed = [f"refused: {text}" for text in during.refused[:3]]
    for what in sorted({*before.ms, *during.ms, *MOST}):
        alone, beside = before.ms.get(what, []), during.ms.get(what, [])
        p50, then_p50 = percentile(alone, 0.5), percentile(beside, 0.5)
        figures[what] = {
            "alone_ms": round(p50, 1),
            "beside_ms": round(then_p50, 1),
            "beside_p95_ms": round(percentile(beside, 0.95), 1),
            "beside_worst_ms": round(max(beside, default=float("nan")), 1),
            "ratio": round(then_p50 / p50, 2),
            "n": len(beside),
        }
        if what in MOST and not then_p50 / p50 <= MOST[what]:  # also where nothing was measured
            missed.append(f"{what} {figures[what]['ratio']} × > {MOST[what]} ×")
    if not max(during.ms.get("alarm", [float("nan")])) <= ALARM_WITHIN_MS:
        missed.append(f"an alarm after {figures['alarm']['beside_worst_ms']} ms")
    return {
        "abuse": name, "figures": figures, "refused": len(during.refused),
        "missed": missed, "met": not missed,
    }  # fmt: skip
