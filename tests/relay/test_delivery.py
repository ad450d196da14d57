"""An alarm is told outside the pages: once, to every destination, again where it failed, without a word about the patient."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from relay.alerts.port import HandedOver, Message, TryLater
from relay.errors import BadInput, Unavailable
from relay.model.alert import Alert
from relay.model.clock import SystemClock
from relay.model.incident import Incident
from relay.model.letter import Addressee, Letter
from relay.model.timeline import Stage
from relay.protocol import messages as m
from relay.services.alarm import delivery, letters
from relay.services.alarm.delivery import Delivery
from relay.services.alarm.letters import Destination, LetterWords, about_alert
from relay.settings import Settings
from relay.wiring.adapters import Adapters
from relay.wiring.relay import open_relay
from relay.wiring.ways_out import destinations_of
from tests.patience import PATIENCE_S
from tests.relay.test_alerts import alarmed, soon
from tests.relay.world import ELEVATED, World, a_world, audited


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not ready():
            await asyncio.sleep(0.02)


def lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


async def test_an_alarm_is_told_once_without_a_word_about_the_patient(tmp_path: Path) -> None:
    told = tmp_path / "alerts.log"
    async with (
        a_world(tmp_path / "data", alert_channels=f"log-file:{told}") as world,
        world.tablet() as tablet,
    ):
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.event(spec.incident, m.PatientCard(1, age_years=61, sex="M", history="喘息"))
        await tablet.record(spec.stream, range(8), ELEVATED)
        await tablet.snapshot(spec, 0, 1000)
        raised = await tablet.notice("alert-raised")
        await soon(world, "alert-sent", 1)
        await tablet.snapshot(spec, 0, 1000)
        await tablet.until(lambda: len(tablet.notices("screened")) >= 2)
        assert await audited(world, "alert-sent") == [{"channel": "log-file"}]
    (line,) = lines(told)
    assert str(raised.data["alert"]) in line
    statement = str(raised.data["statement_en"])
    for secret in (str(spec.incident), "救急1", "61", "喘息", statement, "tier"):
        assert secret not in line.replace(str(raised.data["alert"]), "").split("UTC")[0], secret


async def test_a_channel_that_fails_is_tried_again_until_it_takes_it(tmp_path: Path) -> None:
    told = tmp_path / "not" / "yet" / "alerts.log"
    async with (
        a_world(tmp_path / "data", alert_channels=f"log-file:{told}") as world,
        world.tablet() as tablet,
    ):
        await alarmed(world, tablet)
        await asyncio.sleep(0.3)
        assert await audited(world, "alert-sent") == []
        told.parent.mkdir(parents=True)
        await until(lambda: len(lines(told)) == 1)
        await soon(world, "alert-sent", 1)


async def test_an_alarm_that_rings_from_memory_is_told_too_and_once(world: World) -> None:
    """As ``Alerting`` says it: once where it rings, once more where it is stored."""
    alert = an_alert(world)
    channel = _Channel([])
    made = a_delivery(world, [channel])
    made.rang_unstored(alert)
    made.rang_unstored(alert)
    work = asyncio.create_task(made.run())
    await soon(world, "alert-sent", 1)
    work.cancel()
    assert len(channel.texts) == 1


async def test_a_slow_channel_holds_back_no_other_and_a_refusal_is_written_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "GIVE_UP_US", 1_500_000)
    monkeypatch.setattr(delivery, "SEND_TIMEOUT_S", 0.2)
    slow, refusing, good = (
        _Channel([3600.0] * 9),
        _Channel([BadInput("No such number.")]),
        _Channel([]),
    )
    late = _Channel([Unavailable("Nobody answers."), Unavailable("Nobody answers.")])
    made = a_delivery(world, [slow, refusing, good, late])
    work = asyncio.create_task(made.run())
    made.rang_unstored(an_alert(world))
    await soon(world, "alert-sent", 1)
    await soon(world, "alert-not-sent", 3)
    work.cancel()
    assert len(good.texts) == 1
    reasons = {row["reason"] for row in await audited(world, "alert-not-sent")}
    assert reasons == {"No such number.", "Nobody answers.", "way-slow"}


async def stored(world: World, *letters: Letter) -> None:
    """Put letters of a case that is there."""
    case = Incident(letters[0].incident, "救急1", 1, frozenset({"chuo"}))
    async with world.relay.records.begin() as tx:
        await tx.cases.put_incident(case)
        for letter in letters:
            assert await tx.outbox.put(letter)


def some_letters(world: World, count: int, **more: object) -> list[Letter]:
    """Letters to ways ``own-0``, ``own-1`` …, of one case."""
    now_us, case = world.relay.clock.now_us(), uuid4()
    places = [Addressee("chuo", 1, "sato", f"own-{n}", "+81-90") for n in range(count)]
    alert = replace(an_alert(world), incident=case)
    made = [about_alert(alert, place, now_us, wait_us=60_000_000) for place in places]
    return [replace(letter, **more) for letter in made]  # type: ignore[arg-type]


async def told(world: World, case: UUID, stage: Stage, count: int) -> list[dict[str, object]]:
    """What the timeline says, once it says it so often."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with world.relay.records.read() as records:
                lines = await records.cases.timeline(case)
            found = [dict(line.data) for line in lines if line.stage is stage]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def test_the_timeline_says_who_was_told_by_which_way_and_why_one_was_not(
    world: World,
) -> None:
    good, broken = _Channel([]), _Channel([ValueError("+81-90 is private")] * 9)
    knows(world, [good, broken])
    ok, breaks, unknown = some_letters(world, 3)
    late = replace(ok, id=uuid4(), give_up_at_us=1)
    await stored(
        world, ok, replace(breaks, give_up_at_us=breaks.put_at_us + 3_000_000), unknown, late
    )
    (said,) = await told(world, ok.incident, Stage.TOLD, 1)
    missed = await told(world, ok.incident, Stage.NOT_TOLD, 3)
    assert (said["channel"], said["told"], said["letter"]) == ("own-0", "Dr sato", str(ok.id))
    assert {m["cause"] for m in missed} == {"way-broke", "way-unknown", "way-too-late"}
    assert "+81" not in str(missed)
    assert good.ids == [str(ok.id)]
    assert "https://relay.example/#" in good.texts[0]


