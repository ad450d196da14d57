"""What is finished stays finished: a closed case opens for something new, and for nothing else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import get_args
from uuid import UUID, uuid4

import httpx2
import pytest

from relay.errors import Unavailable
from relay.model.incident import IncidentState
from relay.model.news import EVERY_CASE, CaseChanged
from relay.model.stream import RecordingState
from relay.protocol import messages as m
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.protocol.yesterday.sender import SenderLink as YesterdaysLink
from tests.relay.pictures import a_jpeg
from tests.relay.world import ELEVATED, MovedClock, Tablet, World, a_world


async def _close(world: World, *cases: UUID) -> None:
    async with world.relay.records.begin() as tx:
        for case in cases:
            known = await tx.cases.incident(case)
            assert known is not None
            await tx.cases.put_incident(replace(known, state=IncidentState.CLOSED))


async def _state(world: World, case: UUID) -> IncidentState:
    async with world.relay.records.read() as records:
        found = await records.cases.incident(case)
    assert found is not None
    return found.state


async def _is_open_again(world: World, case: UUID) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await _state(world, case) is not IncidentState.OPEN:
            await asyncio.sleep(0.02)


async def _written_down(world: World, case: UUID) -> list[object]:
    """By what the case was opened again: the audit's rows, which the timeline must repeat."""
    async with world.relay.records.read() as records:
        rows = [r for r in await records.evidence.audit_rows() if r.action == "case-reopened"]
        entries = [e for e in await records.cases.timeline(case) if e.stage == "reopened-case"]
    by = [row.data["by"] for row in rows if row.subject == str(case)]
    assert [e.data["by"] for e in entries] == by
    return by


async def _finished(tablet: Tablet, count: int) -> list[m.OpenStream]:
    """Recordings of one case each, ended and stored."""
    specs = []
    for _ in range(count):
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        await tablet.end(spec)
        await tablet.settled()
        specs.append(spec)
    return specs


async def _redial(tablet: Tablet) -> None:
    await tablet.hang_up()
    tablet.heard.clear()
    await tablet.dial()
    await tablet.until(lambda: any(isinstance(e, m.Welcome) for e in tablet.heard))


@pytest.mark.parametrize("make", ["today", "yesterday"])
async def test_after_each_cut_nothing_of_the_finished_is_opened_written_or_kept(
    world: World, make: str
) -> None:
    """Yesterday's tablet still announces its whole life; the relay reads, and writes nothing."""
    link = YesterdaysLink("test") if make == "yesterday" else None
    async with world.tablet(link=link) as tablet:
        specs = await _finished(tablet, 12)
        await _close(world, *(s.incident for s in specs))
        live = tablet.open()
        await tablet.record(live.stream, range(2))
        await tablet.stored(live.stream)
        _holds_only(world, live.stream)
        heard = world.relay.bus.subscribe(EVERY_CASE)
        for _ in range(3):
            await _redial(tablet)
            await tablet.until(lambda: _opened(tablet, live.stream))
        await tablet.record(live.stream, range(2, 4))
        await tablet.stored(live.stream)

        announced = {e.stream for e in tablet.heard if isinstance(e, m.StreamOpened)}
        assert announced == {live.stream} | ({s.stream for s in specs} if link else set())
        for spec in specs:
            assert await _state(world, spec.incident) is IncidentState.CLOSED
            assert await _written_down(world, spec.incident) == []
            async with world.relay.records.read() as records:
                known = await records.recordings.stream(spec.stream)
            assert (known.state, known.epoch) == (RecordingState.ENDED, 1)
        _holds_only(world, live.stream)
        heard.close()
        told = [n async for n in heard if isinstance(n, CaseChanged)]
        assert {n.incident.id for n in told} <= {live.incident}


