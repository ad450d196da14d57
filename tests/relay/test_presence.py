"""What is so now: which pages can ring and who looks; proved every few seconds, and gone when not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from relay.model.clock import SystemClock
from relay.model.people import Person, Role
from relay.protocol import feed
from relay.protocol import messages as m
from relay.services.ground.presence import PROVED_FOR_S, SETTLING_S, Presence
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.relay.call_world import SDP, a_desk
from tests.relay.test_http import a_case
from tests.relay.world import CALM, PASSWORD, Page, Tablet, World, a_world

SATO = Person("sato", "Dr sato", Role.CARDIOLOGIST, "chuo")
MORI = Person("mori", "Dr mori", Role.CARDIOLOGIST, "daiichi")
CASE = UUID(int=7)


class HandClock(SystemClock):
    """Stands still until it is moved."""

    s = 1_000.0

    def monotonic_s(self) -> float:
        """The moved time."""
        return self.s

    def now_us(self) -> int:
        """The same as wall time."""
        return round(self.s * 1e6)


def armed(audio_ms: int, **more: Any) -> feed.Console:
    return feed.Console(armed=True, audio_ms=audio_ms, **more)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def presence(clock: HandClock) -> Presence:
    made = Presence(clock)
    clock.s += SETTLING_S + 1
    return made


def test_armed_is_proved_again_or_it_is_over(presence: Presence, clock: HandClock) -> None:
    presence.joined(1, SATO, "chuo-1")
    presence.told(1, armed(100))
    assert presence.is_armed(1)
    for step in range(5):
        clock.s += 3
        presence.told(1, armed(3_100 + 3_000 * step))
        presence.check()
        assert presence.is_armed(1)
    clock.s += PROVED_FOR_S + 0.1
    presence.check()
    assert not presence.is_armed(1)
    assert presence.armed == 0


def test_a_sound_whose_clock_stands_still_is_silent(presence: Presence, clock: HandClock) -> None:
    """The page says armed with every beat; its audio graph does not run."""
    presence.joined(1, SATO, "chuo-1")
    for _ in range(8):
        presence.told(1, armed(5_000))
        clock.s += 3
        presence.check()
    assert not presence.is_armed(1)
    (lost,) = presence.consoles({"chuo"}).lost
    assert (lost.who, lost.why) == ("Dr sato", "silent")


def test_a_page_that_says_it_is_silent_is_silent_at_once(presence: Presence) -> None:
    presence.joined(1, SATO, "chuo-1")
    presence.told(1, armed(100))
    presence.told(1, feed.Console(armed=False))
    assert not presence.is_armed(1)


def test_a_console_that_goes_is_told_to_its_own_hospital_and_only_after_a_redial_failed(
    presence: Presence, clock: HandClock
) -> None:
    presence.joined(1, SATO, "chuo-1")
    presence.joined(2, MORI, "daiichi-1")
    presence.told(1, armed(100))
    presence.told(2, armed(100))
    presence.left(1)
    clock.s += 4
    presence.check()
    assert presence.consoles({"chuo"}).lost == ()
    presence.joined(3, SATO, "chuo-1")  # the line broke and came back
    presence.told(3, armed(4_000))
    clock.s += 8
    presence.told(3, armed(12_000))
    presence.check()
    assert presence.consoles({"chuo"}).lost == ()
    presence.left(3)
    clock.s += 12
    presence.told(2, armed(25_000))
    presence.check()
    (lost,) = presence.consoles({"chuo"}).lost
    assert lost.why == "gone"
    assert clock.now_us() - lost.since_us == pytest.approx(12e6, abs=1e6)
    assert presence.consoles({"daiichi"}).lost == ()
    presence.joined(4, SATO, "chuo-1")
    presence.told(4, armed(1))
    assert presence.consoles({"chuo"}).lost == ()


def test_signing_out_is_no_loss(presence: Presence, clock: HandClock) -> None:
    presence.joined(1, SATO, "chuo-1")
    presence.told(1, armed(100))
    presence.ended("chuo-1")
    presence.left(1)
    clock.s += 60
    presence.check()
    assert presence.consoles({"chuo"}).lost == ()


def test_after_a_start_nobody_is_called_missing(clock: HandClock) -> None:
    presence = Presence(clock)
    assert presence.consoles({"chuo"}).known is False
    clock.s += SETTLING_S + 1
    assert presence.consoles({"chuo"}).known is True


def test_two_look_and_one_leaves(presence: Presence, clock: HandClock) -> None:
    touched: list[UUID] = []
    presence.on_looking = touched.append
    presence.joined(1, SATO, "chuo-1")
    presence.joined(2, MORI, "daiichi-1")
    presence.told(1, feed.Console(armed=False, incident=CASE))
    clock.s += 1
    presence.told(2, feed.Console(armed=False, incident=CASE, snapshot=UUID(int=9)))
    assert [x.who for x in presence.looking(CASE)] == ["Dr sato", "Dr mori"]
    assert presence.looking(uuid4()) == []
    presence.told(1, feed.Console(armed=False))
    assert [x.who for x in presence.looking(CASE)] == ["Dr mori"]
    clock.s += PROVED_FOR_S + 0.1
    presence.check()
    assert presence.looking(CASE) == []
    assert touched == [CASE] * 4


async def test_the_crew_hears_who_looks_now_and_when_that_ends(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), CALM)
        await tablet.stored(spec.stream)
        async with world.page("sato") as page, world.page("mori") as foreign:
            look = {"kind": "console", "armed": True, "audio_ms": 5, "incident": str(spec.incident)}
            await foreign.say(look)
            refusal = await foreign.until(lambda t: t["kind"] == "refusal")
            assert refusal["code"] == "not-found"
            await page.say(look)
            row = await page.until(lambda t: t["kind"] == "incident" and t["incident"]["looking"])
            assert [x["who"] for x in row["incident"]["looking"]] == ["Dr sato"]
            seen = await tablet.until(lambda: attention(tablet, lambda a: a.looking))
            assert [x.who for x in seen.looking] == ["Dr sato"]
            assert seen.armed == 1
        await tablet.until(lambda: not attention(tablet, lambda _a: True).looking)


def attention(tablet: Tablet, wanted: Any) -> Any:
    """The newest attention told to the tablet, where it is wanted."""
    newest = [x for x in tablet.heard if isinstance(x, m.Attention)][-1:]
    return newest[0] if newest and wanted(newest[0]) else None


async def test_the_relay_beats_and_says_whom_it_takes_for_armed(world: World) -> None:
    async with world.page("sato") as page, world.page("ito") as other:
        await page.until(lambda t: t["kind"] == "beat" and not t["armed"])
        await page.say({"kind": "console", "armed": True, "audio_ms": 5})
        told = await page.until(lambda t: t["kind"] == "beat" and t["armed"])
        assert (told["armed_pages"], told["pages"]) == (1, 2)
        await other.until(lambda t: t["kind"] == "beat" and t["armed_pages"] == 1)
        assert not any(t["armed"] for t in other.texts if t["kind"] == "beat")
        assert world.relay.pages.registry.armed == 1


async def test_every_row_can_age_by_itself(world: World) -> None:
    """The beat carries the age of each recording of one's own hospital, and of no other."""
    async with (
        world.tablet() as tablet,
        world.page("sato") as page,
        world.page("mori") as foreign,
    ):
        spec = tablet.open()
        await tablet.record(spec.stream, range(8), CALM)
        await tablet.stored(spec.stream)
        key = str(spec.stream)
        first = await page.until(lambda t: t["kind"] == "beat" and key in t["ages_ms"])
        later = await page.until(
            lambda t: (
                t["kind"] == "beat" and t["ages_ms"].get(key, 0) > first["ages_ms"][key] + 2_000
            )
        )
        assert later["beat"] > first["beat"]
        await foreign.until(lambda t: t["kind"] == "beat" and t["beat"] >= later["beat"])
        assert not any(t["ages_ms"] for t in foreign.texts if t["kind"] == "beat")