async def test_a_peer_that_asks_for_a_pause_is_left_alone_so_long(world: World) -> None:
    busy = _Channel([TryLater("Busy.", 50.0, "way-busy")])
    knows(world, [busy])
    (letter,) = some_letters(world, 1)
    await stored(world, letter)

    async def waits() -> Letter | None:
        async with world.relay.records.read() as records:
            return await records.outbox.letter(letter.id)

    async with asyncio.timeout(PATIENCE_S):
        while not (now := await waits()) or not now.reason:
            await asyncio.sleep(0.02)
    assert (now.reason, now.tries, now.holder) == ("way-busy", 1, "")
    assert 45e6 < now.next_try_at_us - letter.put_at_us < 70e6


@pytest.mark.parametrize("answers", [[], [Unavailable("Nobody answers.")]])
async def test_an_alarm_is_not_given_up_because_the_clock_was_set(
    tmp_path: Path, answers: list[float | Exception]
) -> None:
    """The wall clock jumps an hour while the letter waits; the next one, put after the jump, has its own ten minutes."""
    clock = SetAhead()
    async with a_world(tmp_path / "data", Adapters(clock=clock)) as world:
        channel = _Channel([TryLater("Busy.", 1.0, "way-busy"), *answers])
        knows(world, [channel])
        (letter,) = some_letters(world, 1)
        await stored(world, letter)
        await until(lambda: len(channel.ids) == 1)
        clock.ahead_us = 3_600_000_000
        await told(world, letter.incident, Stage.TOLD, 1)
        assert channel.ids == [str(letter.id)] * (2 + len(answers))
        assert min(channel.expires) > 30, "a push service drops what has no time left"
        (late,) = some_letters(world, 1, give_up_at_us=letter.give_up_at_us)
        await stored(world, late)
        (missed,) = await told(world, late.incident, Stage.NOT_TOLD, 1)
        assert missed["cause"] == "way-too-late"


