"""What is said to groups of pages, and what happens where something said was lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from relay.model.call import Call, CallFacts
from relay.model.news import CallChanged
from relay.services.cases.cases import Cases
from relay.services.pages.audience import Audience, Shows, hospital_pages, resting_pages
from tests.relay.world import World, a_world


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr("relay.services.pages.calls_publisher.MOST_WAITING", 2)
    async with a_world(tmp_path) as made:
        yield made


class Notebook:
    """A page that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Shows | None]] = []
        self.again = 0

    def hear(self, text: str, shows: Shows | None) -> None:
        self.heard.append((text, shows))

    def read_again(self) -> None:
        self.again += 1


def test_a_group_hears_what_is_said_to_it_and_nothing_else() -> None:
    audience, chuo, kita, both = Audience(), Notebook(), Notebook(), Notebook()
    audience.join(chuo, hospital_pages("chuo"))
    audience.join(kita, hospital_pages("kita"))
    audience.join(both, hospital_pages("chuo"), hospital_pages("kita"))
    shows = Shows(UUID(int=1), "cases-listed")
    audience.say(hospital_pages("chuo"), "one", shows)
    audience.say(hospital_pages("kita"), "two")
    audience.say(resting_pages("chuo"), "three")
    audience.everybody_reads_again()
    audience.leave(both)
    audience.say(hospital_pages("kita"), "four")
    assert chuo.heard == [("one", shows)]
    assert kita.heard == [("two", None), ("four", None)]
    assert both.heard == [("one", shows), ("two", None)]
    assert [page.again for page in (chuo, kita, both)] == [1, 1, 1]


async def test_a_page_that_is_gone_is_kept_nowhere(world: World) -> None:
    async with world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "beat")
        assert world.relay.pages.audience._groups
    while world.relay.pages.registry.count:
        await asyncio.sleep(0.01)
    assert world.relay.pages.audience._groups == {}


async def test_where_news_of_calls_was_lost_every_page_reads_its_rows(world: World) -> None:
    async with world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "beat")
        for n in range(9):  # more than wait at most
            call = Call(uuid4(), f"0{n}", "", "", "dispatch", 1)
            world.relay.bus.publish(CallChanged(CallFacts(call)))
        await page.until(lambda t: t["kind"] == "listed")


async def test_no_older_row_comes_after_a_newer_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read, something changes meanwhile: what was read goes first."""
    asked, go_on, rows = asyncio.Event(), asyncio.Event(), Cases.rows

    async def slowly(*args: Any) -> Any:
        found = await rows(*args)
        asked.set()
        await go_on.wait()
        return found

    async with world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "beat")
        monkeypatch.setattr(Cases, "rows", slowly)
        audience = world.relay.pages.audience
        audience.everybody_reads_again()
        await asked.wait()
        audience.say(hospital_pages("chuo"), json.dumps({"kind": "newer"}))
        go_on.set()
        await page.until(lambda t: t["kind"] == "newer")
        kinds = [t["kind"] for t in page.texts]
        assert kinds.index("listed") < kinds.index("newer")
