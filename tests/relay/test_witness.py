"""What is written down of looking and of asking in vain: once in a while, bounded, never in the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from relay.errors import Unavailable
from relay.model.asker import ASKER, Asker
from relay.model.clock import ManualClock
from relay.records.sqlite import SqlRecords, open_sqlite
from relay.services.evidence.audit_trail import AuditQuestion, asked
from relay.services.ground import witness as module
from relay.services.ground.late import Late
from relay.services.ground.witness import AGAIN_AFTER_S, REFUSED_EVERY_S, AccessWitness
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.relay.call_world import a_desk
from tests.relay.test_cli import Done, kyumei
from tests.relay.test_http import a_case
from tests.relay.world import PASSWORD, MovedClock, World, a_world, audited


@contextmanager
def as_asker(who: str, console: str = "c") -> Iterator[None]:
    token = ASKER.set(Asker(who, "10.0.0.9", console))
    try:
        yield
    finally:
        ASKER.reset(token)


async def rows_of(records: SqlRecords) -> list[tuple[str, str, str]]:
    async with records.read() as reads:
        return [(r.who, r.action, r.subject) for r in await reads.evidence.audit_rows(0, 100_000)]


async def quiet(world: World) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while world.relay.ground.witness.waiting:
            await asyncio.sleep(0.02)


async def test_the_same_look_is_one_row_in_a_while_and_again_after_it(tmp_path: Path) -> None:
    clock = MovedClock()
    async with a_world(tmp_path, Adapters(clock=clock), session_idle_min=60) as world:
        case = await a_case(world)
        async with await world.http("sato") as sato, await world.http("ito") as ito:
            path = f"/api/incidents/{case['incident']}"
            for http in (sato, sato, sato, ito):
                assert (await http.get(path)).status_code == 200
            async with world.page("sato") as page:
                for _ in range(50):
                    await page.say({"kind": "watch", "stream": case["stream"], "look_back_s": 1})
                await page.say({"kind": "ping", "page_us": 1})
                await page.until(lambda t: t["kind"] == "pong")
            clock.moved_s = AGAIN_AFTER_S - 60
            await sato.get(path)
            clock.moved_s = AGAIN_AFTER_S + 1
            await sato.get(path)
        await quiet(world)
        found = await rows_of(world.relay.records)  # type: ignore[arg-type]
        about = case["incident"]
        assert found.count(("sato", "case-read", about)) == 2
        assert found.count(("ito", "case-read", about)) == 1
        assert found.count(("sato", "watched", about)) == 1


async def test_a_page_that_only_stands_there_leaves_which_cases_were_on_it(world: World) -> None:
    old = await a_case(world)
    async with world.page("sato") as page, world.page("mori") as foreign:
        await page.until(lambda t: t["kind"] == "welcome")
        await foreign.until(lambda t: t["kind"] == "welcome")
        new = await a_case(world)
        await page.until(
            lambda t: t["kind"] == "incident" and t["incident"]["id"] == new["incident"]
        )
        async with await world.http("sato") as http:
            assert len((await http.get("/api/incidents")).json()["incidents"]) == 2
    await quiet(world)
    async with world.relay.records.read() as reads:
        listed = [
            r for r in await reads.evidence.audit_rows(0, 1_000) if r.action == "cases-listed"
        ]
    assert {r.who for r in listed} == {"sato"}
    shown = [one for r in listed for one in r.data["shown"]]  # type: ignore[attr-defined]
    assert sorted(shown) == sorted([old["incident"], new["incident"]])  # each once, feed or list
    assert {r.data["address"] for r in listed} == {"127.0.0.1"}


async def test_a_thousand_refusals_are_counted_rows(tmp_path: Path) -> None:
    clock = MovedClock()
    async with a_world(tmp_path, Adapters(clock=clock), session_idle_min=60) as world:
        path = f"/api/incidents/{uuid4()}"
        async with await world.http("mori") as http:
            statuses = {(await http.get(path)).status_code for _ in range(300)}
        assert statuses == {404}
        clock.moved_s = REFUSED_EVERY_S + 1
        world.relay.ground.witness._count_refused()
        await quiet(world)
        async with world.relay.records.read() as reads:
            rows = [
                r
                for r in await reads.evidence.audit_rows(0, 1_000)
                if r.action == "refused-not-found"
            ]
        assert [(r.who, r.subject, r.data["times"]) for r in rows] == [
            ("mori", "GET /api/incidents/{incident}", 1), ("mori", "GET /api/incidents/{incident}", 299),
        ]  # fmt: skip


async def test_a_name_that_is_none_is_never_kept(world: World, tmp_path: Path) -> None:
    secret = "this is my password, typed in the wrong field"
    async with await world.http(None) as http:
        for name in (secret, "sato"):
            body = {"name": name, "password": "x"}
            assert (await http.post("/api/session", json=body)).status_code == 401
    await quiet(world)
    found = await rows_of(world.relay.records)  # type: ignore[arg-type]
    assert ("-", "sign-in-not-signed-in", "-") in found
    assert ("-", "sign-in-not-signed-in", "sato") in found
    everything = b"".join(p.read_bytes() for p in tmp_path.rglob("records.sqlite*"))
    assert b"this is my password" not in everything


class Locked:
    """Records that cannot be written just now."""

    failing = "store-locked"

    def begin(self) -> object:
        raise Unavailable("The database is locked.")


async def test_looking_goes_on_while_nothing_can_be_written_and_the_row_comes_later(
    world: World,
) -> None:
    case = await a_case(world)
    late, records = world.relay.people.people._late, world.relay.records
    with capture_logs() as lines:
        async with await world.http("sato") as http:
            await http.get("/api/session")
            await quiet(world)
            late._records = Locked()  # type: ignore[assignment]
            answer = await http.get(f"/api/incidents/{case['incident']}")
            assert answer.status_code == 200
        said = [line for line in lines if line["event"] == "audit-waits"]
        assert ("sato", "case-read") in {(line["who"], line["action"]) for line in said}
    assert late.waiting
    late._records = records
    async with asyncio.timeout(PATIENCE_S):
        while late.waiting:
            await asyncio.sleep(0.02)
    async with records.read() as reads:
        (row,) = [r for r in await reads.evidence.audit_rows(0, 1_000) if r.action == "case-read"]
    assert isinstance(row.data["happened_at_us"], int)
    assert (row.subject, row.data["address"]) == (case["incident"], "127.0.0.1")


async def test_a_sign_in_that_is_stored_later_still_says_from_where(world: World) -> None:
    late, records = world.relay.people.people._late, world.relay.records
    late._records = Locked()  # type: ignore[assignment]
    async with await world.http(None) as http:
        body = {"name": "ito", "password": PASSWORD}
        assert (await http.post("/api/session", json=body)).status_code == 200
    late._records = records
    async with asyncio.timeout(PATIENCE_S):
        while late.waiting:
            await asyncio.sleep(0.02)
    assert len(await audited(world, "signed-in")) == 1  # audited() holds that the address is there


async def test_what_is_remembered_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in (("MOST_MARKS", 50), ("MOST_REFUSERS", 10)):
        monkeypatch.setattr(module, name, most)
    monkeypatch.setattr(module, "ON_DISK_WITHIN_S", 0.001)
    records = await open_sqlite(tmp_path / "records.sqlite")
    witness = AccessWitness(Late(records, ManualClock()))
    with as_asker("sato"):
        for n in range(100):
            await witness.look("case-read", str(n))
            witness.refused("refused-not-found", f"GET /{n}")
    assert len(witness._marks) == 50
    assert len(witness._refused) == 11
    await witness._write_some()
    found = await rows_of(records)
    assert len([row for row in found if row[1] == "case-read"]) == 100
    assert ("-", "refused-not-found", "*") in found  # all the others together
    await records.close()


async def test_a_trip_for_others_does_not_carry_the_first_askers_address(world: World) -> None:
    """Rows of the relay itself say no address: nobody's context leaks into work that runs for all."""
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8), level=2000)
        await tablet.snapshot(spec, 0, 1000)
        await tablet.notice("alert-raised")
    async with world.relay.records.read() as reads:
        rows = await reads.evidence.audit_rows(0, 1_000)
    assert {r.action for r in rows if r.who == "relay"} >= {"alert-raised", "kept"}
    assert [r.action for r in rows if r.who == "relay" and r.data.get("address")] == []
    (opened,) = [r for r in rows if r.action == "case-opened"]
    assert opened.data["address"] == "127.0.0.1"