async def test_a_letter_that_cannot_be_claimed_is_sent_all_the_same_and_once(
    tmp_path: Path,
) -> None:
    """Another program holds the database from before the claim until long after the sending."""
    async with a_world(tmp_path / "data") as world:
        channel = _Channel([])
        (letter,) = some_letters(world, 1)
        letter = replace(letter, next_try_at_us=letter.put_at_us + 2_000_000)
        await stored(world, letter)
        holder = sqlite3.connect(tmp_path / "data" / "records.sqlite", timeout=30)
        holder.execute("BEGIN IMMEDIATE")
        knows(world, [channel])
        await until(lambda: bool(channel.ids))
        holder.rollback()
        holder.close()
        await told(world, letter.incident, Stage.TOLD, 1)
        assert channel.ids == [str(letter.id)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log-fil:/x", "did you mean log-file"),
        ("fax:123", "there are: log-file"),
        ("sms:abc", "telephone number"),
        ("mail:nobody", "one mailbox"),
        ("webhook:ftp://x", "takes an address"),
        ("web-push:x", "id of a device"),
        ("log-file:x", "whole path"),
    ],
)
async def test_a_channel_that_there_is_not_stops_the_start(
    text: str, said: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", alert_channels=(text,))
    with pytest.raises(BadInput, match=said):
        destinations_of(settings)
    with pytest.raises(BadInput, match=said):
        async with open_relay(settings):
            pass
    assert not (tmp_path / "data").exists(), "it stops before anything is made"


def an_alert(world: World, incident: UUID | None = None) -> Alert:
    return Alert(
        id=uuid4(), incident=incident or uuid4(), stream=uuid4(), snapshot=uuid4(), tier="A",
        statement_ja="", statement_en="", raised_at_us=world.relay.clock.now_us(),
    )  # fmt: skip


def knows(world: World, channels: list[_Channel]) -> None:
    """From now on the world's own worker has these ways."""
    for n, channel in enumerate(channels):
        channel.name = f"own-{n}"
    worker = world.relay.alarm.delivery
    worker._ways = {channel.name: channel for channel in channels}
    worker._words = LetterWords("site", "https://relay.example")


def a_delivery(world: World, channels: list[_Channel], name: str = "other") -> Delivery:
    """A second worker on the world's database, with ways of the test's own."""
    for n, channel in enumerate(channels):
        channel.name = f"own-{n}"
    ways = {channel.name: channel for channel in channels}
    places = [Destination(channel.name, "+81-90") for channel in channels]
    words = LetterWords("site", "https://relay.example")
    return Delivery(world.relay.ground.journal, ways, places, words, name)


class SetAhead(SystemClock):
    """The machine's clock after somebody has set it ahead; its seconds go on as they were."""

    ahead_us = 0

    def now_us(self) -> int:
        return super().now_us() + self.ahead_us


class _Channel:
    """A channel of the test's own, which answers as it was told: seconds to wait, or an error."""

    name, about = "own", "Of a test."

    def __init__(self, answers: list[float | Exception]) -> None:
        self.answers, self.texts, self.ids = answers, list[str](), list[str]()
        self.expires = list[float]()

    def check(self, to: str) -> None:
        """Anything is an address."""

    async def send(self, message: Message, to: str) -> HandedOver:
        answer = self.answers.pop(0) if self.answers else 0.0
        self.ids.append(message.id)
        self.expires.append(message.expires_in_s)
        if isinstance(answer, Exception):
            raise answer
        await asyncio.sleep(answer)
        self.texts.append(message.text)
        return HandedOver()
