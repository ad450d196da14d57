"""The pages' feed: live frames, receipts within a second, and the slow who hold up nobody."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.auth.tokens import COOKIE
from relay.model.clock import SystemClock
from relay.protocol import feed
from relay.protocol import messages as m
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.relay.world import World, a_world

BIG, LAST = 1000, 601
"""Frames of 16 kB, so that few of them fill every buffer on the way to a page that reads slowly."""


class MovableClock(SystemClock):
    """The system's clock with the wall time moved on by hand."""

    moved_us = 0

    def now_us(self) -> int:
        """The moved time."""
        return super().now_us() + self.moved_us


async def test_a_page_sees_what_is_stored_and_then_what_comes(world: World) -> None:
    async with world.tablet() as tablet, world.page("sato") as page:
        spec = tablet.open()
        await tablet.record(spec.stream, range(20))
        await tablet.stored(spec.stream)
        await page.say({"kind": "watch", "stream": str(spec.stream), "look_back_s": 2})
        assert [f.seq for f in await page.until_frames(8)] == list(range(12, 20))
        await tablet.record(spec.stream, range(20, 24))
        assert [f.seq for f in await page.until_frames(12)] == list(range(12, 24))
        state = await page.until(
            lambda t: t["kind"] == "stream-state" and t["newest_sample"] == 3000
        )
        assert state["state"] == "live"
        assert page.texts[0]["kind"] == "welcome"
        assert page.texts[0]["user"]["name"] == "sato"


async def test_the_page_gets_the_very_bytes_of_the_tablet(world: World) -> None:
    async with world.tablet() as tablet, world.page("sato") as page:
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        await page.say({"kind": "watch", "stream": str(spec.stream), "look_back_s": 10})
        frames = await page.until_frames(2)
        stored = await world.relay.ecg_log.read(spec.stream, 0, 250)
        assert [f.payload for f in frames] == [s.data[48:-4] for s in stored]


async def test_rows_and_timeline_reach_only_the_addressed_hospital(world: World) -> None:
    async with world.tablet() as tablet, world.page("sato") as own, world.page("mori") as foreign:
        spec = tablet.open()
        await tablet.event(spec.incident, m.PatientCard(rev=1, age_years=67, sex="M"))
        row = await own.until(lambda t: t["kind"] == "incident" and t["incident"]["patient"])
        assert row["incident"]["patient"]["age_years"] == 67
        assert row["incident"]["unit"] == "救急1"
        await own.until(lambda t: t["kind"] == "timeline" and t["stage"] == "patient")
        await foreign.say({"kind": "watch", "stream": str(spec.stream), "look_back_s": 5})
        refusal = await foreign.until(lambda t: t["kind"] == "refusal")
        assert refusal["code"] == "not-found"
        assert {t["kind"] for t in foreign.texts} == {"welcome", "beat", "refusal"}


async def test_a_slow_page_is_told_what_it_missed_and_others_miss_nothing(world: World) -> None:
    async with world.tablet() as tablet, world.page("sato") as good:
        spec = tablet.open()
        await tablet.record(spec.stream, range(1), n=BIG)
        await tablet.stored(spec.stream)
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", world.port))
        async with connect(
            f"ws://127.0.0.1:{world.port}/feed/v1",
            sock=raw,
            subprotocols=[feed.SUBPROTOCOL],
            additional_headers={"Cookie": f"{COOKIE}={await world.cookie('ito')}"},
            origin=f"http://127.0.0.1:{world.port}",
            max_queue=1,
        ) as slow:
            for page in (slow, good.socket):
                await page.send(f'{{"kind":"watch","stream":"{spec.stream}","look_back_s":1}}')
            skipped, frames = [], set()
            await good.until_frames(1)
            while not frames:  # it watches by now: whatever comes is either shown to it or told
                message = await slow.recv()
                if isinstance(message, bytes):
                    frames.add(int.from_bytes(message[24:32], "little"))
            for first in range(1, LAST, 40):
                await tablet.record(spec.stream, range(first, first + 40), n=BIG)
                await good.until_frames(first + 40)
            await asyncio.sleep(0.2)
            async with asyncio.timeout(PATIENCE_S):
                while max(frames, default=0) < LAST - 1:
                    message = await slow.recv()
                    if isinstance(message, bytes):
                        frames.add(int.from_bytes(message[24:32], "little"))
                    elif '"skipped"' in message:
                        skipped.append(feed.Skipped(**_fields(message)))
        assert skipped, "the slow page was told of nothing"
        missed = {
            sample // BIG for s in skipped for sample in range(s.from_sample, s.to_sample, BIG)
        }
        assert missed.isdisjoint(frames)
        assert missed | frames == set(range(LAST))
        assert [f.seq for f in good.frames] == list(range(LAST))


