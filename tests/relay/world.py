"""A whole relay on a free port, and real clients: tablets, pages, browsers' HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ecg.values import EcgSegment
from relay.auth.tokens import COOKIE
from relay.bus.memory import MemoryBus
from relay.bus.news_bytes import through_bytes
from relay.data_folder import DATABASE
from relay.model.clock import SystemClock
from relay.model.news import News
from relay.protocol import feed, wire
from relay.protocol import messages as m
from relay.protocol.codec import encode_samples
from relay.protocol.sender import SenderEvent, SenderLink
from relay.services.relay import Relay
from relay.services.screening.screener import Screened
from relay.settings import Settings
from relay.web.server import bind, make_server
from relay.wiring.adapters import Adapters
from relay.wiring.relay import open_relay
from tests.frames import MASK_8
from tests.patience import PATIENCE_S
from tests.relay.fake_plane import FakePlane
from tests.relay.ready_made import PASSWORD, an_app, furnish, people_the_city, quick_passwords

N = 125
CALM, ELEVATED = 0, 2000


class MovedClock(SystemClock):
    """The system's clock, moved on by hand: wall time and seconds alike."""

    moved_s = 0.0

    def now_us(self) -> int:
        """The moved time."""
        return super().now_us() + round(self.moved_s * 1e6)

    def monotonic_s(self) -> float:
        """The moved seconds."""
        return super().monotonic_s() + self.moved_s


class ThroughBytes:
    """What is published leaves as bytes and comes back; what cannot is kept, and fails the test that did it."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def __call__(self, news: News) -> News:
        try:
            return through_bytes(news)
        except Exception as error:  # whoever published it may live on; this test shall not pass
            self.refused.append(f"{news!r:.300}: {error}")
            raise


def screener(segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
    """A screener with a rule a test can steer: the level of lead I decides."""
    level = int(segment.adc[0].mean())
    if level < -1000:
        raise RuntimeError("this screener breaks on purpose")
    tier = "A" if level > 1000 else "E"
    text = f"level {level} age {age_years} sex {sex}"
    return Screened(tier, text, text, {"tier": tier, "n": segment.n_samples, "age": age_years})


def block(seq: int, level: int = CALM, n: int = N) -> np.ndarray:
    """Seeded noise on a level, 8 leads."""
    rng = np.random.default_rng(seq)
    return (rng.integers(-100, 100, size=(8, n)) + level).astype(np.int16)


TICK_S = 0.5


@dataclass
class World:
    """One relay and its doors."""

    relay: Relay
    port: int
    tokens: dict[str, str]
    plane: FakePlane
    cookies: dict[str, str] = field(default_factory=dict)

    async def http(self, user: str | None) -> httpx2.AsyncClient:
        """A browser's HTTP, signed in."""
        headers = {"X-Kyumei": "1"}
        if user is not None:
            headers["Cookie"] = f"{COOKIE}={await self.cookie(user)}"
        # plain HTTP: without this each client would read the system's authorities anew
        base = f"http://127.0.0.1:{self.port}"
        return httpx2.AsyncClient(base_url=base, headers=headers, verify=False, timeout=PATIENCE_S)

    async def cookie(self, user: str) -> str:
        if user not in self.cookies:
            self.cookies[user], _ = await self.relay.people.people.sign_in(user, PASSWORD, user)
        return self.cookies[user]

    @asynccontextmanager
    async def page(self, user: str, **options: Any) -> AsyncIterator[Page]:
        """A page's feed."""
        headers = {"Cookie": f"{COOKIE}={await self.cookie(user)}"}
        async with connect(
            f"ws://127.0.0.1:{self.port}/feed/v1",
            subprotocols=[feed.SUBPROTOCOL],
            additional_headers=headers,
            origin=f"http://127.0.0.1:{self.port}",
            max_size=2**20,
            ping_interval=None,  # how long a page may be silent is the relay's matter
            **options,
        ) as socket:
            yield Page(socket)

    @asynccontextmanager
    async def tablet(
        self, unit: str = "救急1", *, token: str | None = None, link: Any = None
    ) -> AsyncIterator[Tablet]:
        """A tablet, connected; ``link`` is another make of the sender."""
        tablet = Tablet(self.port, token or self.tokens[unit], link)
        try:
            await tablet.dial()
            yield tablet
        finally:
            await tablet.hang_up()


