"""The 119 side of the drill: a scripted dispatcher, a caller whose camera is drawn, a door for phones."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from relay.demo.desk import Desk
from relay.demo.lan import DrillCertificates, PhoneDoor
from relay.demo.processes import Child, child
from relay.demo.provision import HOSPITAL, Provisioned

COMPLAINT = "胸が痛いと言って倒れた(訓練)"
PHONE_COMPLAINT = "スマートフォンの通報者(訓練)"


@asynccontextmanager
async def a_caller(
    base: str, known: Provisioned, unit: str, folder: Path, papers: DrillCertificates | None
) -> AsyncIterator[Child]:
    """A call about this unit's patient, and the caller's phone as a process that publishes by WHIP."""
    desk = await asyncio.to_thread(signed_in, base, known, papers)
    call = await asyncio.to_thread(desk.take, COMPLAINT, unit, HOSPITAL.id)
    link = await asyncio.to_thread(desk.invite, call)
    more = ("--ca", str(papers.ca)) if papers else ()
    async with child(
        "The caller",
        *("ambulance_client", "camera", "--camera", "synthetic:caller"),
        *("--whip", f"{base}/live/whip", *more),
        log_file=folder / "caller.log",
        env={"KYUMEI_TOKEN": token_in(link)},
    ) as phone:
        yield phone


@asynccontextmanager
async def a_door(
    base: str, known: Provisioned, unit: str, port: int, papers: DrillCertificates
) -> AsyncIterator[PhoneDoor]:
    """Where a real phone comes in; each time it asks it gets a fresh link of the same call."""
    desk = await asyncio.to_thread(signed_in, base, known, papers)
    call = ""

    def new_link() -> str:
        nonlocal call
        call = call or desk.take(PHONE_COMPLAINT, unit, HOSPITAL.id)
        return desk.invite(call)

    door = PhoneDoor(papers, port, new_link)
    try:
        yield door
    finally:
        await asyncio.to_thread(door.close)


def signed_in(base: str, known: Provisioned, papers: DrillCertificates | None) -> Desk:
    """The drill's dispatcher, signed in."""
    desk = Desk(base, _trust(papers))
    desk.sign_in(known.dispatcher, known.password)
    return desk


def _trust(papers: DrillCertificates | None) -> ssl.SSLContext | None:
    return papers.trust() if papers else None


def token_in(link: str) -> str:
    """The secret of a caller's link, without the language it may ask for."""
    return link.partition("#")[2].partition("~")[0]