# reading it


async def test_the_audit_answers_by_case_by_person_and_by_time(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, other = await a_case(world), await a_case(world)
    desk = await a_desk(world)
    async with await world.http("sato") as sato, await world.http("ito") as ito:
        await sato.get("/api/incidents")
        for one in (case, other):
            await sato.get(f"/api/incidents/{one['incident']}")
        await ito.get(f"/api/snapshots/{case['snapshot']}/samples")
    await quiet(world)
    records = world.relay.records

    about = await asked(records, AuditQuestion(case=UUID(case["incident"])))
    assert {(r.who, r.action) for r in about.rows} >= {
        ("sato", "cases-listed"), ("sato", "case-read"), ("ito", "samples-read"), ("救急1", "case-opened"),
    }  # fmt: skip
    assert not any(other["incident"] == r.subject for r in about.rows)
    his = await asked(records, AuditQuestion(person="ito"))
    assert {r.action for r in his.rows} >= {"samples-read", "signed-in", "account-added"}
    assert {r.who for r in his.rows} == {"ito", "test"}
    unit = await asked(records, AuditQuestion(person="救急1"))
    assert {r.action for r in unit.rows} >= {"tablet-connected", "case-opened", "device-added"}
    call = await asked(records, AuditQuestion(case=UUID(desk.call)))
    assert {r.action for r in call.rows} >= {"call-taken", "call-dispatched"}
    newest = await asked(records, AuditQuestion(limit=3))
    async with records.read() as reads:
        rows = [r for r in await reads.evidence.audit_rows(0, 1_000) if r.action != "kept"]
    assert (newest.rows, newest.left_out) == (tuple(rows[-3:]), len(rows) - 3)
    assert (await asked(records, AuditQuestion(since_us=rows[-1].at_us + 1))).rows == ()

    def show(*words: str) -> Done:
        return kyumei("audit", "show", *words, data=tmp_path)

    done = await asyncio.to_thread(show, "--case", case["incident"], "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["left_out"]) == (0, 0)
    assert [r["number"] for r in told["rows"]] == [r.number for r in about.rows]
    done = await asyncio.to_thread(show, "--person", "ito", "--since", "24h", "--limit", "1")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert "older rows" in done.stderr
    assert (await asyncio.to_thread(show, "--since", "yesterday")).returncode == 2
