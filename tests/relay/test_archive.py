"""The archive over HTTP: what was closed is found again by those who might see it, and the audit says who looked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio

from relay.model.decision import Decision, DecisionKind
from relay.model.incident import Incident, IncidentState
from relay.services.cases.archive import ROWS_AT_ONCE
from tests.relay.test_cli import kyumei
from tests.relay.world import World, a_world, audited

DAY_US = 86_400_000_000


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as made:
        yield made


async def kept(
    world: World, day: int, hospital: str = "chuo", *, closed: bool = True, note: str = ""
) -> str:
    """A case of that day after 1970, decided, as it stands in the records."""
    state = IncidentState.CLOSED if closed else IncidentState.OPEN
    case = Incident(uuid4(), "救急1", day * DAY_US, frozenset({hospital}), state)
    async with world.relay.records.begin() as tx:
        await tx.cases.put_incident(case)
        if note:
            kind = DecisionKind.STEMI_CATH
            await tx.cases.add_decision(Decision(case.id, kind, note, None, "佐藤", "sato", 1))
    return str(case.id)


async def found(http: Any, **asked: object) -> list[str]:
    """Every page."""
    ids: list[str] = []
    while True:
        answer = (await http.get("/api/archive", params=asked)).raise_for_status().json()
        ids += [row["id"] for row in answer["cases"]]
        if answer["beyond"] is None:
            return ids
        asked = {**asked, "beyond": answer["beyond"]}


async def test_closed_cases_of_the_own_hospital_are_found_newest_first_on_pages(
    world: World,
) -> None:
    ours = [await kept(world, 1000 + n) for n in range(ROWS_AT_ONCE + 3)]
    await kept(world, 5000, "daiichi")
    await kept(world, 6000, closed=False)
    async with await world.http("sato") as http:
        assert await found(http) == ours[::-1]
        assert await found(http, from_us=1001 * DAY_US, to_us=1003 * DAY_US) == ours[2:0:-1]
        row = (await http.get("/api/archive")).json()["cases"][0]
        assert row["state"] == "closed" and row["looking"] == [] and row["stream"] is None


async def test_words_and_decisions_narrow_a_search(world: World) -> None:
    one = await kept(world, 1, note="LAD #6 に PCI")
    other = await kept(world, 2, note="経過観察")
    plain = await kept(world, 3)
    async with await world.http("sato") as http:
        assert await found(http, words="pci　LAD") == [one]
        assert await found(http, decision="stemi-cath") == [other, one]
        assert await found(http, decision="none") == [plain]
        assert await found(http, unit="救急2") == []
        assert (await http.get("/api/archive", params={"tier": "Z"})).status_code == 422
        assert (await http.get("/api/archive", params={"name": "x"})).status_code == 422


async def test_a_search_is_written_down_once_and_never_its_words(world: World) -> None:
    one = await kept(world, 1, note="山田 花子")
    async with await world.http("sato") as http:
        for _ in range(3):
            await found(http, words="山田", decision="stemi-cath")
        await found(http, words="田中")
    said = await audited(world, "archive-searched")
    assert said == [
        {"asked": {"decision": "stemi-cath", "words": 1}, "shown": [one]},
        {"asked": {"words": 1}, "shown": []},
    ]


async def test_an_opened_one_shows_all_and_another_hospitals_does_not_exist(world: World) -> None:
    ours, theirs = await kept(world, 1, note="x"), await kept(world, 2, "daiichi")
    async with await world.http("sato") as http:
        detail = (await http.get(f"/api/incidents/{UUID(ours)}")).json()
        assert detail["decision"]["text"] == "x"
        assert (await http.get(f"/api/incidents/{theirs}")).status_code == 404
        assert await found(http, beyond=theirs) == [ours]
    async with await world.http("mori") as http:
        assert await found(http) == [theirs]


async def test_commands_list_show_and_write_out_beside_a_running_relay(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with a_world(data) as world:
        ours, theirs = await kept(world, 1, note="x"), await kept(world, 2, "daiichi", closed=False)

        async def said(*words: str, returns: int = 0) -> Any:
            done = await asyncio.to_thread(kyumei, "cases", *words, data=data)
            assert done.returncode == returns, done.stderr
            return done

        listed = json.loads((await said("list", "--json")).stdout)
        assert [row["id"] for row in listed["cases"]] == [theirs, ours]
        assert listed["more"] is False
        line = (await said("list", "--hospital", "chuo", "--until", "1970-01-03")).stdout
        assert line.strip().split("\t")[1:] == [ours, "救急1", "closed", "-", "stemi-cath"]
        assert "raise --limit" in (await said("list", "--limit", "1")).stderr
        assert "No case" in (await said("list", "--since", "2020-01-01")).stderr
        shown = json.loads((await said("show", ours)).stdout)
        assert (shown["decision"]["text"], shown["timeline"]) == ("x", [])
        assert "no such case" in (await said("show", str(uuid4()), returns=1)).stderr
        into = tmp_path / "out"
        await said("export", "--into", str(into))
        assert json.loads((into / f"case-{ours}.json").read_text()) == shown
        assert len(list(into.iterdir())) == 2
        await said("export", "--into", str(into), returns=1)  # never over another's files
        async with world.relay.records.read() as records:
            rows = await records.evidence.audit_rows(0, 100)
        by_command = [r for r in rows if r.who == "command line"]
        assert [r.action for r in by_command].count("case-read") == 3
        first = next(r for r in by_command if r.action == "archive-searched")
        assert first.data["shown"] == [theirs, ours]
