"""What is decided before the application: heads, whole requests, readers, names, and who may wait at the door."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from relay.web import gate, http_limits
from relay.web.places import ConnectionPlace, ConnectionPlaces
from relay.web.server import bind
from tests.patience import PATIENCE_S
from tests.relay.world import World, a_world

GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
DIAL = (
    b"GET /link/v1 HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
SOON_S = 0.3


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, connections_per_address=16) as made:
        yield made


@asynccontextmanager
async def dialled(
    world: World,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def status_of(reader: asyncio.StreamReader) -> int:
    """The status of the next answer; 0 where the connection ended without one."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            line = await reader.readline()
        except ConnectionError:
            return 0
    return int(line.split()[1]) if line else 0


async def ended(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(PATIENCE_S):
        try:
            while await reader.read(65_536):
                pass
        except ConnectionError:
            pass


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + b"\r\n", 200),
        (GET + b"a: " + b"x" * (http_limits.MAX_HEAD_BYTES - len(GET) - 7) + b"\r\n\r\n", 200),
        (GET + b"a: " + b"x" * (http_limits.MAX_HEAD_BYTES - len(GET) - 6) + b"\r\n\r\n", 431),
        (GET + b"a: " + b"x" * 60_000_000, 431),
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (GET + b"a: b\r\n" * 99 + b"\r\n", 200),
        (GET + b"a: b\r\n" * 100 + b"\r\n", 431),
        (DIAL + b"Host: localhost\r\n" + b"a: b\r\n" * 1_000 + b"\r\n", 431),
        (b"\x16\x03\x01 this is TLS\r\n\r\n", 400),
    ],
)  # fmt: skip
async def test_a_head_has_a_size(world: World, head: bytes, status: int) -> None:
    async with dialled(world) as (reader, writer):
        writer.write(head)
        assert await status_of(reader) == status
        if status != 200:
            await ended(reader)


async def test_requests_that_come_at_once_are_heads_of_their_own(world: World) -> None:
    many = 2 * http_limits.MAX_HEAD_BYTES // len(GET)
    async with dialled(world) as (reader, writer):
        writer.write((GET + b"\r\n") * many)
        for _ in range(many):
            assert await status_of(reader) == 200
            while await reader.readline() != b"\r\n":
                pass
            await reader.readexactly(len(b'{"ok":true}'))


async def test_heads_of_one_connection_are_measured_one_by_one(world: World) -> None:
    async with dialled(world) as (reader, writer):
        for _ in range(4):
            writer.write(GET + b"a: " + b"x" * 12_000 + b"\r\n\r\n")
            assert await status_of(reader) == 200
            while await reader.readline() != b"\r\n":
                pass
            await reader.readexactly(len(b'{"ok":true}'))


@pytest.mark.parametrize(
    ("begun", "status"),
    [
        (b"", 0),
        (b"GET /livez HTT", 408),
        (GET, 408),
        (b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nX-Kyumei: 1\r\n"
         b"Content-Length: 50\r\n\r\n{", 408),
    ],
)  # fmt: skip
async def test_what_is_never_whole_ends(
    world: World, monkeypatch: pytest.MonkeyPatch, begun: bytes, status: int
) -> None:
    monkeypatch.setattr(http_limits, "WHOLE_WITHIN_S", SOON_S)
    async with dialled(world) as (reader, writer):
        writer.write(begun)
        assert await status_of(reader) == status
        await ended(reader)


