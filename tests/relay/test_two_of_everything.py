"""Two patients, two recordings, two tablets, interleaved: nothing of one is taken for the other's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from relay.model.clock import ManualClock
from relay.model.report import TIERS, Report
from relay.protocol import messages as m
from relay.services.alarm.hold import HOLD_S, MAX_GAP_S, LiveHold
from relay.services.tablets.links import LinkRegistry
from tests.patience import PATIENCE_S
from tests.relay.world import CALM, ELEVATED, World

FS_HZ = 500.0


def report(stream: UUID, tier: str, end_s: float) -> Report:
    first = round((end_s - 10) * FS_HZ)
    return Report(UUID(int=1), stream, None, first, 5000, tier, "", "", {}, 0)


def held(hold: LiveHold, stream: UUID, *looks: tuple[str, float]) -> list[bool]:
    return [hold.held(report(stream, tier, end_s), FS_HZ) for tier, end_s in looks]


def test_elevations_of_two_streams_are_not_added_up() -> None:
    hold, one, other = LiveHold(), uuid4(), uuid4()
    assert held(hold, one, ("A", 10.0)) == [False]
    assert held(hold, other, ("A", 1_000.0)) == [False]
    assert held(hold, other, ("A", 1_005.0)) == [False]
    assert held(hold, one, ("A", 15.0)) == [False]
    assert held(hold, other, ("E", 1_008.0), ("A", 1_010.0)) == [False, False]
    assert held(hold, one, ("A", 20.0)) == [True], "the other one's calm ended nothing here"
    begun_together = LiveHold()
    assert held(begun_together, one, ("A", 10.0)) == [False]
    assert held(begun_together, other, ("A", 20.0)) == [False], "its own elevation is new"
    assert held(begun_together, other, ("A", 29.0)) == [False]
    assert held(begun_together, one, ("A", 20.0)) == [True]
    assert held(hold, other, ("A", 1_020.0)) == [True]


@pytest.mark.parametrize("tier", TIERS)
def test_what_every_tier_does_to_an_elevation(tier: str) -> None:
    """C, D and E say that it is over; B and Q say nothing of it."""
    found = held(LiveHold(), uuid4(), ("A", 10.0), (tier, 15.0), ("A", 20.0))
    assert found[-1] is (tier in "ABQ")


def test_a_hole_begins_anew() -> None:
    assert (HOLD_S, MAX_GAP_S) == (10.0, 30.0)
    for gap_s, rings in ((29.0, True), (31.0, False), (1_800.0, False)):
        looks = (("A", 10.0), ("A", 10.0 + gap_s))
        assert held(LiveHold(), uuid4(), *looks)[-1] is rings, gap_s


@dataclass(eq=False)
class Line:
    """A tablet's connection, as the registry sees it."""

    fenced: list[UUID] = field(default_factory=list)

    def fence(self, stream: UUID) -> None:
        self.fenced.append(stream)

    def is_dead(self, now_s: float) -> bool:
        return False

    def leave(self, code: int, reason: str) -> None: ...


def test_a_newer_connection_fences_its_own_recording_and_no_other() -> None:
    registry, first, other, newer = LinkRegistry(ManualClock()), Line(), Line(), Line()
    mine, theirs = uuid4(), uuid4()
    registry.take_over(mine, 1, first)
    registry.take_over(theirs, 7, other)
    registry.take_over(mine, 2, newer)
    assert (first.fenced, other.fenced, newer.fenced) == ([mine], [], [])
    registry.take_over(theirs, 6, newer)
    assert newer.fenced == [theirs], "the older epoch is fenced, not the newer"
    registry.let_go(mine, first)
    registry.take_over(mine, 3, first)
    assert newer.fenced == [theirs, mine]


async def test_two_tablets_at_once_and_each_case_is_its_own(world: World) -> None:
    async with world.tablet() as one, world.tablet("救急2") as other:
        calm, grave = one.open(), other.open()
        await one.follow(calm.incident)
        await other.follow(grave.incident)
        for seq in range(0, 8, 2):
            await one.record(calm.stream, range(seq, seq + 2), CALM)
            await other.record(grave.stream, range(seq, seq + 2), ELEVATED)
        asked = [await one.snapshot(calm, 0, 1000), await other.snapshot(grave, 0, 1000)]
        told = [await one.notice("screened"), await other.notice("screened")]
        assert [t.data["snapshot"] for t in told] == [str(s) for s in asked]
        assert [t.data["tier"] for t in told] == ["E", "A"]
        await other.notice("alert-raised")
        rows = [await world.relay.cases.cases.row(s.incident) for s in (calm, grave)]
        assert [r and (r["tier"], r["unit"]) for r in rows] == [("E", "救急1"), ("A", "救急2")]
        assert one.notices("alert-raised") == []
        for user, spec in (("sato", calm), ("mori", grave)):
            async with await world.http(user) as http:
                found = (await http.get("/api/incidents")).json()["incidents"]
            assert [row["id"] for row in found] == [str(spec.incident)]


async def test_a_new_age_is_told_to_every_ecg_of_its_own_case_and_to_no_other(
    world: World,
) -> None:
    async with world.tablet() as one, world.tablet("救急2") as other:
        mine, theirs = one.open(), other.open()
        for tablet, spec in ((one, mine), (other, theirs)):
            await tablet.follow(spec.incident)
            await tablet.record(spec.stream, range(48), CALM)
            for first in (0, 1000, 2000):
                await tablet.snapshot(spec, first, 1000)
            await tablet.until(lambda t=tablet: len(t.notices("screened")) == 3)  # type: ignore[misc]
        await one.event(mine.incident, m.PatientCard(rev=1, age_years=44, sex="F"))
        await one.until(lambda: len(one.notices("screened")) == 6)
        again = one.notices("screened")[3:]
        assert len({n.data["snapshot"] for n in again}) == 3
        assert all("age 44 sex F" in str(n.data["statement_en"]) for n in again)
        async with asyncio.timeout(PATIENCE_S):  # no new sample comes: the live trace is read anew
            while "age 44" not in (await _live(world, mine.stream)):
                await asyncio.sleep(0.05)
            while not (other_says := await _live(world, theirs.stream)):
                await asyncio.sleep(0.05)
        assert "age None" in other_says
        assert len(other.notices("screened")) == 3


async def _live(world: World, stream: UUID) -> str:
    newest = world.relay.screening.screening.latest(stream)
    return newest.statement_en if newest else ""
