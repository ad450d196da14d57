"""An alarm is told outside the pages: once, to every destination, again where it failed, without a word about the patient."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from relay.alerts.port import HandedOver
from relay.errors import BadInput, Unavailable
from relay.model.alert import Alert
from relay.protocol import messages as m
from relay.services.alarm import delivery
from relay.services.alarm.delivery import Delivery, Destination
from relay.settings import Settings
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
    alert = an_alert()
    channel = _Channel([])
    made = Delivery(world.relay.ground.late, [Destination(channel, "x")], "site")
    made.rang(alert)
    made.rang(alert)
    work = asyncio.create_task(made.run())
    await soon(world, "alert-sent", 1)
    work.cancel()
    assert len(channel.texts) == 1


async def test_a_slow_channel_holds_back_no_other_and_a_refusal_is_written_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GIVE_UP_S", 0.0)
    slow, refusing, good = _Channel([3600.0]), _Channel([BadInput("No such number.")]), _Channel([])
    late = _Channel([Unavailable("Nobody answers."), Unavailable("Nobody answers.")])
    ways = [Destination(c, "+81-90") for c in (slow, refusing, good, late)]
    made = Delivery(world.relay.ground.late, ways, "site")
    work = asyncio.create_task(made.run())
    made.rang(an_alert())
    await soon(world, "alert-sent", 1)
    await soon(world, "alert-not-sent", 2)
    work.cancel()
    assert len(good.texts) == 1
    reasons = {row["reason"] for row in await audited(world, "alert-not-sent")}
    assert reasons == {"No such number.", "Nobody answers."}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log-fil:/x", "did you mean log-file"),
        ("fax:123", "there are: log-file"),
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


def an_alert() -> Alert:
    return Alert(
        id=uuid4(), incident=uuid4(), stream=uuid4(), snapshot=uuid4(), tier="A",
        statement_ja="", statement_en="", raised_at_us=0,
    )  # fmt: skip


class _Channel:
    """A channel of the test's own, which answers as it was told: seconds to wait, or an error."""

    name, about = "own", "Of a test."

    def __init__(self, answers: list[float | Exception]) -> None:
        self._answers, self.texts = answers, list[str]()

    def check(self, to: str) -> None:
        """Anything is an address."""

    async def send(self, text: str, to: str) -> HandedOver:
        answer = self._answers.pop(0) if self._answers else 0.0
        if isinstance(answer, Exception):
            raise answer
        await asyncio.sleep(answer)
        self.texts.append(text)
        return HandedOver()
