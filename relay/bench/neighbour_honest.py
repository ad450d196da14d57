"""Honest clients beside an abuser, and how long each of them waits: an alarm, a live ECG, a sign-in, a caller, a viewer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
from websockets.asyncio.client import connect

from ecg.synthetic.patient import SyntheticPatient
from relay.bench.asking import HttpAsker, HttpReply
from relay.bench.load import Figures, LoadTablet, pattern, view
from relay.bench.neighbour_abusers import offer_of
from relay.bench.raw_tablet import FS_HZ, RawTablet, raw_tablet
from relay.errors import Unavailable
from relay.protocol import feed
from relay.protocol import messages as m

BLOCK, BLOCKS = 125, 40
ALARM_WITHIN_S = 120.0
BEAT_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class HonestCredentials:
    """What honest clients hold.

    Attributes:
        alarm_tokens / live_tokens: of the ambulances that ring, and of those that only send.
        doctor / dispatcher: accounts with ``password``.
    """

    port: int
    alarm_tokens: tuple[str, ...]
    live_tokens: tuple[str, ...]
    doctor: str
    dispatcher: str
    password: str


@dataclass(slots=True)
class Waited:
    """What was measured in a while, by what it is, in ms; and what was refused that should not have been."""

    ms: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class Honest:
    """Every honest client of one run. Made by ``honest``."""

    def __init__(self, papers: HonestCredentials, cookie: str, call: str, link: str) -> None:
        self.papers, self.cookie, self.call, self._link = papers, cookie, call, link
        self.live = Figures()
        self.tablets: list[RawTablet] = []
        self._sources = (f"127.0.2.{n}" for n in itertools.cycle(range(1, 250)))
        self._alerts: dict[str, asyncio.Event] = {}
        self._turn = itertools.count()
        patient = SyntheticPatient("anterior-stemi", 7, FS_HZ)
        self._stemi = [
            np.ascontiguousarray(patient.segment(n * BLOCK, BLOCK).adc) for n in range(BLOCKS)
        ]
        self._phone: tuple[tuple[str, str], ...] = ()
        self._desk: tuple[tuple[str, str], ...] = ()
        self._whep, self._whip = b"", b""
        self._now = Waited()

    # measured

    async def measure(self, seconds: float) -> Waited:
        """Everything in turn, for so long."""
        self._now, until_s = Waited(), time.monotonic() + seconds
        seen = len(self.live.viewer_ms)
        before = sum(len(tablet.refused) for tablet in self.tablets)
        while time.monotonic() < until_s:
            for name, ask in (
                ("alarm", self._alarm),
                ("sign-in", self._sign_in),
                ("caller-link", self._redeem),
                ("picture", self._picture),
                ("viewer", self._watch),
                ("caller-video", self._publish),
            ):
                await self._timed(name, ask)
            await asyncio.sleep(0.2)
        self._now.ms["ecg"] = self.live.viewer_ms[seen:]
        refused = [r["text"] for tablet in self.tablets for r in tablet.refused]
        self._now.refused += [f"tablet: {text}" for text in refused[before:]]
        return self._now

    async def _timed(self, name: str, ask: Callable[[], Awaitable[None]]) -> None:
        began_s = time.perf_counter()
        try:
            await ask()
        except (OSError, EOFError, TimeoutError, Unavailable) as error:
            self._now.refused.append(f"{name}: {error or type(error).__name__}")
            return
        self._now.ms.setdefault(name, []).append((time.perf_counter() - began_s) * 1000)

    async def _alarm(self) -> None:
        """A tier-A snapshot of a new case, until it rings on the doctor's page."""
        tablet = self.tablets[next(self._turn) % len(self.tablets)]
        incident = uuid4()
        rings = self._alerts[str(incident)] = asyncio.Event()
        stream, epoch = await tablet.open(incident)
        await tablet.frames(stream, epoch, self._stemi, BLOCKS)
        asked = m.SnapshotRequest(uuid4(), stream, 0, BLOCK * BLOCKS, "manual")
        await tablet.event(incident, asked)
        async with asyncio.timeout(ALARM_WITHIN_S):
            await rings.wait()

    async def _sign_in(self) -> None:
        told = {"name": self.papers.doctor, "password": self.papers.password}
        await self._asked(self._asker(), "POST", "/api/session", told)

    async def _redeem(self) -> None:
        told = {"token": self._link}
        got = await self._asked(self._asker(self._phone), "POST", "/live/api/redeem", told)
        self._phone = (("Cookie", got.headers["set-cookie"].partition(";")[0]),)

    async def _picture(self) -> None:
        phone = self._asker(self._phone)
        await self._asked(phone, "POST", "/live/api/stills", a_picture(), "image/jpeg")

    async def _watch(self) -> None:
        desk = self._asker(self._desk)
        path = f"/api/calls/{self.call}/whep"
        got = await self._asked(desk, "POST", path, self._whep, "application/sdp")
        await self._asked(desk, "DELETE", got.headers["location"])

    async def _publish(self) -> None:
        phone = self._asker(self._phone)
        await self._asked(phone, "POST", "/live/whip", self._whip, "application/sdp")

    def _asker(self, headers: tuple[tuple[str, str], ...] = ()) -> HttpAsker:
        return HttpAsker(self.papers.port, next(self._sources), headers)

    async def _asked(
        self,
        who: HttpAsker,
        method: str,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        kind: str = "application/json",
    ) -> HttpReply:
        got = await who.ask(method, path, body, kind=kind)
        if got is None or got.status >= 400:
            raise Unavailable(f"{got.status if got else ''} {got.body[:200]!r}" if got else "")
        return got

    # beside

    async def prepare(self) -> None:
        """What is needed before anything is measured; everything is done once, so that it is loaded."""
        self._whep, self._whip = await offer_of("recvonly"), await offer_of("sendonly")
        told = {"name": self.papers.dispatcher, "password": self.papers.password}
        desk = await self._asked(self._asker(), "POST", "/api/session", told)
        self._desk = (("Cookie", desk.headers["set-cookie"].partition(";")[0]),)
        await self.measure(0.1)
        warm = await self.measure(3.0)
        if warm.refused:
            raise Unavailable(f"The relay refuses honest clients alone: {warm.refused[0]}")

    async def watch_page(self) -> None:
        """The doctor's page: answers beats, hears alerts. Until cancelled."""
        async with connect(
            f"ws://localhost:{self.papers.port}/feed/v1",
            additional_headers={"Cookie": self.cookie},
            origin=f"http://localhost:{self.papers.port}",  # type: ignore[arg-type]  # a NewType of str
            subprotocols=[feed.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            max_size=2**20,
            max_queue=None,
        ) as socket:
            async for message in socket:
                said = json.loads(message)
                if said["kind"] == "incident" and said["incident"]["alert"]:
                    rings = self._alerts.pop(said["incident"]["id"], None)
                    if rings is not None:
                        rings.set()

    async def keep_alive(self) -> None:
        """The tablets' heartbeat. Until cancelled."""
        for n in itertools.count(1):
            for tablet in self.tablets:
                await tablet.say(m.Ping(n))
            await asyncio.sleep(BEAT_EVERY_S)


def a_picture() -> bytes:
    """An ordinary small photo."""
    import io

    from PIL import Image

    noise = np.random.default_rng(1).integers(0, 255, (360, 640, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG", quality=40)
    return out.getvalue()


@asynccontextmanager
async def honest(
    papers: HonestCredentials, cookie: str, call: str, link: str, seconds: float
) -> AsyncIterator[Honest]:
    """Honest clients at work: live ambulances with a viewer each for so long, a page, tablets that can ring."""
    made = Honest(papers, cookie, call, link)
    async with AsyncExitStack() as stack:
        for token in papers.alarm_tokens:
            made.tablets.append(await stack.enter_async_context(raw_tablet(papers.port, token)))
        url, payloads = f"ws://localhost:{papers.port}", pattern()
        live = [LoadTablet(url, token, payloads, made.live) for token in papers.live_tokens]
        origin = f"http://localhost:{papers.port}"
        works = [
            made.watch_page(),
            made.keep_alive(),
            *(tablet.run(seconds) for tablet in live),
            *(view(url, cookie, origin, tablet, made.live) for tablet in live),
        ]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await made.prepare()
            yield made
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(Exception):
                await asyncio.gather(*tasks, return_exceptions=True)