def _holds_only(world: World, stream: UUID) -> None:
    """What the relay keeps of this connection: nothing of finished recordings."""
    registry = world.relay.tablets.links
    (session,) = registry._all
    for kept in (session._streams, session._link._streams, session._watch._newest_s):  # type: ignore[attr-defined]
        assert set(kept) == {stream}
    assert set(registry._sender) == {stream}


def _opened(tablet: Tablet, stream: UUID) -> bool:
    return any(isinstance(e, m.StreamOpened) and e.stream == stream for e in tablet.heard)


async def test_what_is_said_again_opens_nothing(world: World) -> None:
    async with world.tablet() as tablet:
        (spec,) = await _finished(tablet, 1)
        mark = await tablet.event(spec.incident, m.Mark("door"))
        await tablet.settled()
        await _close(world, spec.incident)
        for again in (mark, m.Event(uuid4(), spec.incident, 1, m.StreamEnd(spec.stream, 2))):
            tablet.link.event_spooled(again)
            await tablet.pump()
            await tablet.settled()
        await tablet.follow(spec.incident)
        await tablet.notice("stream-ended")
        tablet.link.register(spec, (), 2)
        await _redial(tablet)
        await tablet.until(lambda: _opened(tablet, spec.stream))

        assert await _state(world, spec.incident) is IncidentState.CLOSED
        assert await _written_down(world, spec.incident) == []
        assert len(tablet.notices("stream-ended")) <= 1


BODIES = {
    m.PatientCard: lambda spec: m.PatientCard(rev=3, age_years=60),
    m.Mark: lambda spec: m.Mark("fmc"),
    m.SnapshotRequest: lambda spec: m.SnapshotRequest(uuid4(), spec.stream, 0, 100, "manual"),
    m.StreamEnd: lambda spec: m.StreamEnd(spec.stream, 2),
    m.CrewNote: lambda spec: m.CrewNote("again"),
    m.DecisionUnderstood: lambda spec: m.DecisionUnderstood(1),
}


async def test_every_kind_of_new_entry_opens_its_case_and_no_other(world: World) -> None:
    assert set(BODIES) == set(get_args(get_args(m.EventBody)[0])), "decide for the new kind"
    async with world.tablet() as tablet:
        for body in BODIES.values():
            spec, other = tablet.open(), tablet.open()
            for one in (spec, other):
                await tablet.record(one.stream, range(2))
                await tablet.stored(one.stream)
            await _close(world, spec.incident, other.incident)
            await tablet.event(spec.incident, body(spec))
            await tablet.settled()

            assert await _state(world, spec.incident) is IncidentState.OPEN
            assert await _written_down(world, spec.incident) == ["entry"]
            assert await _state(world, other.incident) is IncidentState.CLOSED


async def test_a_new_recording_new_frames_and_a_photo_open_the_case(world: World) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        await _close(world, spec.incident)
        await _redial(tablet)
        await tablet.record(spec.stream, range(2, 4))
        await _is_open_again(world, spec.incident)
        await _close(world, spec.incident)
        tablet.open(spec.incident)
        await tablet.pump()
        await _is_open_again(world, spec.incident)
        await _close(world, spec.incident)
        headers = {"Authorization": f"Bearer {tablet.token}", "X-Kyumei": "1"}
        headers["Content-Type"] = "image/jpeg"
        photo = f"/api/incidents/{spec.incident}/photos/{uuid4()}?age_us=0"
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{world.port}") as http:
            for _ in range(2):
                assert (await http.put(photo, content=a_jpeg(), headers=headers)).is_success
                await _is_open_again(world, spec.incident)
        assert await _written_down(world, spec.incident) == ["frames", "recording", "photo"]