class MovableClock(SystemClock):
    """The system's clock with the wall time moved on by hand."""

    moved_us = 0

    def now_us(self) -> int:
        """The moved time."""
        return super().now_us() + self.moved_us


async def rested(world: World, clock: MovableClock, page: Page) -> None:
    await page.until(lambda t: t["kind"] == "welcome")
    clock.moved_us += 16 * 60_000_000
    assert (await page.closed())[0] == 4003


async def test_a_page_that_nobody_touches_rests_and_rings_on(tmp_path: Path) -> None:
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, world.tablet() as tablet:
        async with world.page("sato") as page:
            await rested(world, clock, page)
        async with world.page("sato") as page:
            welcome = await page.until(lambda t: t["kind"] == "welcome")
            assert welcome["rests"] is True
            await page.say({"kind": "console", "armed": True, "audio_ms": 5})
            await page.until(lambda t: t["kind"] == "beat" and t["armed"])
            spec = tablet.open()
            await tablet.event(spec.incident, m.PatientCard(rev=1, age_years=67, sex="M"))
            await tablet.record(spec.stream, range(8), CALM)
            await tablet.snapshot(spec, 0, 1000)
            row = await page.until(lambda t: t["kind"] == "incident" and t["incident"]["call"])
            assert row["incident"]["call"]["level"] == "hand"
            rows = [t["incident"] for t in page.texts if t["kind"] == "incident"]
            assert all(one["patient"] is None and one["statement_ja"] is None for one in rows)
            assert {t["kind"] for t in page.texts} <= {"welcome", "beat", "incident"}
            await page.say({"kind": "watch", "stream": str(spec.stream), "look_back_s": 5})
            refused = await page.until(lambda t: t["kind"] == "refusal")
            assert refused["code"] == "session-rests"
            asked = len(page.texts)
            await page.until(
                lambda t: t["kind"] == "beat" and t["armed"] and page.texts.index(t) >= asked
            )  # it rings on
            assert page.frames == []


