"""Datagrams on real sockets: when they came, also where the process was busy; what is said again early."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioice.stun
import pytest

from relay.errors import BadInput
from relay.video.ice import (
    MOST_CANDIDATES,
    REPEAT_AFTER_S,
    UNPROVEN_DATAGRAMS,
    Ice,
    add_candidates,
)
from relay.video.udp import BATCH, HAS_ARRIVALS, open_udp
from tests.patience import PATIENCE_S
from tests.video.peers import until


class Heard(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.packets: list[tuple[bytes, tuple[Any, ...], float, float]] = []
        self.complaints: list[Exception] = []
        self.lost = 0

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self.datagram_arrived(data, addr, time.monotonic())

    def datagram_arrived(self, data: bytes, addr: tuple[Any, ...], arrived_s: float) -> None:
        self.packets.append((data, addr, arrived_s, time.monotonic()))

    def error_received(self, exc: Exception) -> None:
        self.complaints.append(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost += 1


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Heard, asyncio.DatagramTransport, socket.socket]]:
    """A socket of ours, and a stranger's that sends to it."""
    heard = Heard()
    transport = await open_udp(heard, "127.0.0.1")
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind(("127.0.0.1", 0))
    stranger.settimeout(5)
    stranger.connect(transport.get_extra_info("sockname"))
    try:
        yield heard, transport, stranger
    finally:
        stranger.close()
        transport.close()


async def _noted_by_the_kernel(heard: Heard, stranger: socket.socket) -> None:
    """The first socket that asks turns the kernel's notes on a moment later; until then they tell when it was read."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            stranger.send(b"noted?")
            time.sleep(0.02)
            await until(lambda: heard.packets)
            _, _, arrived_s, read_s = heard.packets.pop()
            if read_s - arrived_s > 0.015:
                return


@pytest.mark.skipif(not HAS_ARRIVALS, reason="only Linux notes when a datagram came")
async def test_a_busy_process_does_not_blur_when_packets_came() -> None:
    async with listening() as (heard, _, stranger):
        await _noted_by_the_kernel(heard, stranger)
        moments_s = [time.monotonic()]
        for _ in range(4):
            stranger.send(b"x")
            time.sleep(0.05)  # the loop stands still, as in a relay that computes
            moments_s.append(time.monotonic())
        await until(lambda: len(heard.packets) == 4)
        for (_, _, arrived_s, read_s), (before_s, after_s) in zip(
            heard.packets, itertools.pairwise(moments_s), strict=True
        ):
            assert before_s - 0.002 <= arrived_s <= after_s
            assert read_s >= moments_s[-1]


async def test_all_of_a_burst_comes_in_order_and_answers_go_back() -> None:
    async with listening() as (heard, transport, stranger):
        sent = [number.to_bytes(2) for number in range(3 * BATCH)]
        for one in sent:
            stranger.send(one)
        await until(lambda: len(heard.packets) == len(sent))
        assert [data for data, *_ in heard.packets] == sent
        transport.sendto(b"answer", heard.packets[0][1])
        assert stranger.recv(100) == b"answer"


async def test_what_is_longer_than_any_of_ours_is_left_out_and_an_empty_one_is_one() -> None:
    async with listening() as (heard, _, stranger):
        stranger.send(bytes(5_000))
        stranger.send(b"")
        stranger.send(b"next")
        await until(lambda: heard.packets and heard.packets[-1][0] == b"next")
        assert [data for data, *_ in heard.packets if len(data) > 2_048] == []


async def test_a_peer_that_is_gone_and_a_word_too_long_are_complaints_not_the_end() -> None:
    async with listening() as (heard, transport, stranger):
        gone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        gone.bind(("127.0.0.1", 0))
        nowhere = gone.getsockname()
        gone.close()
        transport.sendto(b"anybody?", nowhere)
        transport.sendto(bytes(70_000), nowhere)
        await until(lambda: heard.complaints)
        stranger.send(b"still here")
        await until(lambda: heard.packets)


async def test_it_closes_once_and_is_silent_afterwards() -> None:
    async with listening() as (heard, transport, stranger):
        transport.close()
        transport.abort()
        assert transport.is_closing()
        transport.sendto(b"late", stranger.getsockname())
        stranger.send(b"late")
        await until(lambda: heard.lost)
        await asyncio.sleep(0.05)
        assert heard.lost == 1
        assert heard.packets == []


async def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(OSError):
        await open_udp(Heard(), "203.0.113.7")


@pytest.mark.parametrize(("retransmissions", "early"), [(None, len(REPEAT_AFTER_S)), (0, 0)])
async def test_a_lost_check_is_said_again_early_and_a_consent_check_is_not(
    monkeypatch: pytest.MonkeyPatch, retransmissions: int | None, early: int
) -> None:
    monkeypatch.setattr(
        aioice.stun, "RETRY_RTO", 1e6
    )  # the library's own repeats, half a second on
    agent = Ice(("127.0.0.1",), lambda data, at_s: None)
    await agent.gather_candidates()
    heard = 0

    def listen(silent: socket.socket) -> int:
        nonlocal heard
        with contextlib.suppress(BlockingIOError):
            while silent.recv(2_048):
                heard += 1
        return heard

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(0)
        question = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
        asking = asyncio.create_task(
            agent._protocols[0].request(question, silent.getsockname(), b"key", retransmissions)
        )
        await until(lambda: listen(silent) >= 1 + early)
        await asyncio.sleep(sum(REPEAT_AFTER_S) + 0.05)
        assert listen(silent) == 1 + early
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await agent.close()


async def test_ports_that_somebody_names_get_few_datagrams() -> None:
    """A caller may name anybody's address; what is sent there is bounded, however long it tries."""
    victims = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(MOST_CANDIDATES)]
    for victim in victims:
        victim.bind(("127.0.0.1", 0))
        victim.setblocking(False)
    agent = Ice(("127.0.0.1",), lambda *_: None)
    await agent.gather_candidates()
    agent.remote_username, agent.remote_password = "user", "password-of-22-characters"
    lines = [f"1 1 udp 1 127.0.0.1 {v.getsockname()[1]} typ host" for v in victims]
    await add_candidates(agent, lines)
    with pytest.raises(BadInput):
        await add_candidates(agent, ["1 1 udp 1 127.0.0.1 40000 typ host"])
    await agent.add_remote_candidate(None)
    connecting = asyncio.create_task(agent.connect())
    await until(lambda: UNPROVEN_DATAGRAMS - agent._unproven_left > 110)  # what it would have sent
    got = 0
    for victim in victims:
        with contextlib.suppress(BlockingIOError):
            while victim.recv(2_000):
                got += 1
        victim.close()
    assert 60 <= got <= 80
    await agent.close()
    await asyncio.gather(connecting, return_exceptions=True)