async def test_a_slow_phone_is_no_attacker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that keeps coming may take longer than the first bound."""
    monkeypatch.setattr(http_limits, "WHOLE_WITHIN_S", SOON_S)
    monkeypatch.setattr(http_limits, "SLOWEST_BYTES_PER_S", 100)
    pieces = 12
    async with dialled(world) as (reader, writer):
        writer.write(
            b"POST /live/api/stills HTTP/1.1\r\nHost: localhost\r\nX-Kyumei: 1\r\n"
            b"Content-Length: %d\r\n\r\n" % (pieces * 2_000)
        )
        for _ in range(pieces):
            writer.write(b"x" * 2_000)
            await asyncio.sleep(SOON_S / 6)
        assert await status_of(reader) == 410  # it holds no link; the body was taken


async def test_an_answer_nobody_reads_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_limits, "UNREAD_S", SOON_S)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.connect(("127.0.0.1", world.port))
    deaf.sendall(b"GET /static/viewer/js/main.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 800)
    with deaf:
        async with asyncio.timeout(PATIENCE_S):
            while not await _is_gone(world):
                await asyncio.sleep(0.05)


async def _is_gone(world: World) -> bool:
    async with await world.http(None) as http:
        return (await http.get("/readyz")).json()["connections"]["open"] == 1


async def test_idle_sockets_shut_nobody_out(world: World) -> None:
    """As many as they like: the oldest of the same address gives way, and a request is answered."""
    idle = [await asyncio.open_connection("127.0.0.1", world.port) for _ in range(60)]
    async with asyncio.timeout(PATIENCE_S):
        while sum(reader.at_eof() for reader, _ in idle) < 60 - 16:
            await asyncio.sleep(0.02)
    async with dialled(world) as (reader, writer):
        writer.write(GET + b"\r\n")
        assert await status_of(reader) == 200
    for _, writer in idle:
        writer.close()


async def test_a_tablet_stays_whoever_waits(world: World) -> None:
    async with world.tablet() as tablet:
        idle = [await asyncio.open_connection("127.0.0.1", world.port) for _ in range(60)]
        async with asyncio.timeout(PATIENCE_S):
            while sum(reader.at_eof() for reader, _ in idle) < 60 - 16:
                await asyncio.sleep(0.02)
        spec = tablet.open()
        await tablet.record(spec.stream, range(4))
        await tablet.stored(spec.stream)
        for _, writer in idle:
            writer.close()


async def test_who_comes_seldom_is_let_in_before_who_comes_often_and_who_has_gone_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One connection was taken in each round: an honest one waited unseen behind a thousand."""
    monkeypatch.setattr(gate, "MOST_CALM", 2.0)
    monkeypatch.setattr(gate, "CALM_PER_S", 1e-6)
    places, listening, let_in = ConnectionPlaces(500, 500), bind("127.0.0.1", 0), list[str]()

    def protocol(place: ConnectionPlace) -> asyncio.Protocol:
        let_in.append(place.owner)
        return asyncio.Protocol()

    door = gate.Gate(listening, protocol, places, None)
    listening.listen(2048)
    to = listening.getsockname()
    owners = [f"127.0.0.{n}" for n in range(10, 30)]
    for owner in owners:  # each has come often already
        door._calm.spend(owner, 9, time.monotonic())
    often = [
        socket.create_connection(to, source_address=(owner, 0)) for owner in owners for _ in "ab"
    ]
    seldom = socket.create_connection(to, source_address=("127.0.0.8", 0))
    for gone in often[1::2]:
        gone.close()
    door.open()
    async with asyncio.timeout(PATIENCE_S):
        while len(let_in) < 21:
            await asyncio.sleep(0.01)

    assert "127.0.0.8" in let_in[:2], "the first was let in before anybody else was taken"
    await asyncio.sleep(0.1)
    assert sorted(let_in) == sorted([*owners, "127.0.0.8"]), "who has hung up is not let in"
    for one in (*often, seldom):
        one.close()
    door.close()
    listening.close()
    await door.wait_closed()


async def test_a_handshake_that_does_not_come_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "HANDSHAKE_S", SOON_S)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    places, listening = ConnectionPlaces(100, 50), bind("127.0.0.1", 0)
    door = gate.Gate(listening, lambda _: asyncio.Protocol(), places, context)
    door.open()
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    assert await status_of(reader) == 0
    assert places.count == 0
    writer.close()
    door.close()
    listening.close()
    await door.wait_closed()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"localhost", 200), (b"127.0.0.1:8119", 200), (b"[::1]:8119", 200),
        (b"RELAY.example.jp", 200), (b"relay.example.jp:443", 200),
        (b"evil.example", 421), (b"", 421), (b"[::1", 421), (b"relay.example.jp.evil.example", 421),
    ],
)  # fmt: skip
async def test_only_names_of_this_relay_are_answered(
    tmp_path: Path, host: bytes, status: int
) -> None:
    async with (
        a_world(tmp_path, public_url="https://relay.example.jp") as world,
        dialled(world) as (reader, writer),
    ):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
        assert await status_of(reader) == status


async def test_sockets_too(world: World) -> None:
    for host, status in ((b"localhost", 101), (b"evil.example", 403)):
        async with dialled(world) as (reader, writer):
            writer.write(DIAL + b"Host: " + host + b"\r\n\r\n")
            assert await status_of(reader) == status


@pytest.mark.parametrize("origin", ["http://[::1", "null", "http://evil.example", "http://[v"])
async def test_an_origin_that_cannot_be_read_is_another_sites(world: World, origin: str) -> None:
    async with await world.http(None) as http:
        del http.headers["X-Kyumei"]
        body = {"name": "a", "password": "b"}
        answer = await http.post("/api/session", json=body, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_the_system_is_asked_for_more_descriptors() -> None:
    """At the usual 1,024, where the administrator allows more."""
    ask = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (1024, 4096));"
        "from relay.web.descriptors import connections_of, raise_limit;"
        "n = raise_limit(); print(n, r.getrlimit(r.RLIMIT_NOFILE)[0], connections_of(n))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["4096", "4096", "3072"]