async def test_frames_after_hours_of_silence_open_the_case_once(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, world.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(4))
        await tablet.stored(spec.stream)
        clock.moved_s += 13 * 3600
        await world.relay.cases.upkeep.close_idle()
        assert await _state(world, spec.incident) is IncidentState.CLOSED
        await _redial(tablet)  # the relay takes a silence of hours for a dead line
        await tablet.record(spec.stream, range(4, 6))
        await _is_open_again(world, spec.incident)
        await world.relay.cases.upkeep.close_idle()
        assert await _state(world, spec.incident) is IncidentState.OPEN
        clock.moved_s += 20
        await tablet.record(spec.stream, range(6, 8))
        await tablet.stored(spec.stream)
        assert await _written_down(world, spec.incident) == ["frames"]


async def test_a_database_that_is_away_for_a_while_does_not_hide_new_ecg(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        await _close(world, spec.incident)
        await _redial(tablet)
        await tablet.until(lambda: _opened(tablet, spec.stream))
        asked = asyncio.Event()

        @asynccontextmanager
        async def away():
            asked.set()
            raise Unavailable("The database is away.")
            yield

        with monkeypatch.context() as patch:
            patch.setattr(world.relay.tablets.parts.journal.records, "read", away)
            await tablet.record(spec.stream, range(2, 4))
            await tablet.stored(spec.stream)  # the ECG does not wait for the database
            await asyncio.wait_for(asked.wait(), PATIENCE_S)
        assert await _state(world, spec.incident) is IncidentState.CLOSED
        await tablet.record(spec.stream, range(4, 6))
        await _is_open_again(world, spec.incident)


async def test_upkeep_closes_what_nobody_touches_and_nothing_a_human_still_has_to_see(
    tmp_path: Path,
) -> None:
    """Five cases at once: idle, ringing unopened, an unread ECG, rung and opened, live."""
    clock = MovedClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, world.tablet() as tablet:
        cases = {}
        for name in ("idle", "rings", "unread", "opened"):
            spec = cases[name] = tablet.open()
            await tablet.follow(spec.incident)
            level = ELEVATED if name in {"rings", "opened"} else 0
            await tablet.record(spec.stream, range(40), level)
            await tablet.stored(spec.stream)
            if name != "idle":
                snapshot = await tablet.snapshot(spec, 0)
                await tablet.until(lambda one=str(snapshot): _screened(tablet, one))
            if name == "opened":
                async with await world.http("sato") as http:
                    url = f"/api/incidents/{spec.incident}"
                    about = {"snapshot": str(snapshot)}
                    assert (await http.post(f"{url}/opened", json=about)).is_success
                    decision = {**about, "decision": "not-stemi", "text": ""}
                    assert (await http.post(f"{url}/decisions", json=decision)).is_success
        clock.moved_s = 13 * 3600
        await _redial(tablet)
        live = cases["live"] = tablet.open()
        await tablet.record(live.stream, range(4))
        await tablet.stored(live.stream)
        await world.relay.cases.upkeep.close_idle()

        states = {name: await _state(world, spec.incident) for name, spec in cases.items()}
        assert states == {
            "idle": IncidentState.CLOSED,
            "rings": IncidentState.OPEN,
            "unread": IncidentState.OPEN,
            "opened": IncidentState.CLOSED,
            "live": IncidentState.OPEN,
        }


def _screened(tablet: Tablet, snapshot: str) -> bool:
    return any(n.data.get("snapshot") == snapshot for n in tablet.notices("screened"))


async def test_a_live_case_without_screening_is_not_closed_under_the_crew(tmp_path: Path) -> None:
    """Nothing is written on its timeline for half a day, and frames come all the time."""
    clock = MovedClock()
    async with (
        a_world(tmp_path, Adapters(clock=clock), screen_enabled=False) as world,
        world.tablet() as tablet,
    ):
        spec = tablet.open()
        await tablet.record(spec.stream, range(2))
        await tablet.stored(spec.stream)
        clock.moved_s = 13 * 3600
        await _redial(tablet)
        await tablet.record(spec.stream, range(2, 4))
        await tablet.stored(spec.stream)
        await world.relay.cases.upkeep.close_idle()
        assert await _state(world, spec.incident) is IncidentState.OPEN