async def audited(world: World, action: str) -> list[dict[str, Any]]:
    """What the audit says of an action, without where it was asked from; that is there too."""
    async with world.relay.records.read() as records:
        rows = [
            row for row in await records.evidence.audit_rows(0, 100_000) if row.action == action
        ]
    assert all(row.data.get("address") or row.who == "relay" for row in rows), rows
    return [{k: v for k, v in r.data.items() if k not in {"address", "console"}} for r in rows]


@dataclass
class Page:
    """A page: what it got so far, and waiting for more."""

    socket: ClientConnection
    texts: list[dict[str, Any]] = field(default_factory=list)
    frames: list[wire.EcgFrame] = field(default_factory=list)

    async def say(self, message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def until(
        self, wanted: Callable[[dict[str, Any]], bool], within_s: float = PATIENCE_S
    ) -> Any:
        """The first text, past or coming, that is wanted."""
        for text in self.texts:
            if wanted(text):
                return text
        async with asyncio.timeout(within_s):
            while True:
                got = await self.take()
                if got is not None and wanted(got):
                    return got

    async def take(self) -> dict[str, Any] | None:
        message = await self.socket.recv()
        if isinstance(message, bytes):
            self.frames.append(wire.unpack(message))
            return None
        self.texts.append(json.loads(message))
        return self.texts[-1]

    async def until_frames(self, n: int, within_s: float = PATIENCE_S) -> list[wire.EcgFrame]:
        async with asyncio.timeout(within_s):
            while len(self.frames) < n:
                await self.take()
        return self.frames

    async def closed(self, within_s: float = PATIENCE_S) -> tuple[int, str]:
        """Read until the relay closes; its code and reason."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    await self.take()
        except ConnectionClosed as error:
            assert error.rcvd is not None
            return error.rcvd.code, error.rcvd.reason


class Tablet:
    """The protocol's own sender on a real socket, with a spool in memory."""

    def __init__(self, port: int, token: str, link: SenderLink | None = None) -> None:
        self.port, self.token = port, token
        self.link = link or SenderLink("test")
        self.spool: dict[tuple[UUID, int], bytes] = {}
        self.heard: list[SenderEvent] = []
        self.changed = asyncio.Event()
        self.close_code: int | None = None
        self.close_reason = ""
        self._reader: asyncio.Task[None] | None = None
        self._beat: asyncio.Task[None] | None = None

    async def dial(self) -> None:
        """Connect and begin to talk."""
        self.close_code = None
        self.socket = await connect(
            f"ws://127.0.0.1:{self.port}/link/v1",
            subprotocols=[m.SUBPROTOCOL],
            additional_headers={"Authorization": f"Bearer {self.token}"},
            ping_interval=None,
        )
        self.link.connected(self.now(), self.relay_us())
        self._reader = asyncio.create_task(self._read())
        self._beat = asyncio.create_task(self._tick())
        await self.pump()

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def relay_us(self) -> int:
        import time

        return time.time_ns() // 1000

    async def hang_up(self) -> None:
        """Drop the line."""
        if self._beat is not None:
            self._beat.cancel()
        if self._reader is not None:
            await self.socket.close()
            await self._reader
        self.link.closed()

    async def _tick(self) -> None:
        """Say that it is there, as a tablet does; the relay closes what it has not heard for ten seconds."""
        while self.close_code is None:
            await asyncio.sleep(TICK_S)
            self.link.tick(self.now(), self.relay_us())
            await self.pump()

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                self.heard += self.link.receive_text(text, self.now(), self.relay_us())
                self.changed.set()
                await self.pump()
        except ConnectionClosed:
            pass
        if self.socket.close_code is not None:
            self.close_code = self.socket.close_code
            self.close_reason = self.socket.close_reason or ""
        self.changed.set()

    async def pump(self) -> None:
        """Send what the link wants sent."""
        with suppress(ConnectionClosed):
            for text in self.link.texts_to_send():
                await self.socket.send(text)
            while (frame := self.link.next_frame()) is not None:
                data = self.spool[frame.stream, frame.seq]
                await self.socket.send(wire.restamp(data, frame.epoch, backlog=frame.backlog))

    def open(self, incident: UUID | None = None, stream: UUID | None = None) -> m.OpenStream:
        """A new recording of a case."""
        spec = m.OpenStream(
            stream or uuid4(), incident or uuid4(), MASK_8, 500.0, 2.5, self.relay_us(), "test"
        )
        self.link.register(spec)
        return spec

    async def record(
        self, stream: UUID, seqs: Iterator[int] | range, level: int = CALM, n: int = N
    ) -> None:
        """Make frames, spool them, send them."""
        for seq in seqs:
            payload = encode_samples(block(seq, level, n))
            frame = wire.EcgFrame(stream, 0, seq, seq * n, n, MASK_8, 0, payload)
            self.spool[stream, seq] = wire.pack(frame)
            self.link.spooled(stream, seq)
        await self.pump()

    async def event(self, incident: UUID, body: Any, event: UUID | None = None) -> m.Event:
        """Say something of the case."""
        made = m.Event(event or uuid4(), incident, self.relay_us(), body)
        self.link.event_spooled(made)
        await self.pump()
        return made

    async def end(self, spec: m.OpenStream) -> m.Event:
        """End a recording."""
        said = await self.event(spec.incident, m.StreamEnd(spec.stream, self._made(spec.stream)))
        if isinstance(self.link, SenderLink):
            self.link.ended(spec.stream)
        return said

    def _made(self, stream: UUID) -> int:
        return len([seq for held, seq in self.spool if held == stream])

    async def snapshot(
        self, spec: m.OpenStream, first: int, n: int = 5000, reason: str = "manual"
    ) -> UUID:
        """Ask for a snapshot."""
        asked = m.SnapshotRequest(uuid4(), spec.stream, first, n, reason)  # type: ignore[arg-type]
        await self.event(spec.incident, asked)
        return asked.snapshot

    async def follow(self, incident: UUID, after: int = 0) -> None:
        self.link.follow(incident, after)
        await self.pump()

    async def until(self, ready: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
        """Wait until something holds; its value."""
        async with asyncio.timeout(within_s):
            while not (value := ready()):
                self.changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), 0.05)
        return value

    async def stored(self, stream: UUID, within_s: float = PATIENCE_S) -> None:
        """Wait until every spooled frame is acknowledged."""
        await self.until(lambda: self.link.unstored(stream) == 0, within_s)

    async def settled(self) -> None:
        """Wait until every event is acknowledged."""
        await self.until(lambda: self.link.pending_events == 0)

    def notices(self, stage: str | None = None) -> list[m.Notice]:
        """Timeline entries heard."""
        found = [n for n in self.heard if isinstance(n, m.Notice)]
        return [n for n in found if stage is None or n.stage == stage]

    async def notice(self, stage: str, within_s: float = PATIENCE_S) -> m.Notice:
        found = await self.until(lambda: self.notices(stage), within_s)
        assert isinstance(found[0], m.Notice)
        return found[0]

    async def refusal(self, within_s: float = PATIENCE_S) -> m.Refusal:
        found = await self.until(
            lambda: [r for r in self.heard if isinstance(r, m.Refusal)], within_s
        )
        assert isinstance(found[0], m.Refusal)
        return found[0]

    async def was_closed(self, within_s: float = PATIENCE_S) -> int:
        await self.until(lambda: self.close_code is not None, within_s)
        assert self.close_code is not None
        return self.close_code


