"""What one client does in excess, and another who must not notice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from ecg.values import EcgSegment
from relay.auth.argon import ArgonPasswords
from relay.errors import TooMany
from relay.protocol import messages as m
from relay.services.cabin.cabin_board import room_of
from relay.services.ground.access import Relation
from relay.services.ground.watcher import Watcher
from relay.services.screening.screener import Screened
from relay.services.tablets.links import TEXTS_PER_S
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.relay.pictures import a_jpeg
from tests.relay.world import CALM, ELEVATED, PASSWORD, Tablet, World, a_world, screener


async def soon(holds: Callable[[], object]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


class HeldScreener:
    """The world's screener behind a gate; remembers what was begun, by the level of lead I."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun: list[str] = []

    def __call__(self, segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
        said = screener(segment, age_years, sex)
        self.begun.append(said.tier)
        assert self.gate.wait(PATIENCE_S)
        return said


async def _screened(tablet: Tablet, times: int) -> None:
    await tablet.until(lambda: len(tablet.notices("screened")) >= times, PATIENCE_S)


async def _a_case_that_fills_the_queue(world: World, tablet: Tablet, held: HeldScreener) -> None:
    """Thirty snapshots, screened; then the card changes twenty times while no screening ends."""
    spec = tablet.open()
    await tablet.follow(spec.incident)
    await tablet.record(spec.stream, range(8), CALM)
    for n in range(30):
        await tablet.snapshot(spec, n, 900)
    await _screened(tablet, 30)
    held.gate.clear()
    held.begun.clear()
    for rev in range(1, 21):
        await tablet.event(spec.incident, m.PatientCard(rev, age_years=20 + rev))
    await tablet.settled()


async def test_an_alarm_never_waits_behind_what_another_case_has_screened_again(
    tmp_path: Path,
) -> None:
    """Sixty snapshots and forty changes of age held another ambulance's alarm back for 53 s."""
    held = HeldScreener()
    async with (
        a_world(tmp_path, Adapters(screener=held), screen_every_s=600) as world,
        world.tablet("救急1") as much,
        world.tablet("救急2") as little,
        await world.http(None) as anybody,
    ):
        await _a_case_that_fills_the_queue(world, much, held)
        ready = (await anybody.get("/readyz")).json()["screening"]
        assert (ready["unit"], ready["of_unit"] >= 29) == ("救急1", True)

        spec = little.open()
        await little.follow(spec.incident)
        await little.record(spec.stream, range(8), ELEVATED)
        await little.snapshot(spec, 0, 1000)
        await little.notice("snapshot-stored")
        held.gate.set()
        await little.notice("alert-raised", 120)
        await _screened(much, 61)  # thirty, thirty again, and what was under way once more

        assert held.begun.index("A") <= 1, "at most what was under way goes before it"
        assert world.relay.screening.screening.queue.backlog().waiting == 0
        assert held.begun.count("E") <= 31, "each once, and what was under way once more"
        async with world.relay.records.read() as records:
            (facts,) = await records.cases.facts([n.incident for n in much.notices("screened")[:1]])
        ages = {r.body["age"] for r in facts.snapshot_reports.values()}
        assert ages == {40}, "all were screened with the newest card"


async def test_an_operator_is_told_whose_screenings_fill_the_queue(
    tmp_path: Path,
) -> None:
    """The age of the oldest first screening, by its own clock."""
    held = HeldScreener()
    async with (
        a_world(tmp_path, Adapters(screener=held), screen_every_s=600) as world,
        world.tablet("救急1") as much,
        await world.http(None) as anybody,
    ):
        spec = much.open()
        await much.follow(spec.incident)
        await much.record(spec.stream, range(8), CALM)
        held.gate.clear()
        try:
            for n in range(5):
                await much.snapshot(spec, n, 900)
            await much.until(lambda: len(much.notices("snapshot-stored")) == 5, PATIENCE_S)
            ready: dict[str, object] = {}
            async with asyncio.timeout(PATIENCE_S):
                while not ready.get("oldest_s"):
                    ready = (await anybody.get("/readyz")).json()["screening"]
                    await asyncio.sleep(0.05)
            assert (ready["unit"], ready["of_unit"], ready["waiting"]) == ("救急1", 4, 4)
        finally:
            held.gate.set()
        await _screened(much, 5)


class HeldPasswords(ArgonPasswords):
    """Passwords behind a gate; counts what is hashed."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_kib=8, parallelism=1)
        self.gate = threading.Event()
        self.gate.set()
        self.hashed: list[str] = []

    def _ask(self, **told: str) -> str | bool:
        if "stored" in told:
            self.hashed.append(told["password"])
            assert self.gate.wait(PATIENCE_S)
        return super()._ask(**told)


async def test_a_wrong_password_whose_sender_has_hung_up_is_not_hashed(tmp_path: Path) -> None:
    """300 of them made a right one wait for 46.8 s."""
    held = HeldPasswords()
    adapters = Adapters(passwords=held)
    async with a_world(tmp_path, adapters, sign_in_burst=500) as world:
        held.gate.clear()
        strangers = [await world.http(None) for _ in range(40)]
        try:
            tries = [
                asyncio.create_task(
                    one.post("/api/session", json={"name": f"n{n}", "password": "wrong"})
                )
                for n, one in enumerate(strangers)
            ]
            waiting = held._threads._turns
            await soon(lambda: len(waiting) == 39 and held.hashed)
            for one in tries:
                one.cancel()
            await asyncio.gather(*tries, return_exceptions=True)
            await soon(lambda: len(waiting) == 0)
        finally:
            held.gate.set()
        async with await world.http(None) as right:
            answer = await right.post("/api/session", json={"name": "sato", "password": PASSWORD})

        assert answer.status_code == 200
        assert held.hashed == ["wrong", PASSWORD], "one was under way; the rest was for nobody"


async def test_a_callers_picture_does_not_wait_behind_another_callers(world: World) -> None:
    """Twelve crafted pictures of one phone: another's waited for 54.7 s. Here the decoder is held by the first."""
    pictures, gate = world.relay.calls.pictures._remaking, threading.Event()
    held = [
        asyncio.create_task(pictures._threads.run("call:much", "", lambda: gate.wait(PATIENCE_S)))
        for _ in range(8)
    ]
    await asyncio.sleep(0)
    try:
        assert await asyncio.wait_for(pictures.clean(a_jpeg(), "call:little"), PATIENCE_S)
        more = [asyncio.create_task(pictures.clean(a_jpeg(), "call:much")) for _ in range(3)]
        await soon(lambda: sum(one.done() for one in held) == 2)
    finally:
        gate.set()
    ends = await asyncio.gather(*held, return_exceptions=True)
    refused = [end for end in ends if isinstance(end, TooMany)]
    assert [str(one)[:17] for one in refused] == ["Too many pictures"] * 2
    assert all(await asyncio.gather(*more))


async def test_a_link_beyond_its_credit_is_told_why_and_read_more_slowly_and_keeps_its_ecg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pings and tiny frames of one tablet made others' ECG wait for a second."""
    monkeypatch.setattr("relay.services.tablets.links.MOST_TEXTS", 50.0)
    monkeypatch.setattr("relay.services.tablets.links.MOST_FRAMES", 100.0)
    async with a_world(tmp_path) as world, world.tablet("救急1") as much:
        spec = much.open()
        await much.record(spec.stream, range(300), n=2)
        for n in range(60):
            await much.socket.send(m.to_text(m.Ping(n + 1)))
        refusal = await much.refusal(120)
        assert (refusal.code, refusal.stream, refusal.event) == ("too-many", None, None)
        await much.stored(spec.stream, PATIENCE_S)
        assert much.close_code is None

        async with world.tablet("救急2") as little:
            other = little.open()
            await little.record(other.stream, range(4))
            await little.stored(other.stream, PATIENCE_S)
            assert not [r for r in little.heard if isinstance(r, m.Refusal)]
        waits, clock = world.relay.tablets.links._texts._credits, world.relay.clock
        before_s = clock.monotonic_s()
        had = waits.left("救急1", before_s)
        async with world.tablet("救急1") as again:
            assert again.close_code is None
            now_s = clock.monotonic_s()
            back = TEXTS_PER_S * (now_s - before_s)
            assert waits.left("救急1", now_s) <= had + back, "dialling again gives nothing back"


async def test_pages_that_say_too_much_are_told_so_and_an_account_has_so_many_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.services.pages.registry.MOST_WORDS", 10.0)
    monkeypatch.setattr("relay.services.pages.registry.MOST_OF_AN_ACCOUNT", 2)
    async with (
        a_world(tmp_path) as world,
        world.page("sato") as one,
        world.page("sato") as two,
        world.page("sato") as too_many,
        world.page("ito") as other,
    ):
        code, reason = await too_many.closed()
        assert (code, reason) == (4029, "Your account has 2 pages open; close some.")
        for n in range(12):
            await one.say({"kind": "ping", "page_us": n + 1})
        told = await one.until(lambda t: t["kind"] == "refusal")
        assert told["code"] == "too-many"
        for page in (two, other):
            await page.say({"kind": "ping", "page_us": 7})
            await page.until(lambda t: t["kind"] == "pong" and t["page_us"] == 7)


async def test_an_account_with_every_place_of_a_room_makes_room_for_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen connections of one account kept the dispatcher out of the call."""
    sessions, room = world.relay.cabin.cabins._sessions, uuid4()
    monkeypatch.setattr(sessions._rights, "hold", lambda *_: None)  # these have no sign-in to lose
    much, little = (Watcher(n, n, False, ()) for n in ("much", "dispatcher"))
    first, *others = [
        await sessions.watch(room, much, b"v=0", Relation.CABIN, room) for _ in range(16)
    ]
    let_in = await sessions.watch(room, little, b"v=0", Relation.CABIN, room)

    open_now = world.plane.viewers
    assert first.session not in open_now
    assert {let_in.session, *(one.session for one in others)} <= open_now.keys()
    await sessions.watch(room, much, b"v=0", Relation.CABIN, room)
    assert let_in.session in open_now, "whoever holds most makes room, not whoever came last"
    assert others[0].session not in open_now
    for n in range(20):
        watcher = replace(little, name=f"person {n}")
        if n < 14:
            await sessions.watch(room, watcher, b"v=0", Relation.CABIN, room)
        else:
            with pytest.raises(TooMany, match="as many viewers"):
                await sessions.watch(room, watcher, b"v=0", Relation.CABIN, room)


async def test_one_tablet_cannot_take_every_cabin(world: World) -> None:
    """199 cabins of one tablet refused all 119 video."""
    cabins = world.relay.cabin.cabins
    device = await world.relay.people.people.device(world.tokens["救急1"])
    cases = []
    async with world.tablet("救急1") as tablet:
        for _ in range(4):
            spec = tablet.open()
            await tablet.record(spec.stream, range(1))
            await tablet.stored(spec.stream)
            cases.append(spec.incident)
            await cabins.publish(device, spec.incident, b"v=0")
            await cabins.publish(device, spec.incident, b"v=0")  # a reconnect takes no second place

    assert [c for c in cases if room_of(c) in world.plane.publishers] == cases[2:]