def _fields(text: str) -> dict[str, object]:
    import json

    return {k: v for k, v in json.loads(text).items() if k != "kind"}


async def test_a_page_that_never_reads_is_dropped_and_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.services.pages.session.SEND_TIMEOUT_S", 0.5)
    async with world.tablet() as tablet, world.page("sato") as good:
        spec = tablet.open()
        await tablet.record(spec.stream, range(1))
        await tablet.stored(spec.stream)
        async with world.page("ito", max_queue=1) as stuck:
            await stuck.say({"kind": "watch", "stream": str(spec.stream), "look_back_s": 1})
            await good.say({"kind": "watch", "stream": str(spec.stream), "look_back_s": 1})
            await good.until_frames(1)
            assert world.relay.pages.registry.count == 2
            stuck.socket.transport.pause_reading()  # type: ignore[attr-defined]
            for first in range(1, 6001, 60):
                await tablet.record(spec.stream, range(first, first + 60))
                await good.until_frames(first + 60)
            async with asyncio.timeout(PATIENCE_S):
                while world.relay.pages.registry.count == 2:
                    await asyncio.sleep(0.05)
            stuck.socket.transport.abort()
        assert len(good.frames) == 6001


async def test_signing_out_closes_the_feed_at_once(world: World) -> None:
    async with world.page("sato") as page, await world.http("sato") as http:
        await page.until(lambda t: t["kind"] == "welcome")
        assert (await http.delete("/api/session")).status_code == 204
        assert (await page.closed())[0] == 4001
        assert (await http.get("/api/session")).status_code == 401


async def test_what_a_person_does_keeps_the_session_alive(tmp_path: Path) -> None:
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, await world.http("kato") as http:
        for minutes in (14, 28, 42):
            clock.moved_us = minutes * 60_000_000
            assert (await http.post("/api/calls", json={})).status_code == 201
        clock.moved_us = 58 * 60_000_000
        assert (await http.get("/api/session")).status_code == 401


async def test_no_session_survives_twelve_hours(tmp_path: Path) -> None:
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, await world.http("kato") as http:
        for minutes in range(0, 720, 10):
            clock.moved_us = minutes * 60_000_000
            assert (await http.post("/api/calls", json={})).status_code == 201
        clock.moved_us = 720 * 60_000_000
        assert (await http.get("/api/session")).status_code == 401


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "null"])
async def test_another_sites_page_gets_no_feed(world: World, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"ws://127.0.0.1:{world.port}/feed/v1",
            subprotocols=[feed.SUBPROTOCOL],
            additional_headers={"Cookie": f"{COOKIE}={await world.cookie('sato')}"},
            origin=origin,  # type: ignore[arg-type]
        ):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(("user", "code"), [("root", 4000)])
async def test_roles_without_cases_or_calls_get_no_feed(world: World, user: str, code: int) -> None:
    async with world.page(user) as page:
        assert (await page.closed())[0] == code


async def test_a_feed_without_a_session_closes_with_4001(world: World) -> None:
    world.cookies["sato"] = "nonsense"
    async with world.page("sato") as page:
        assert (await page.closed())[0] == 4001


@pytest.mark.parametrize("text", ["{", '{"kind":"shout"}', '{"kind":"watch"}', "x" * 5000])
async def test_an_unreadable_message_closes_that_feed_alone(world: World, text: str) -> None:
    async with world.page("sato") as good, world.page("ito") as bad:
        await bad.socket.send(text)
        assert (await bad.closed())[0] == 4000
        await good.say({"kind": "ping", "page_us": 7})
        assert (await good.until(lambda t: t["kind"] == "pong"))["page_us"] == 7


async def test_an_unknown_stream_and_alert_are_not_found(world: World) -> None:
    async with world.page("sato") as page:
        await page.say({"kind": "watch", "stream": str(uuid4()), "look_back_s": 1})
        await page.say({"kind": "delivered", "alert": str(uuid4())})
        await page.until(lambda t: sum(x["kind"] == "refusal" for x in page.texts) == 2)
        assert {t["code"] for t in page.texts if t["kind"] == "refusal"} == {"not-found"}


async def test_the_relay_says_1012_when_it_goes(world: World) -> None:
    async with world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "welcome")
        world.relay.goodbye()
        assert (await page.closed())[0] == 1012