@asynccontextmanager
async def a_world(
    folder: Path, adapters: Adapters | None = None, **overrides: Any
) -> AsyncIterator[World]:
    """A relay that serves, with two hospitals, their people and two ambulances."""
    chosen = adapters or Adapters()
    plane, passing = FakePlane(), ThroughBytes()
    usual = Adapters(
        clock=chosen.clock,
        bus=chosen.bus or MemoryBus(passing),
        ecg_log=chosen.ecg_log,
        screener=chosen.screener or screener,
        passwords=chosen.passwords or quick_passwords(),
        plane=chosen.plane or plane,
        sms=chosen.sms,
    )
    given: dict[str, Any] = {
        "data_dir": folder,
        "screen_every_s": 0.5,
        "commit_every_ms": 10,
        "reserve_mb": 0,
        "hosts": "relay.example",
    }
    settings = Settings(**{**given, **overrides})
    async with AsyncExitStack() as stack:
        usual_people = chosen.passwords is None and not (settings.data_dir / DATABASE).exists()
        if usual_people:
            tokens = await furnish(settings.data_dir)
        relay = await stack.enter_async_context(open_relay(settings, usual))
        if not usual_people:
            tokens = await people_the_city(relay)
        bound = bind("127.0.0.1", 0)
        server = make_server(relay, prepared=stack.enter_context(an_app(relay.site)))
        task = asyncio.create_task(server._serve([bound]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield World(relay, bound.getsockname()[1], tokens, plane)
        finally:
            server.should_exit = True
            await task
            bound.close()
    assert passing.refused == [], passing.refused