async def test_a_resting_session_shows_nothing_by_http_and_wakes_with_the_password(
    tmp_path: Path,
) -> None:
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, await world.http("sato") as http:
        clock.moved_us = 16 * 60_000_000
        refused = await http.get("/api/incidents")
        assert (refused.status_code, refused.json()["code"]) == (401, "session-rests")
        wrong = await http.post("/api/session/wake", json={"password": "something else"})
        assert wrong.status_code == 401
        assert (await http.get("/api/incidents")).status_code == 401
        right = await http.post("/api/session/wake", json={"password": PASSWORD})
        assert (right.status_code, right.json()["name"]) == (200, "sato")
        assert (await http.get("/api/incidents")).status_code == 200


async def test_a_hand_on_the_page_keeps_it_and_messages_by_themselves_do_not(
    tmp_path: Path,
) -> None:
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "welcome")
        for minutes in (14, 28, 42):
            clock.moved_us = minutes * 60_000_000
            await page.say({"kind": "console", "armed": False, "input": True})
            await page.say({"kind": "ping", "page_us": minutes})
            await page.until(lambda t, n=minutes: t["kind"] == "pong" and t["page_us"] == n)
        clock.moved_us = 55 * 60_000_000
        await page.say({"kind": "console", "armed": False})
        clock.moved_us = 58 * 60_000_000
        assert (await page.closed())[0] == 4003


async def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(tmp_path: Path) -> None:
    """An unattended page with a 119 call on it: it goes on asking, and its looking ends all the same."""
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world:
        desk = await a_desk(world)
        await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
        path = f"/api/calls/{desk.call}"
        async with await world.http("sato") as doctor, await world.http("kato") as caller_desk:
            for http in (doctor, caller_desk):
                made = await http.post(f"{path}/whep", content="v=0", headers=SDP)
                assert made.status_code == 201
            for minutes in range(3, 15, 3):
                clock.moved_us = minutes * 60_000_000
                assert (await doctor.get("/api/incidents")).status_code == 200
                assert (await doctor.get(path)).status_code == 200
                assert (await caller_desk.get(f"{path}/stats")).status_code == 200
                assert (await caller_desk.get("/api/calls")).status_code == 200
            clock.moved_us = 16 * 60_000_000
            for http, asked in ((doctor, path), (caller_desk, f"{path}/stats")):
                refused = await http.get(asked)
                assert (refused.status_code, refused.json()["code"]) == (401, "session-rests")
            async with asyncio.timeout(PATIENCE_S):
                while world.plane.viewers:  # nobody sees the caller any more
                    await asyncio.sleep(0.05)
            assert world.plane.publishers == {}
            async with world.page("kato") as page:
                assert (await page.closed())[
                    0
                ] == 4004  # a desk has no alarm: it asks for its person


async def test_what_a_person_presses_keeps_the_session_and_what_the_page_says_by_itself_does_not(
    tmp_path: Path,
) -> None:
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, await world.http("sato") as http:
        case = await a_case(world)
        path = f"/api/incidents/{case['incident']}"
        for minutes in (14, 28, 42):
            clock.moved_us = minutes * 60_000_000
            assert (await http.post(f"{path}/notes", json={"text": "x"})).status_code == 201
        clock.moved_us = 55 * 60_000_000
        shown = await http.post(f"{path}/opened", json={"snapshot": None})
        assert shown.status_code == 200
        clock.moved_us = 58 * 60_000_000
        assert (await http.get(path)).json()["code"] == "session-rests"


async def test_a_page_hears_when_it_will_rest(tmp_path: Path) -> None:
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "welcome")
        clock.moved_us = 14 * 60_000_000 + 20_000_000
        told = await page.until(lambda t: t["kind"] == "beat" and t["rests_in_s"] is not None)
        soon = await page.until(lambda t: t["kind"] == "beat" and (t["rests_in_s"] or 999) <= 40)
        assert told["rests_in_s"] > 0
        assert soon["rests_in_s"] >= 10
        await page.say({"kind": "console", "armed": False, "input": True})
        await page.until(lambda t: t["kind"] == "beat" and (t["rests_in_s"] or 0) > 800)


@pytest.mark.parametrize(
    ("act", "why"),
    [("disable", "account-disabled"), ("password", "password-changed"), ("age", "too-old")],
)
async def test_the_end_of_a_session_is_said_in_words(tmp_path: Path, act: str, why: str) -> None:
    clock = MovableClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "welcome")
        if act == "disable":
            await world.relay.people.people.disable("sato", "root")
        elif act == "password":
            await world.relay.people.people.set_password("sato", "another long password", "root")
        else:
            clock.moved_us = 8 * 86_400_000_000
        code, reason = await page.closed()
        assert (code, reason.partition(":")[0]) == (4001, why)


async def test_a_database_that_is_away_ends_no_page(world: World) -> None:
    """Sessions cannot be asked for a while: nobody is signed out, and beats go on."""
    async with world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "welcome")
        people = world.relay.people.people
        real = people.standings
        asked = asyncio.Event()

        async def away(_hashes: Any) -> Any:
            from relay.errors import Unavailable

            asked.set()
            raise Unavailable("The database does not answer.")

        people.standings = away  # type: ignore[method-assign]
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        people.standings = real  # type: ignore[method-assign]
        seen = len([t for t in page.texts if t["kind"] == "beat"])
        await page.until(
            lambda t: (
                t["kind"] == "beat"
                and len([x for x in page.texts if x["kind"] == "beat"]) > seen + 1
            )
        )
